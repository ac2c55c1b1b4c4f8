package display

import (
	"context"
	"errors"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// Each entry of the first screen leads to its screen, and what a hall has not got
// is not offered.
func TestEntries(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
	offered := func(m *machine, label string) *widget.Tap {
		for _, tap := range taps(m.root.content) {
			if widget.Survey(tap).Targets[0].Label == label {
				return tap
			}
		}
		return nil
	}
	m := newMachine(t, at, nil)
	for label, want := range map[string]string{"全部事项": "zones", "一件事": "themes", "大厅和地图": "services", "已预约，或查我的号": "mine"} {
		tap := offered(m, label)
		if tap == nil {
			t.Fatalf("%q is not on the first screen:\n%s", label, m.says())
		}
		tap.Tapped(nil)
		if got := m.top().name; got != want {
			t.Errorf("%q leads to %s, want %s", label, got, want)
		}
		m.home()
	}
	for _, c := range []struct {
		name, want string
		without    func(c *kiosk.Catalog)
	}{
		{"NoServices", "map", func(c *kiosk.Catalog) { c.Themes, c.Services = nil, nil }},
		{"NoPlan", "", func(c *kiosk.Catalog) { c.Themes, c.Services, c.Plan = nil, nil, nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t, at, func(o *Opts) { c.without(o.Catalog) })
			if offered(m, "一件事") != nil {
				t.Error("themes are offered where there are none")
			}
			got := ""
			if tap := offered(m, "大厅和地图"); tap != nil {
				tap.Tapped(nil)
				got = m.top().name
			}
			if got != c.want {
				t.Errorf("the hall's entry leads to %q, want %q", got, c.want)
			}
		})
	}
}

// taps are the things that can be touched.
func taps(o fyne.CanvasObject) (out []*widget.Tap) {
	switch v := o.(type) {
	case *widget.Tap:
		if len(widget.Survey(v).Targets) > 0 {
			out = append(out, v)
		}
	case *fyne.Container:
		for _, child := range v.Objects {
			out = append(out, taps(child)...)
		}
	}
	return out
}

// unread is a desk whose queue can be read only while it is well.
type unread struct {
	Desk
	well bool
}

func (d *unread) Offers(ctx context.Context, ids ...kiosk.ItemID) ([]kiosk.Offer, error) {
	if !d.well {
		return nil, errors.New("the disk doesn't answer")
	}
	return d.Desk.Offers(ctx, ids...)
}

// While the queue can't be read no screen says that nobody waits, not even where it
// could be read before; as soon as it can, it does.
func TestUnreadQueue(t *testing.T) {
	s := newStand(t)
	d := &unread{Desk: s.o.Desk}
	s.o.Desk = d
	for _, well := range []bool{true, false, true, false} {
		d.well = well
		s.pass(fresh)
		if s.shows("不用等") != well || s.shows("暂时查不到") == well {
			t.Fatalf("well: %v, it shows %q", well, widget.Survey(s.root.content).Paragraphs)
		}
	}
	s.tap("社保卡")
	if s.shows("随到随办") || s.target("取号") == nil {
		t.Errorf("it shows %q", widget.Survey(s.root.content).Paragraphs)
	}
}
