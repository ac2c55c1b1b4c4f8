package center

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// feed draws up the news of each hall once for all lines that wait for it.
type feed struct {
	mu    sync.Mutex
	halls map[kiosk.HallID]*edition
}

// edition is the newest news of a hall.
type edition struct {
	mu      sync.Mutex // one drawing up at a time
	news    kiosk.News // all of it
	drawn   bool
	issues  map[bool]*issue // for the hall's own kiosks and for others, as far as asked for
	guesses map[kiosk.QueueID]kiosk.Estimate
	day     kiosk.Day // of the news and the guesses
	guessed time.Time // when
	old     bool      // the guesses are older than the news
	at      time.Time // when it was drawn
	pace    time.Duration
}

// issue is an edition as it goes over the lines.
type issue struct {
	version int64
	day     kiosk.Day
	text    []byte        // a server-sent event
	packed  []byte        // the same as a part of a gzip stream
	due     time.Duration // after this its estimates may be newer; 0: they are as new as the rest
	wait    time.Duration // nothing new yet: ask again after this
}

// newsPace is the least between two news of so many bytes.
func newsPace(bytes int) time.Duration {
	return newsBeat + time.Duration(bytes)*time.Second/newsRate
}

// newest returns the news of hall as of version or later; own says that the
// hall's own kiosk asks. A hall's news are drawn up no oftener than one line takes
// them, however many lines and changes there are, and its estimates are made anew
// after Opts.Estimates at the soonest.
func (s *Server) newest(ctx context.Context, hall kiosk.HallID, version int64, own bool) (*issue, error) {
	s.feed.mu.Lock()
	if s.feed.halls == nil {
		s.feed.halls = map[kiosk.HallID]*edition{}
	}
	e := s.feed.halls[hall]
	if e == nil {
		e = &edition{}
		s.feed.halls[hall] = e
	}
	s.feed.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	fresh := time.Since(e.guessed) < s.opts.Estimates
	today := s.dayAt(s.opts.Now())
	h := s.hall(hall)
	if !e.drawn || e.news.Version < version || e.old && !fresh || e.day != today || e.news.Catalog != h.Version || e.news.Calendar != h.Calendar {
		if wait := e.pace - time.Since(e.at); wait > 0 {
			return &issue{wait: wait}, nil
		}
		ctx, cancel := context.WithTimeout(ctx, s.opts.Budget)
		defer cancel()
		if err := s.draw(ctx, e, hall, h, version, today); err != nil {
			return nil, err
		}
	}
	i := e.issues[own]
	if i == nil {
		n := e.news
		if !own {
			n.Bookings, n.CardKeys = nil, nil
		}
		text, err := json.Marshal(n)
		if err != nil {
			return nil, err
		}
		i = &issue{version: n.Version, day: e.day, text: fmt.Appendf(nil, "id: %d\nevent: news\ndata: %s\n\n", n.Version, text)}
		i.packed = pack(i.text)
		e.issues[own] = i
		e.pace = max(e.pace, newsPace(len(i.packed)))
	}
	told := *i
	if e.old {
		told.due = max(time.Millisecond, s.opts.Estimates-time.Since(e.guessed))
	}
	return &told, nil
}

// draw draws up an edition of a hall, of which h is known.
func (s *Server) draw(ctx context.Context, e *edition, hall kiosk.HallID, h Hall, version int64, today kiosk.Day) error {
	n := kiosk.News{Hall: hall, Version: max(version, e.news.Version), Lengths: []kiosk.Length{}, Catalog: h.Version, Calendar: h.Calendar}
	days, err := s.days(ctx, hall)
	if err != nil {
		return err
	}
	for _, day := range days {
		queues, err := s.store.Queues(ctx, hall, day)
		if err != nil {
			return err
		}
		for _, q := range queues {
			n.Lengths = append(n.Lengths, kiosk.Length{Day: q.Day, Queue: q.Queue, Waiting: q.Waiting})
		}
	}
	now := s.opts.Now()
	tomorrow := s.dayAt(now.AddDate(0, 0, 1))
	if err := s.guess(ctx, e, hall, h, today); err != nil {
		return err
	}
	n.Lengths = e.estimated(n.Lengths)
	if n.Calls, err = s.store.Recent(ctx, hall, today, callsTold); err != nil {
		return err
	}
	if n.Bookings, err = s.store.Bookings(ctx, hall, BookingQuery{From: today, To: tomorrow}); err != nil {
		return err
	}
	for _, b := range n.Bookings {
		if b.Card == "" || n.CardKeys[b.Day] != nil {
			continue
		}
		if n.CardKeys == nil {
			n.CardKeys = map[kiosk.Day][]byte{}
		}
		if n.CardKeys[b.Day], err = s.store.CardKey(ctx, hall, b.Day); err != nil {
			return err
		}
	}
	if n.Orders, err = s.store.InForce(ctx, hall, kiosk.InstantOf(now)); err != nil {
		return err
	}
	e.news, e.drawn, e.issues, e.at, e.pace = n, true, map[bool]*issue{}, time.Now(), 0
	return nil
}

