package calling

import (
	"fmt"

	"hallkiosk/kiosk"
)

// Undo returns the inverse of a Change that a store has applied: it restores the
// ticket or window exactly, but for the Version, which goes on so that an undo
// can never be mistaken for what it took back. s must hold the ticket or window,
// and the ticket at the window that it would go back to. EConflict if anything
// happened to the ticket or window since, if another ticket is at that window
// now, or if done is an undo itself; ENotFound, EInvalid as Decide. Who may undo
// whose operation is for the caller to say.
func Undo(s State, done Change, op kiosk.OpID, by kiosk.WindowID, now kiosk.Instant) (Change, error) {
	const verb = string(Undone)
	c := Command{Op: op, Verb: Undone, Window: by, At: now}
	ch := Change{Op: op, Verb: Undone, At: now, By: by, Undoes: done.Op,
		Queue: done.Queue, Turn: Balance{-done.Turn.Priority, -done.Turn.Aged}}
	switch {
	case op == "" || len(op) > 64 || now <= 0 || op == done.Op:
		return Change{}, invalid(c, "操作缺少编号或时间。", "op %q must be new, 1 to 64 bytes, and at %d a moment", op, now)
	case done.Verb == Undone:
		return Change{}, conflict(verb, "撤销不能再撤销，请重新操作。", "operation %s is an undo itself; do the thing again instead", done.Op)
	case done.Window != nil:
		w := s.Window(done.Window.After.ID)
		if w == nil {
			return Change{}, noWindow(verb, done.Window.After.ID)
		}
		if w.Version != done.Window.After.Version {
			return Change{}, conflict(verb, fmt.Sprintf("%s号窗口之后又有变动，不能撤销。", w.ID),
				"window %s is at version %d, operation %s left it at %d", w.ID, w.Version, done.Op, done.Window.After.Version)
		}
		after := done.Window.Before
		after.Version = w.Version + 1
		ch.Window = &Edit[Window]{*w, after}
		return ch, nil
	case done.Ticket == nil:
		return Change{}, invalid(c, "没有可以撤销的操作。", "operation %s changed nothing", done.Op)
	}
	was := done.Ticket
	t := s.Ticket(was.After.ID)
	if t == nil {
		return Change{}, &kiosk.Error{Code: kiosk.ENotFound, Op: verb, Message: "找不到这个号。", Hint: fmt.Sprintf("no ticket %q", was.After.ID)}
	}
	if t.Version != was.After.Version {
		return Change{}, conflict(verb, fmt.Sprintf("%s之后又有变动，不能撤销。", t.Number),
			"ticket %s is at version %d, operation %s left it at %d", t.Number, t.Version, done.Op, was.After.Version)
	}
	if other := s.At(was.Before.Window); other != nil && other.ID != t.ID {
		return Change{}, occupied(verb, was.Before.Window, other)
	}
	after := was.Before
	after.Version = t.Version + 1
	ch.Ticket = &Edit[Ticket]{*t, after}
	return ch, nil
}
