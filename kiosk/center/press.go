package center

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// Sight is what a Store reads, in the transaction that will write, for a press
// to be decided. Rows are of the press's hall.
type Sight struct {
	Done    *calling.Change // stored under the press's Op; the rest isn't needed then
	Old     *calling.Change // stored under Undoes
	Window  *Window         // the press's; nil when it isn't defined
	Lines   []LineRow       // of the window's queues on Day if Next says so, else of the ticket's queue and day
	Tickets []CallRow       // the named one, or the one of Old; and that at the press's window and at Old's
	Next    []CallRow       // candidates, if Next says so; see Candidates
}

// LineRow is a queue's row, kept from others until the end of the transaction.
type LineRow struct {
	Day      kiosk.Day
	Queue    kiosk.QueueID
	Balance  calling.Balance
	Measured string // see ReadMeasured
}

// Outcome is what a Store writes: the Change as calling.Change says, under its
// Op and the press's Actor, and Queue's measures.
type Outcome struct {
	Change   calling.Change
	Again    bool      // it is stored already: write nothing
	Day      kiosk.Day // of the ticket, and of Change.Queue's row
	Measured string    // to store in that row; empty to leave what it has

	// Survey asks the Store to read Change.Queue's whole Line and to call Quote
	// before it writes. That is once a minute.
	Survey bool

	measured Measured
}

// Next says whether the press asks for the next ticket, so that the Store must
// find the candidates: of each queue of the window on Day, those that are
// Waiting, or Parked with an Until, with Until <= At; all that are Booked, and
// the first by place of Plain and of Ahead. The head of every line that package
// calling knows is among them.
func (p Press) Next() bool { return p.Verb == calling.Call && p.Ticket == "" }

// Check refuses what can't be right about a press whatever is stored.
func (p Press) Check() error {
	day, bad := time.Parse(time.DateOnly, string(p.Day))
	switch {
	case p.Hall == "" || !text(string(p.Hall)) || !text(string(p.Op)) || !text(string(p.Window)) || !text(string(p.Ticket)) ||
		!text(string(p.Queue)) || !text(string(p.Undoes)) || !text(p.Actor.ID) || !text(p.Actor.Role):
		return p.refuse(kiosk.EInvalid, "操作的内容不对。", "hall, op, window, ticket, queue, undoes and actor must be at most 64 bytes of text")
	case bad != nil || day.Year() < 2000:
		return p.refuse(kiosk.EInvalid, "营业日不对。", "the day is not written 2006-01-02")
	case p.Op == "":
		return p.refuse(kiosk.EInvalid, "操作缺少编号或时间。", "a press needs an op")
	case !utf8.ValidString(p.Reason) || len(p.Reason) > 200 || strings.ContainsRune(p.Reason, 0):
		return p.refuse(kiosk.EInvalid, "原因太长了。", "the reason must be at most 200 bytes of text")
	case p.Verb == calling.Undone && p.Undoes == "":
		return p.refuse(kiosk.EInvalid, "请说明撤销哪次操作。", "undo needs the op that it takes back")
	}
	return nil
}

func (p Press) refuse(code kiosk.Code, message, hint string, args ...any) error {
	return &kiosk.Error{Code: code, Op: string(p.Verb), Message: message, Hint: fmt.Sprintf(hint, args...)}
}

// Moved is the error of a Store that gave up after others changed what a press
// was decided from, again and again.
func (p Press) Moved() error {
	return p.refuse(kiosk.EConflict, "刚刚有变动,请再试。", "others were in the way again and again; press again")
}

