package screen

import "hallkiosk/display/theme"

// part is one of several things below each other: how high it is, and how to
// draw it at a y.
type part struct {
	h    float32
	draw func(y float32)
}

// run places parts below each other between y and end, on as many pages as they
// need; the pager then ends at end. It returns how many parts stand on the fullest
// page. What stands below end is the same on every page.
func (s *sheet) run(y, end float32, parts []part, p paging) (most int) {
	gap := s.Px(theme.Gap)
	pack := func(end float32) (starts []int) {
		most = 0
		at := y
		for i, v := range parts {
			if len(starts) == 0 || at+v.h > end {
				starts, at = append(starts, i), y
			}
			at += v.h + gap
			most = max(most, i-starts[len(starts)-1]+1)
		}
		return starts
	}
	starts := pack(end)
	if len(starts) > 1 {
		starts = pack(end - s.Px(pagerHeight+theme.Apart+8))
	}
	high := s.H
	s.H = end + gap // the pager leaves that much below
	page, _ := s.pager(p, 1, len(starts))
	s.H = high
	for i := starts[page]; i < len(parts) && (page+1 == len(starts) || i < starts[page+1]); i++ {
		parts[i].draw(y)
		y += parts[i].h + gap
	}
	return most
}
