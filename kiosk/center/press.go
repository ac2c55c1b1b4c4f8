package center

import (
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
	OldDay  kiosk.Day       // and for which day
	Window  *Window         // the press's; nil when it isn't defined
	Lines   []LineRow       // of the window's queues on Day if Next says so, of the ticket's else; with Old on OldDay, of the ticket's before it
	Tickets []CallRow       // the named one, or the one of Old; and that at the press's window and at Old's
	Next    []CallRow       // candidates, if Next says so
}

// LineRow is a queue's row, kept from others until the end of the transaction.
type LineRow struct {
	Day      kiosk.Day
	Queue    kiosk.QueueID
	Balance  calling.Balance
	Measured string // see ReadMeasured
}

// Outcome is what a Store writes: the Change as calling.Change says, under its
// Op and the press's Day and Actor, and Rows.
type Outcome struct {
	Change calling.Change
	Again  bool // it is stored already: write nothing

	// Survey asks the Store to read the whole Line of Queue and Day and to call
	// Quote before it writes. That is once a minute.
	Survey bool
	Queue  kiosk.QueueID // the ticket's
	Day    kiosk.Day     // of the rows

	measured Measured
	text     string // measured, to be stored; empty to leave what is there
}

// Rows are what to add to the rows of queues, by queue: Balance to what is there,
// and Measured in its place unless it is empty.
func (o *Outcome) Rows() (rows []LineRow) {
	learned, moved := LineRow{Day: o.Day, Queue: o.Queue, Measured: o.text}, LineRow{Day: o.Day, Queue: o.Change.Queue, Balance: o.Change.Turn}
	if moved.Balance == (calling.Balance{}) || moved.Queue == learned.Queue {
		learned.Balance, moved = moved.Balance, LineRow{}
	}
	for _, r := range []LineRow{learned, moved} {
		if r.Measured != "" || r.Balance != (calling.Balance{}) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b LineRow) int { return compare(a.Queue, b.Queue) })
	return rows
}

// Next says whether the press asks for the next ticket, so that the Store must
// find the candidates: of each queue of the window and each of Spans, those that
// are Waiting, or Parked with an Until, with Until <= At; all that are Booked, and
// the first by place of Plain and of Ahead. The head of every line that package
// calling knows is among them.
func (p Press) Next() bool { return p.Verb == calling.Call && p.Ticket == "" }

