package kiosk

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Version names what the catalog says, in 12 hex digits: the same for the same
// contents, in whatever order the departments' files were read and whatever
// comments they have. The calendar has a version of its own.
func (c *Catalog) Version() string {
	departments, items := slices.Clone(c.Departments), slices.Clone(c.Items)
	slices.SortFunc(departments, func(a, b Department) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Compare(a.Dept, b.Dept) }) // one file each, in its order
	type queue struct {
		Queue
		Hours []string
	}
	var queues []queue
	for _, q := range c.Queues {
		queues = append(queues, queue{q, q.Hours.lines()})
	}
	slices.SortFunc(queues, func(a, b queue) int { return cmp.Compare(a.ID, b.ID) })
	return version(c.Hall, c.Zones, departments, queues, items, c.Wanted, c.Themes, c.PromiseDays)
}

// lines write the hours out, in order: the same for the same hours.
func (h Hours) lines() []string {
	out := []string{fmt.Sprint(h.limited)}
	for _, s := range h.spans {
		out = append(out, fmt.Sprintf("%d %04d %04d %t", s.day, s.from, s.to, s.booked))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Version names what the calendar says, as Catalog.Version does; empty for nil.
func (c *Calendar) Version() string {
	if c == nil {
		return ""
	}
	return version(c.years, c.special) // maps are written in order
}

func version(contents ...any) string {
	data, err := json.Marshal(contents)
	if err != nil {
		panic(err) // texts and numbers
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}