// Decide says what the press changes in what a Store saw.
func (p Press) Decide(s Sight) (Outcome, error) {
	var o Outcome
	var err error
	switch {
	case s.Done != nil:
		return p.again(*s.Done)
	case p.Next():
		o, err = p.next(s)
	case p.Verb == calling.Undone && s.Old == nil:
		err = p.refuse(kiosk.ENotFound, "找不到这次操作。", "no operation %q", p.Undoes)
	case p.Verb == calling.Undone && s.Old.By != p.Window:
		err = p.refuse(kiosk.EConflict, "那次操作不是在这里做的,不能在这里撤销。", "operation %q was done at window %q, not %q", p.Undoes, s.Old.By, p.Window)
	case p.Verb == calling.Undone:
		o.Day = p.Day
		st := s.state(s.Old.Queue, p.Window)
		if s.Old.Ticket != nil {
			if t := s.ticket(s.Old.Ticket.After.ID); t != nil {
				o.Day = t.Day
			}
		}
		o.Change, err = calling.Undo(st, *s.Old, p.Op, p.Window, p.At)
	case p.Verb == calling.Pause || p.Verb == calling.Resume:
		o.Day = p.Day
		o.Change, err = calling.Decide(s.state("", p.Window), p.Rules, p.Command)
	default:
		o, err = p.one(s)
	}
	if err != nil {
		return Outcome{}, err
	}
	return o, p.measure(s, &o)
}

// again answers a press that was stored before.
func (p Press) again(done calling.Change) (Outcome, error) {
	if done.Verb != p.Verb || done.By != p.Window || done.Undoes != p.Undoes && p.Verb == calling.Undone ||
		p.Ticket != "" && (done.Ticket == nil || done.Ticket.After.ID != p.Ticket) && p.Verb != calling.Undone {
		return Outcome{}, p.refuse(kiosk.EConflict, "这个操作编号已经用过,请重新操作。", "op %q was used for another press", p.Op)
	}
	return Outcome{Change: done, Again: true}, nil
}

// next decides the call of whoever's turn it is. A window of several queues
// takes the oldest of them over the age limit, else the first booking that is
// due, else whoever came first of those whom the queues would call.
func (p Press) next(s Sight) (Outcome, error) {
	if s.Window == nil {
		return Outcome{}, p.refuse(kiosk.ENotFound, "没有这个窗口。", "no window %q in hall %s", p.Window, p.Hall)
	}
	queues := s.Window.Queues
	if p.Queue != "" {
		if !slices.Contains(queues, p.Queue) {
			return Outcome{}, p.refuse(kiosk.ENotFound, "这个窗口不办这个队列。", "window %s doesn't serve queue %s", p.Window, p.Queue)
		}
		queues = []kiosk.QueueID{p.Queue}
	}
	none := p.refuse(kiosk.ENotFound, "这个窗口没有分配队列。", "window %s serves no queue", p.Window)
	var best *calling.Change
	for _, q := range queues {
		st := s.state(q, p.Window)
		for _, t := range s.Next {
			if t.Queue == q {
				st.Tickets = append(st.Tickets, t.Ticket)
			}
		}
		ch, err := calling.Decide(st, p.Rules, p.Command)
		switch {
		case err == nil && (best == nil || sooner(&ch, best) < 0):
			best = &ch
		case kiosk.CodeOf(err) == kiosk.ENotFound:
			none = err
		case err != nil:
			return Outcome{}, err
		}
	}
	if best == nil {
		return Outcome{}, none
	}
	return Outcome{Change: *best, Day: p.Day}, nil
}

// sooner compares the next calls of two queues.
func sooner(a, b *calling.Change) int {
	rank := func(c *calling.Change) int {
		switch c.Lane {
		case calling.LaneAged:
			return 0
		case calling.LaneBooked:
			return 1
		}
		return 2
	}
	x, y := &a.Ticket.Before, &b.Ticket.Before
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(x.Taken.Wall, y.Taken.Wall),
		cmp.Compare(x.Taken.Count, y.Taken.Count), cmp.Compare(x.ID, y.ID))
}

// one decides a verb on one ticket.
func (p Press) one(s Sight) (Outcome, error) {
	var t *CallRow
	if p.Ticket != "" {
		t = s.ticket(p.Ticket)
	} else if t = s.at(p.Window); t == nil {
		return Outcome{}, p.refuse(kiosk.ENotFound, fmt.Sprintf("%s号窗口现在没有号。", p.Window), "no ticket at window %q", p.Window)
	}
	if t == nil {
		return Outcome{}, p.refuse(kiosk.ENotFound, "找不到这个号。", "no ticket %q", p.Ticket)
	}
	p.Ticket = t.ID
	ch, err := calling.Decide(s.state(t.Queue, p.Window), p.Rules, p.Command)
	return Outcome{Change: ch, Day: t.Day}, err
}