// Check refuses what can't be right about a press whatever is stored.
func (p Press) Check() error {
	bad := slices.ContainsFunc(append(p.Spans(), Span{Day: p.Day}), func(s Span) bool {
		day, err := time.Parse(time.DateOnly, string(s.Day))
		return err != nil || day.Year() < 2000
	})
	switch {
	case p.Hall == "" || !text(string(p.Hall)) || !text(string(p.Op)) || !text(string(p.Window)) || !text(string(p.Ticket)) ||
		!text(string(p.Queue)) || !text(string(p.Undoes)) || !text(p.Actor.ID) || !text(p.Actor.Role):
		return p.refuse(kiosk.EInvalid, "操作的内容不对。", "hall, op, window, ticket, queue, undoes and actor must be at most 64 bytes of text")
	case bad:
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
	return p.refuse(kiosk.EConflict, "刚刚有变动，请再试。", "others were in the way again and again; press again")
}

// Decide says what the press changes in what a Store saw.
func (p Press) Decide(s Sight) (Outcome, error) {
	o := Outcome{Day: p.Day}
	var err error
	switch {
	case s.Done != nil:
		return p.again(*s.Done)
	case p.Next():
		o.Change, err = p.next(s)
	case p.Verb == calling.Undone && s.Old == nil:
		err = p.refuse(kiosk.ENotFound, "找不到这次操作。", "no operation %q", p.Undoes)
	case p.Verb == calling.Undone && s.Old.By != p.Window:
		err = p.refuse(kiosk.EConflict, "那次操作不是在这里做的，不能在这里撤销。", "operation %q was done at window %q, not %q", p.Undoes, s.Old.By, p.Window)
	case p.Verb == calling.Undone:
		o.Day = s.OldDay
		o.Change, err = calling.Undo(s.state(s.Old.Queue, p.Window), *s.Old, p.Op, p.Window, p.At)
	case p.Verb == calling.Pause || p.Verb == calling.Resume:
		o.Change, err = calling.Decide(s.state("", p.Window), p.Rules, p.Command)
	default:
		o.Change, err = p.one(s)
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
		return Outcome{}, p.refuse(kiosk.EConflict, "这个操作编号已经用过，请重新操作。", "op %q was used for another press", p.Op)
	}
	return Outcome{Change: done, Again: true}, nil
}

// next decides the call of whoever's turn it is in all queues of the window.
func (p Press) next(s Sight) (calling.Change, error) {
	if s.Window == nil {
		return calling.Change{}, p.refuse(kiosk.ENotFound, "没有这个窗口。", "no window %q in hall %s", p.Window, p.Hall)
	}
	queues := s.Window.Queues
	if p.Queue != "" {
		if !slices.Contains(queues, p.Queue) {
			return calling.Change{}, p.refuse(kiosk.ENotFound, "这个窗口不办这个队列。", "window %s doesn't serve queue %s", p.Window, p.Queue)
		}
		queues = []kiosk.QueueID{p.Queue}
	}
	if len(queues) == 0 {
		return calling.Change{}, p.refuse(kiosk.ENotFound, "这个窗口没有分配队列。", "window %s serves no queue", p.Window)
	}
	var lines []calling.State
	for _, q := range queues {
		st := s.state(q, p.Window)
		for _, t := range s.Next {
			if t.Queue == q {
				st.Tickets = append(st.Tickets, t.Ticket)
			}
		}
		lines = append(lines, st)
	}
	return calling.Decide(lines[0], p.Rules, p.Command, lines[1:]...)
}

// one decides a verb on one ticket.
func (p Press) one(s Sight) (calling.Change, error) {
	var t *CallRow
	if p.Ticket != "" {
		t = s.ticket(p.Ticket)
	} else if t = s.at(p.Window); t == nil {
		return calling.Change{}, p.refuse(kiosk.ENotFound, fmt.Sprintf("%s号窗口现在没有号。", p.Window), "no ticket at window %q", p.Window)
	}
	if t == nil {
		return calling.Change{}, p.refuse(kiosk.ENotFound, "找不到这个号。", "no ticket %q", p.Ticket)
	}
	p.Ticket = t.ID
	return calling.Decide(s.state(t.Queue, p.Window), p.Rules, p.Command)
}

// measure notes what the change tells of its queue's pace, and takes back what
// the one told that it undoes.
func (p Press) measure(s Sight, o *Outcome) error {
	done, undo := &o.Change, p.Verb == calling.Undone
	if undo {
		done = s.Old
	}
	if done.Ticket == nil {
		return nil
	}
	o.Queue = done.Ticket.Before.Queue
	held, occupied := done.Occupied()
	if !occupied && (done.Verb != calling.Call || undo && done.Quote == nil) {
		return nil
	}
	m, err := ReadMeasured(s.line(o.Day, o.Queue).Measured)
	if err != nil {
		return err
	}
	if p.Pace != nil {
		m.Pace = p.Pace(o.Queue, m.Pace)
	}
	id := done.Ticket.After.ID
	quotes := maps.Clone(m.Quotes)
	if quotes == nil {
		quotes = map[kiosk.TicketID]calling.Quote{}
	}
	q, quoted := quotes[id]
	switch {
	case undo && occupied:
		m.Pace = m.Pace.Without(held)
	case undo:
		m.Score, quotes[id] = m.Score.Without(*done.Quote, done.At), *done.Quote
	case occupied:
		m.Pace = m.Pace.Add(held)
	case quoted:
		m.Score, done.Quote = m.Score.Add(q, p.At), &q
		delete(quotes, id)
	}
	m.Quotes = quotes
	o.measured = m
	o.Survey = !undo && !occupied && p.At.Sub(m.Asked) >= time.Minute
	if undo || occupied || quoted {
		return o.keep()
	}
	return nil
}

func (o *Outcome) keep() error {
	text, err := json.Marshal(o.measured)
	o.text = string(text)
	return err
}

// maxQuotes are how many waits of a queue are followed at once.
const maxQuotes = 32

// Quote forecasts, for the score, when the one who came last will be called. l
// is the Line of Queue and Day before the Change.
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
