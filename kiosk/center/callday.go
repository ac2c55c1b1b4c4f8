package center

import (
	"context"
	"slices"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// night is how long before the change of day somebody who is still there may have come
// or been sent on.
const night = 6 * time.Hour

// today is the business day of now, which is meant wherever none is named,
// whatever days numbers were given for: closed queues give theirs early, and a
// kiosk's clock may be wrong.
func (s *Server) today() kiosk.Day { return s.dayAt(s.opts.Now()) }

// spans are whose tickets are called today: those of today, and of the day before
// those that were taken or sent on in the last hours before the change of day. So a hall
// that is open through the night loses nobody, and calls them first, for they
// came first; and nobody is called who went home when a hall closed.
func (s *Server) spans() []Span {
	today := s.today()
	day, err := time.ParseInLocation(time.DateOnly, string(today), s.opts.Now().Location())
	if err != nil {
		return []Span{{Day: today}} // can't be: dayAt has written it
	}
	change := day.Add(s.opts.DayChange)
	return []Span{{Day: today}, {Day: s.dayAt(change.Add(-time.Millisecond)), Since: kiosk.InstantOf(change.Add(-night))}}
}

// nightly returns who of the days before is called on day, by queue: nobody
// unless day is today.
func (s *Server) nightly(ctx context.Context, hall kiosk.HallID, day kiosk.Day) (map[kiosk.QueueID][]calling.Ticket, error) {
	spans := s.spans()
	if spans[0].Day != day {
		return nil, nil
	}
	left := map[kiosk.QueueID][]calling.Ticket{}
	for _, of := range spans[1:] {
		lines, err := s.store.Lines(ctx, hall, of.Day)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			for _, t := range l.Tickets {
				if t.Window == "" && t.Since >= of.Since {
					left[l.Queue] = append(left[l.Queue], t)
				}
			}
		}
	}
	return left, nil
}

// lineOn is a queue's Line on day with everybody who is called then.
func (s *Server) lineOn(ctx context.Context, hall kiosk.HallID, day kiosk.Day, queue kiosk.QueueID) (Line, error) {
	l, err := s.store.Line(ctx, hall, day, queue)
	if err != nil {
		return l, err
	}
	left, err := s.nightly(ctx, hall, day)
	l.Tickets = slices.Concat(left[queue], l.Tickets)
	return l, err
}

// linesOn are a hall's Lines on day with everybody who is called then.
func (s *Server) linesOn(ctx context.Context, hall kiosk.HallID, day kiosk.Day) ([]Line, error) {
	lines, err := s.store.Lines(ctx, hall, day)
	if err != nil {
		return nil, err
	}
	left, err := s.nightly(ctx, hall, day)
	for i := range lines {
		lines[i].Tickets = slices.Concat(left[lines[i].Queue], lines[i].Tickets)
	}
	return lines, err
}

// queuesOn are a hall's Queues on day, where everybody waits who is called then.
func (s *Server) queuesOn(ctx context.Context, hall kiosk.HallID, day kiosk.Day) ([]Queue, error) {
	all, err := s.store.Queues(ctx, hall, day)
	if err != nil {
		return nil, err
	}
	left, err := s.nightly(ctx, hall, day)
	for q, tickets := range left {
		i, there := slices.BinarySearchFunc(all, q, func(a Queue, q kiosk.QueueID) int { return compare(a.Queue, q) })
		if !there {
			all = slices.Insert(all, i, Queue{Day: day, Queue: q})
		}
		for _, t := range tickets {
			if t.State == kiosk.Waiting {
				all[i].Waiting++
			}
		}
	}
	return all, err
}