// callsTold are how many calls are part of the news.
const callsTold = 20

// guess makes the estimates of a day, unless that was done a moment ago.
func (s *Server) guess(ctx context.Context, e *edition, hall kiosk.HallID, h Hall, day kiosk.Day) error {
	if e.old = time.Since(e.guessed) < s.opts.Estimates && e.day == day; e.old {
		return nil
	}
	lines, err := s.store.Lines(ctx, hall, day)
	if err != nil {
		return err
	}
	e.guesses, e.day, e.guessed = map[kiosk.QueueID]kiosk.Estimate{}, day, time.Now()
	for _, l := range lines {
		l.Pace = h.pace(l.Queue, l.Pace)
		if g, ok := l.Estimate(s.opts.Rules, kiosk.InstantOf(s.opts.Now())); ok {
			e.guesses[l.Queue] = g
		}
	}
	return nil
}

// estimated puts the estimates into lengths, and adds the queues that are served
// and where nobody waits.
func (e *edition) estimated(lengths []kiosk.Length) []kiosk.Length {
	left := map[kiosk.QueueID]kiosk.Estimate{}
	for q, g := range e.guesses {
		left[q] = g
	}
	for i := range lengths {
		if g, ok := left[lengths[i].Queue]; ok && lengths[i].Day == e.day {
			lengths[i].Estimate = &g
			delete(left, lengths[i].Queue)
		}
	}
	first := len(lengths)
	for q, g := range left {
		lengths = append(lengths, kiosk.Length{Day: e.day, Queue: q, Estimate: &g})
	}
	slices.SortFunc(lengths[first:], func(a, b kiosk.Length) int { return compare(a.Queue, b.Queue) })
	return lengths
}

// days are the business days that kiosks ask about: from the center's today to
// the newest that a number was given for, a week at the most.
func (s *Server) days(ctx context.Context, hall kiosk.HallID) ([]kiosk.Day, error) {
	newest, err := s.store.LatestDay(ctx, hall)
	if err != nil || newest == "" {
		return nil, err
	}
	now := s.opts.Now()
	newest = min(newest, kiosk.Day(now.AddDate(0, 0, 7).Format(time.DateOnly))) // later is a clock that was wrong
	last, err := time.Parse(time.DateOnly, string(newest))
	if err != nil {
		return nil, err
	}
	from := now.AddDate(0, 0, -1) // before the change of day it is still yesterday
	var days []kiosk.Day
	for day := last; len(days) < 9 && day.Format(time.DateOnly) >= from.Format(time.DateOnly); day = day.AddDate(0, 0, -1) {
		days = append(days, kiosk.Day(day.Format(time.DateOnly)))
	}
	if len(days) == 0 { // nobody came since; what is left is from then
		days = append(days, newest)
	}
	return days, nil
}

// latestDay is the newest business day that a ticket of hall belongs to, today at the
// latest: numbers of days to come are given when a queue has closed, and by a clock that
// runs ahead. "" when there is none.
func (s *Server) latestDay(ctx context.Context, hall kiosk.HallID) (kiosk.Day, error) {
	day, err := s.store.LatestDay(ctx, hall)
	return min(day, s.dayAt(s.opts.Now())), err
}

// dayAt is the business day of a moment.
func (s *Server) dayAt(t time.Time) kiosk.Day { return kiosk.DayAt(t, s.opts.DayChange) }

// gzipHeader begins a line that is packed (RFC 1952): deflate, no name, no time.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}

// gzipTrailer ends such a line: an empty last block, the CRC-32 of all and its
// length modulo 2^32.
func gzipTrailer(sum, size uint32) []byte {
	t := []byte{1, 0, 0, 0xff, 0xff}
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(t, sum), size)
}

// aliveSign is a server-sent comment.
var aliveSign = []byte(": alive\n\n")

var packedSign = sync.OnceValue(func() []byte { return pack(aliveSign) })

var packers = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // the level is right
	return w
}}

// pack makes a part of a deflate stream that refers to nothing before it and
// ends at a byte, flushed. So what is packed once can be said on every line,
// whatever was said there before, and no line needs a packer of its own.
func pack(text []byte) []byte {
	var b bytes.Buffer
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	w.Reset(&b)
	w.Write(text) //nolint:errcheck // a Buffer takes all
	w.Flush()     //nolint:errcheck // as above
	return b.Bytes()
}