// measure notes what the change tells of its queue's pace.
func (p Press) measure(s Sight, o *Outcome) error {
	held, occupied := o.Change.Occupied()
	if !occupied && p.Verb != calling.Call {
		return nil
	}
	m, err := ReadMeasured(s.line(o.Day, o.Change.Queue).Measured)
	if err != nil {
		return err
	}
	if p.Pace != nil {
		m.Pace = p.Pace(o.Change.Queue, m.Pace)
	}
	changed := occupied
	if occupied {
		m.Pace = m.Pace.Add(held)
	} else {
		id := o.Change.Ticket.After.ID
		if q, quoted := m.Quotes[id]; quoted {
			m.Score = m.Score.Add(q, p.At)
			m.Quotes = maps.Clone(m.Quotes)
			delete(m.Quotes, id)
			changed = true
		}
		o.Survey = p.At.Sub(m.Asked) >= time.Minute
	}
	o.measured = m
	if changed {
		return o.keep()
	}
	return nil
}

func (o *Outcome) keep() error {
	text, err := json.Marshal(o.measured)
	o.Measured = string(text)
	return err
}

// maxQuotes are how many waits of a queue are followed at once.
const maxQuotes = 32

// Quote forecasts, for the score, when the one who came last will be called. l
// is the Line of the Change's queue before it.
func (o *Outcome) Quote(l Line, r kiosk.CallRules) error {
	now := o.Change.At
	o.measured.Asked = now
	quotes := map[kiosk.TicketID]calling.Quote{}
	for id, q := range o.measured.Quotes {
		if now.Sub(q.At) < 12*time.Hour { // or nobody will ever call it
			quotes[id] = q
		}
	}
	var last *calling.Ticket
	for i := range l.Tickets {
		t := &l.Tickets[i]
		if t.State == kiosk.Waiting && t.ID != o.Change.Ticket.After.ID && (last == nil || last.Taken.Before(t.Taken)) {
			last = t
		}
	}
	if last != nil && len(quotes) < maxQuotes && quotes[last.ID].At == 0 {
		for _, look := range calling.Forecast(l.State, r, o.measured.Pace, now) {
			if look.Ticket == last.ID {
				quotes[last.ID] = o.measured.Score.Quote(look, now)
			}
		}
	}
	o.measured.Quotes = quotes
	return o.keep()
}

// state is what calling sees of a queue: the window, when it serves the queue
// or still has a ticket of it, and the tickets that were read.
func (s *Sight) state(q kiosk.QueueID, w kiosk.WindowID) calling.State {
	st := calling.State{Queue: q}
	here := s.at(w)
	for _, l := range s.Lines {
		if l.Queue == q {
			st.Balance = l.Balance
		}
	}
	if s.Window != nil && (q == "" || slices.Contains(s.Window.Queues, q) || here != nil && here.Queue == q) {
		st.Windows = append(st.Windows, s.Window.Window)
	}
	for _, t := range s.Tickets {
		st.Tickets = append(st.Tickets, t.Ticket)
	}
	return st
}

func (s *Sight) ticket(id kiosk.TicketID) *CallRow {
	for i := range s.Tickets {
		if s.Tickets[i].ID == id {
			return &s.Tickets[i]
		}
	}
	return nil
}

func (s *Sight) at(w kiosk.WindowID) *CallRow {
	for i := range s.Tickets {
		if w != "" && s.Tickets[i].Window == w {
			return &s.Tickets[i]
		}
	}
	return nil
}

// line is a queue's row, the zero one when it has none yet.
func (s *Sight) line(day kiosk.Day, q kiosk.QueueID) LineRow {
	for _, l := range s.Lines {
		if l.Day == day && l.Queue == q {
			return l
		}
	}
	return LineRow{}
}
