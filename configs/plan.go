package configs

import (
	"fmt"
	"slices"

	"hallkiosk/kiosk"
)

// plan is [map] of hall.toml. Squares are counted from 0 at the upper left.
type plan struct {
	Size  []int `toml:"size"` // width and height
	Zones []struct {
		ID string `toml:"id"`
		At []int  `toml:"at"` // x, y, width, height
	} `toml:"zone"`
	Marks []struct {
		Kind string `toml:"kind"`
		At   []int  `toml:"at"` // x, y
	} `toml:"mark"`
}

// service is a [[service]] of hall.toml.
type service struct {
	ID    string     `toml:"id"`
	Name  kiosk.Text `toml:"name"`
	Place kiosk.Text `toml:"place"`
	Note  kiosk.Text `toml:"note"`
	Icon  string     `toml:"icon"`
	Zone  string     `toml:"zone"`
	At    []int      `toml:"at"`
	Hours string     `toml:"hours"`
}

// On the smallest panel a plan's squares must be seen, and its zones touched.
const (
	widestPlan  = 24
	highestPlan = 16
	leastZone   = 3
)

func (r *catalogReader) plan(f *file, v *plan) {
	if v == nil {
		return
	}
	if len(v.Size) != 2 || v.Size[0] < 4 || v.Size[1] < 4 || v.Size[0] > widestPlan || v.Size[1] > highestPlan {
		f.addf("map.size", "the map's size is %v. Write its squares across and down, at least 4 and at most [%d, %d].", "地图的 size 是 %v，请写横竖各几格，至少 4，最多 [%d, %d]。", v.Size, widestPlan, highestPlan)
		return
	}
	p := &kiosk.Plan{W: v.Size[0], H: v.Size[1]}
	for i, z := range v.Zones {
		at := fmt.Sprintf("map.zone[%d]", i)
		r.zone(f, at+".id", z.ID)
		if !r.define(f, at+".id", "zone of the map", "地图上的区", z.ID) {
			continue
		}
		if len(z.At) != 4 || !within(p, z.At[0], z.At[1], z.At[2], z.At[3]) {
			f.addf(at+".at", "zone %s lies at %v. Write [x, y, width, height], at least %d by %d squares, within the map's %d by %d.", "%s 区的 at 是 %v，请写 [x, y, 宽, 高]，至少 %d 乘 %d 格，不能超出地图的 %d 乘 %d 格。", z.ID, z.At, leastZone, leastZone, p.W, p.H)
			continue
		}
		area := kiosk.Area{X: z.At[0], Y: z.At[1], W: z.At[2], H: z.At[3]}
		if i := slices.IndexFunc(p.Zones, func(o kiosk.ZoneArea) bool { return o.Overlaps(area) }); i >= 0 {
			f.addf(at+".at", "zones %s and %s overlap. Move one of them.", "%s 区和 %s 区重叠了，请挪开一个。", z.ID, p.Zones[i].Zone)
			continue
		}
		p.Zones = append(p.Zones, kiosk.ZoneArea{Zone: kiosk.ZoneID(z.ID), Area: area})
	}
	for i, m := range v.Marks {
		at := fmt.Sprintf("map.mark[%d]", i)
		if !slices.Contains(kiosk.MarkKinds, kiosk.MarkKind(m.Kind)) {
			f.addf(at+".kind", "no kind of mark %q. Known: %v.", "没有 %q 这种标记，可用：%v。", m.Kind, kiosk.MarkKinds)
			continue
		}
		if len(m.At) != 2 || !p.Free(kiosk.Point{X: m.At[0], Y: m.At[1]}) {
			f.addf(at+".at", "the mark is at %v. Write [x, y] of a square on the map, outside the zones and other marks.", "标记的 at 是 %v，请写地图上的 [x, y]，不能在区里，也不能和别的标记重叠。", m.At)
			continue
		}
		p.Marks = append(p.Marks, kiosk.Mark{Kind: kiosk.MarkKind(m.Kind), At: kiosk.Point{X: m.At[0], Y: m.At[1]}})
	}
	if len(p.Zones) == 0 {
		f.add("map", "the map shows no zone. Write [[map.zone]].", "地图上没有区，请写 [[map.zone]]。")
	}
	r.out.Plan = p
}

