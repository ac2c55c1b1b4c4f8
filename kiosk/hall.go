package kiosk

import "math"

// Text is something a person reads, in the languages of the hall. An empty
// language falls back to Zh.
type Text struct {
	Zh   string `json:"zh" toml:"zh"`
	Hant string `json:"hant,omitempty" toml:"hant"`
	En   string `json:"en,omitempty" toml:"en"`
}

// In returns the text in lang.
func (t Text) In(lang Lang) string {
	switch {
	case lang == En && t.En != "":
		return t.En
	case lang == Hant && t.Hant != "":
		return t.Hant
	}
	return t.Zh
}

// Lang is a language of the screen and of the ticket.
type Lang string

// The languages: simplified Chinese, traditional Chinese as Hong Kong and Macao
// write it, and English. The names are BCP 47 tags.
const (
	Zh   Lang = "zh"
	Hant Lang = "zh-Hant"
	En   Lang = "en"
)

// Langs are all languages.
var Langs = []Lang{Zh, Hant, En}

// Known returns l, or Zh for a language that the hall doesn't have.
func (l Lang) Known() Lang {
	if l == Hant || l == En {
		return l
	}
	return Zh
}

// Zone is a part of the hall, signposted by its letter.
type Zone struct {
	ID   ZoneID
	Name Text
	Way  Text // how to walk there from the entrance, in a few words; may be empty
	Self bool // the self-service machines stand here
}

// Department is an office of the city that has windows in the hall.
type Department struct {
	ID    DeptID
	Name  Text
	Zone  ZoneID   // the zone most of its windows are in
	Words []string // what people also call it; to find it by

	WordsHant []string `json:",omitempty"` // the Words in traditional characters, in their order; may be empty
}

// Queue is one line of waiting people, served by one or more windows.
type Queue struct {
	ID      QueueID // one or two capital letters; numbers begin with them
	Name    Text
	Zone    ZoneID
	Windows string // as signposted, such as 21-26
	Count   int    // how many windows are staffed as a rule, at least 1
	Hours   Hours
}

// Item is one thing that a citizen can get done.
type Item struct {
	ID        ItemID
	Name      Text
	Words     []string // what people also call it, such as 驾照; to find it by
	WordsHant []string `json:",omitempty"` // the Words in traditional characters, in their order; may be empty
	Dept      DeptID
	Queue     QueueID
	Minutes   int // how long one case takes at the window, as a rule
	Materials []Material
	Self      Text // the self-service machine that does it without a number; empty if none
	Online    bool // can be done at home
}

// Material is a paper to bring.
type Material struct {
	Name      Text
	Essential bool // without it the case can't be taken in; others may follow later
}

// Theme is one thing that a person wants done and that takes several steps, such
// as opening a restaurant. One number leads to the window that starts them all.
type Theme struct {
	ID    ThemeID
	Name  Text
	Item  ItemID // what the number is for, at the windows of the first step
	Steps []Step // in the order in which they are done
	Icon  string `json:",omitempty"` // name of an icon of display/theme; empty is that of all themes
}

// Step is one step of a Theme.
type Step struct {
	Name Text
	Item ItemID // where it is done; empty when Note says it all
	Note Text   // such as how long it takes; may be empty
}

// Wanted is one of the hall's most wanted things, on the first screen.
type Wanted struct {
	Item ItemID
	Name Text   // shorter than the item's own name
	Icon string // name of an icon of display/theme
}

// Catalog is what a hall offers. It is built and checked once and never
// changes afterwards, so it may be read from any goroutine.
type Catalog struct {
	Hall        Text
	Zones       []Zone
	Departments []Department
	Queues      []Queue
	Items       []Item
	Wanted      []Wanted
	Themes      []Theme
	PromiseDays int // opening days until a promised paper is due
	Services    []Service
	Plan        *Plan     // nil when nobody has drawn one
	Calendar    *Calendar // the hall's days off; see Keep. nil has none

	items  map[ItemID]int
	queues map[QueueID]int
	zones  map[ZoneID]int
	depts  map[DeptID]int

	minutes map[QueueID]float64 // of the mean case
}

// Index prepares the look-ups. It must be called once after the lists are
// filled and before any of the methods below.
func (c *Catalog) Index() {
	c.items = make(map[ItemID]int, len(c.Items))
	for i, v := range c.Items {
		c.items[v.ID] = i
	}
	c.queues = make(map[QueueID]int, len(c.Queues))
	for i, v := range c.Queues {
		c.queues[v.ID] = i
	}
	c.zones = make(map[ZoneID]int, len(c.Zones))
	for i, v := range c.Zones {
		c.zones[v.ID] = i
	}
	c.depts = make(map[DeptID]int, len(c.Departments))
	for i, v := range c.Departments {
		c.depts[v.ID] = i
	}
	c.minutes = make(map[QueueID]float64, len(c.Queues))
	cases := make(map[QueueID]float64, len(c.Queues))
	for _, v := range c.Items {
		c.minutes[v.Queue] += float64(v.Minutes)
		cases[v.Queue]++
	}
	for q, n := range cases {
		c.minutes[q] /= n
	}
}

// Keep makes the hall keep a calendar: all queues' hours ask it. It belongs to
// the building of the catalog, like Index.
func (c *Catalog) Keep(calendar *Calendar) {
	c.Calendar = calendar
	for i := range c.Queues {
		c.Queues[i].Hours = c.Queues[i].Hours.On(calendar)
	}
}

// Estimate says how long ahead people in a queue take, from the catalog's
// minutes and windows: four fifths to four thirds of the mean, at least a
// minute apart.
func (c *Catalog) Estimate(id QueueID, ahead int) Estimate {
	q, ok := c.Queue(id)
	if !ok || ahead <= 0 {
		return Estimate{}
	}
	mean := float64(ahead) * c.minutes[id] / float64(max(1, q.Count))
	e := Estimate{Low: int(mean * 0.8), High: int(math.Ceil(mean * 4 / 3))}
	e.Low = max(1, e.Low)
	e.High = max(e.Low+1, e.High)
	return e
}

// Wait is how long the holder of t was told to wait when it was taken.
func (c *Catalog) Wait(t Ticket) Estimate {
	if t.Wait != (Estimate{}) {
		return t.Wait
	}
	return c.Estimate(t.Queue, t.Ahead)
}

// Item returns the item with that code.
func (c *Catalog) Item(id ItemID) (Item, bool) {
	return lookup(c.Items, c.items, id)
}

// Queue returns the queue with that letter.
func (c *Catalog) Queue(id QueueID) (Queue, bool) {
	return lookup(c.Queues, c.queues, id)
}

// Zone returns the zone with that letter.
func (c *Catalog) Zone(id ZoneID) (Zone, bool) {
	return lookup(c.Zones, c.zones, id)
}

// Theme returns the theme with that id.
func (c *Catalog) Theme(id ThemeID) (Theme, bool) {
	for _, t := range c.Themes { // some twenty
		if t.ID == id {
			return t, true
		}
	}
	return Theme{}, false
}

// Department returns the department with that id.
func (c *Catalog) Department(id DeptID) (Department, bool) {
	return lookup(c.Departments, c.depts, id)
}

func lookup[K comparable, V any](all []V, at map[K]int, key K) (V, bool) {
	i, ok := at[key]
	if !ok {
		var none V
		return none, false
	}
	return all[i], true
}
