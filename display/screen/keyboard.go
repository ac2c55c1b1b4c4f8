package screen

import (
	"strings"

	"hallkiosk/display/theme"
)

// key is one of the keyboard, at a place counted in keys.
type key struct {
	label string
	icon  string
	at    float32
	row   int
	wide  float32
	act   func()
}

// word says that a key has a word instead of a letter.
func (k key) word() bool { return len([]rune(k.label)) > 1 }

// keyboard fills an area with rows of keys.
func (s *finder) keyboard(in Area, rows int) {
	gap := s.Px(theme.Gap)
	columns, lines := 10, []string{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"}
	if rows == 3 {
		lines = lines[1:]
	}
	if s.Shape == Small {
		columns, lines = 8, []string{"abcdefgh", "ijklmnop", "qrstuvwx", "yz"}
	}
	change := s.Shape == Small || rows == 3
	if change && s.f.Digits {
		lines = []string{"1234567890"[:columns], "1234567890"[columns:], "", ""}[:rows]
	}
	wide := (in.W - gap*float32(columns-1)) / float32(columns)
	high := (in.H - gap*float32(rows-1)) / float32(rows)
	width := func(keys float32) float32 { return keys*(wide+gap) - gap }
	var list []key
	for i, row := range lines {
		shift := float32(0)
		if !change && len(row) == 9 {
			shift = 0.5
		}
		for n, letter := range strings.Split(row, "") {
			list = append(list, key{strings.ToUpper(letter), "", shift + float32(n), i, 1, s.press(letter)})
		}
	}
	fits := func(label string, keys float32) bool { return s.KeySize(label, width(keys), high) > 0 }
	list = append(list, s.more(rows, change, fits)...)
	letters, words := s.KeySize("W", wide, high), float32(theme.Body)
	for _, k := range list {
		if size := s.KeySize(k.label, width(k.wide), high); k.word() && size > 0 {
			words = min(words, size)
		}
	}
	for _, k := range list {
		size := letters
		if k.word() {
			size = words
		}
		w := width(k.wide)
		s.put(s.Key(k.icon, k.label, size, w, high, k.act), in.X+k.at*(wide+gap), in.Y+float32(k.row)*(high+gap), w, high)
	}
}

// more are the keys that type nothing. fits says whether a word has room in a width
// counted in keys: where the words have none beside each other, the one that has an
// icon leaves its room to the others.
func (s *finder) more(rows int, change bool, fits func(label string, keys float32) bool) (list []key) {
	erase, clear := s.keys.Erase, s.keys.Clear
	if s.f.Typed == "" {
		erase, clear = nil, nil
	}
	other, act := "123", s.keys.Switch
	if s.f.Digits {
		other = "abc"
	} else if !strings.ContainsAny(s.f.Next, "0123456789") {
		act = nil
	}
	last, back, all := rows-1, s.Say("erase"), s.Say("find_clear")
	if s.Shape == Small {
		return []key{{other, "", 2, last, 2, act}, {back, "backspace", 4, last, 2, erase}, {all, "", 6, last, 2, clear}}
	}
	narrow := !fits(back, 1.5) || !fits(all, 1.5)
	switch {
	case change && !(fits("123", 1) && fits("abc", 1)):
		return []key{{back, "backspace", 9, last - 1, 1, erase}, {other, "", 7, last, 1.25, act}, {all, "", 8.25, last, 1.75, clear}}
	case narrow:
		list = []key{{back, "backspace", 7, last, 1, erase}, {all, "", 8, last, 2, clear}}
	default:
		list = []key{{back, "backspace", 7, last, 1.5, erase}, {all, "", 8.5, last, 1.5, clear}}
	}
	if change {
		list = append(list, key{other, "", 9, last - 1, 1, act})
	}
	return list
}

// press types a letter, where that leads on.
func (s *finder) press(letter string) func() {
	if letter == "" || !strings.Contains(s.f.Next, letter) {
		return nil
	}
	return func() { s.keys.Press(letter) }
}