func within(p *kiosk.Plan, x, y, w, h int) bool {
	return x >= 0 && y >= 0 && w >= leastZone && h >= leastZone && w <= p.W-x && h <= p.H-y
}

func (r *catalogReader) services(f *file, list []service) {
	for i, s := range list {
		at := fmt.Sprintf("service[%d]", i)
		if s.ID == "" || !whole(s.Name) || !whole(s.Place) {
			f.add(at, "a service needs an id, and its name and place in all three languages. Write them.", "便民服务要有 id，名字和地点要写全 zh、hant、en。")
			continue
		}
		if s.Note != (kiosk.Text{}) && !whole(s.Note) {
			f.addf(at+".note", "service %s: its note is not in all three languages. Write zh, hant and en.", "便民服务 %s 的 note 要写全 zh、hant、en。", s.ID)
		}
		if !r.define(f, at+".id", "service", "便民服务", s.ID) {
			continue
		}
		out := kiosk.Service{ID: kiosk.ServiceID(s.ID), Name: s.Name, Place: s.Place, Note: s.Note, Icon: s.Icon, Zone: kiosk.ZoneID(s.Zone)}
		if s.Zone != "" {
			r.zone(f, at+".zone", s.Zone)
		}
		if s.Hours != "" {
			hours, ok := r.hours[s.Hours]
			if !ok {
				f.addf(at+".hours", "no hours %q in [hours]. Use one that is there.", "[hours] 里没有 %q 这个时间，请用已有的。", s.Hours)
			}
			out.Hours = &hours
		}
		if s.At != nil {
			if out.At = spot(r.out.Plan, s.At); out.At == nil {
				f.addf(at+".at", "service %s is at %v. Write [x, y] of a square on the map, outside the zones.", "便民服务 %s 的 at 是 %v，请写地图上的 [x, y]，不能在区里。", s.ID, s.At)
			}
		}
		r.out.Services = append(r.out.Services, out)
	}
}

// spot is the square that a file names by x and y, and nil when there is no plan
// or the square is not on it or lies in a zone.
func spot(p *kiosk.Plan, at []int) *kiosk.Point {
	if p == nil || len(at) != 2 {
		return nil
	}
	point := kiosk.Point{X: at[0], Y: at[1]}
	inZone := slices.ContainsFunc(p.Zones, func(z kiosk.ZoneArea) bool { return z.Holds(point) })
	if inZone || !(kiosk.Area{W: p.W, H: p.H}).Holds(point) {
		return nil
	}
	return &point
}

// whole says that a text is written in every language of the hall.
func whole(t kiosk.Text) bool { return t.Zh != "" && t.Hant != "" && t.En != "" }

// checkPlace finds out where this kiosk stands on the plan. at is a square, or the
// zone beside which it stands.
func (k *Kiosk) checkPlace(f *file, c *kiosk.Catalog) {
	if c == nil || k.Kiosk.At == nil || k.Kiosk.At == "" {
		return
	}
	if c.Plan == nil {
		f.add("kiosk.at", "[kiosk] at is a place on the map, but the catalog has no [map]. Leave it empty.", "[kiosk] at 是地图上的位置，但事项目录里没有 [map]，请留空。")
		f.problems[len(f.problems)-1].Mild = true
		return
	}
	switch at := k.Kiosk.At.(type) {
	case string:
		if area, ok := c.Plan.Zone(kiosk.ZoneID(at)); ok {
			if point, free := c.Plan.Beside(area); free {
				k.here = &point
			}
		}
	case []any:
		var numbers []int
		for _, v := range at {
			if n, ok := v.(int64); ok && n >= 0 && n < widestPlan {
				numbers = append(numbers, int(n))
			}
		}
		if point := spot(c.Plan, numbers); point != nil && len(at) == 2 && c.Plan.Free(*point) {
			k.here = point
		}
	}
	if k.here == nil {
		f.addf("kiosk.at", "[kiosk] at is %v. Write [x, y] of a free square on the catalog's map, or the letter of a zone on it.", "[kiosk] at 是 %v，请写事项目录的地图上的空格 [x, y]，或地图上的区的字母。", k.Kiosk.At)
	}
}

// Here returns where this kiosk stands on the catalog's plan; nil when nobody has
// said. Only for a checked config.
func (k *Kiosk) Here() *kiosk.Point { return k.here }
