package center

import (
	"context"
	"maps"
	"slices"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/calling"
)

// Hall is what the center knows of a hall beforehand. The zero value knows
// nothing: all is taken as the kiosks and the clerks say.
type Hall struct {
	Catalog  *kiosk.Catalog
	Version  string // of the catalog
	Calendar string // the calendar's version
	Windows  map[kiosk.WindowID][]kiosk.QueueID

	// Capacity is how many bookings of a queue may share a moment; EveryQueue
	// stands for those that aren't there. Without either all who book are taken.
	Capacity map[kiosk.QueueID]int
}

// EveryQueue stands for the other queues in Hall.Capacity.
const EveryQueue kiosk.QueueID = "*"

// places is how many bookings of a queue may share a moment.
func (h Hall) places(queue kiosk.QueueID) int {
	for _, q := range []kiosk.QueueID{queue, EveryQueue} {
		if n, ok := h.Capacity[q]; ok {
			return n
		}
	}
	return Unbounded
}

// Way says which errands items are, in turn: first those of the queue where the
// number was taken, then queue by queue as they were chosen. An item that the
// catalog doesn't have stays in the number's queue; so does the first one, when
// none is of that queue.
func (h Hall) Way(queue kiosk.QueueID, items []kiosk.ItemID) []kiosk.Errand {
	of := map[kiosk.QueueID][]kiosk.Errand{}
	order := []kiosk.QueueID{queue}
	for _, id := range items {
		e := kiosk.Errand{Item: id, Queue: queue}
		if item, ok := h.item(id); ok {
			e.Queue = item.Queue
		}
		if !slices.Contains(order, e.Queue) {
			order = append(order, e.Queue)
		}
		of[e.Queue] = append(of[e.Queue], e)
	}
	if len(items) > 0 && len(of[queue]) == 0 {
		first := order[1]
		of[queue] = []kiosk.Errand{{Item: of[first][0].Item, Queue: queue}}
		of[first] = of[first][1:]
	}
	var way []kiosk.Errand
	for _, q := range order {
		way = append(way, of[q]...)
	}
	return way
}

func (h Hall) item(id kiosk.ItemID) (kiosk.Item, bool) {
	if h.Catalog == nil {
		return kiosk.Item{}, false
	}
	return h.Catalog.Item(id)
}

// knows says whether a queue may be of the hall.
func (h Hall) knows(queue kiosk.QueueID) bool {
	if h.Catalog == nil {
		return true
	}
	_, ok := h.Catalog.Queue(queue)
	return ok
}

// check refuses queues that the catalog doesn't have.
func (h Hall) check(op string, queues ...kiosk.QueueID) error {
	for _, q := range queues {
		if !h.knows(q) {
			return &kiosk.Error{Code: kiosk.EInvalid, Op: op, Message: "目录里没有这个队列。", Hint: "the hall's catalog has no queue " + clip(string(q))}
		}
	}
	return nil
}

// usual is what a case of a queue takes by the catalog; 0 when it doesn't say.
func (h Hall) usual(queue kiosk.QueueID) time.Duration {
	if h.Catalog == nil {
		return 0
	}
	minutes, cases := 0, 0
	for _, i := range h.Catalog.Items {
		if i.Queue == queue {
			minutes += i.Minutes
			cases++
		}
	}
	if cases == 0 {
		return 0
	}
	return time.Duration(minutes) * time.Minute / time.Duration(cases)
}

// pace returns a queue's pace, with the catalog's minutes before anything was
// measured.
func (h Hall) pace(queue kiosk.QueueID, p calling.Pace) calling.Pace {
	if usual := h.usual(queue); usual > 0 {
		p.Prior = calling.NewPace(usual).Prior
	}
	return p
}

// Arrange defines the windows that halls have beforehand, where a Store has them
// otherwise.
func Arrange(ctx context.Context, st Calls, halls map[kiosk.HallID]Hall) error {
	for _, id := range slices.Sorted(maps.Keys(halls)) {
		there := map[kiosk.WindowID][]kiosk.QueueID{}
		all, err := st.Windows(ctx, id)
		if err != nil {
			return err
		}
		for _, w := range all {
			there[w.ID] = w.Queues
		}
		windows := halls[id].Windows
		for _, w := range slices.Sorted(maps.Keys(windows)) {
			if is, ok := there[w]; ok && slices.Equal(is, windows[w]) {
				continue
			}
			if err := st.SetWindow(ctx, id, w, windows[w]); err != nil {
				return err
			}
		}
	}
	return nil
}
