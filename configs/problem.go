package configs

import (
	"fmt"
	"sort"
	"strings"
)

// Problem is one thing wrong with a file, as a line to act on.
type Problem struct {
	File      string
	Line, Col int    // count from 1; 0 when the file as a whole is meant
	En        string // what is wrong and what to do
	Zh        string // the same for the technician at the machine
	Mild      bool   // worth knowing, but no reason not to run, such as a device that may come later
}

// String returns FILE:LINE:COL: what is wrong, what to do, in English and
// Chinese.
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	}
	return where + ": " + p.En + " | " + p.Zh
}

// Problems are all that is wrong, in the order of the file. As an error they
// read one a line.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Fatal returns the problems without those that are mild.
func (ps Problems) Fatal() Problems {
	var rest Problems
	for _, p := range ps {
		if !p.Mild {
			rest = append(rest, p)
		}
	}
	return rest
}

func (ps Problems) sorted() Problems {
	sort.SliceStable(ps, func(i, j int) bool {
		a, b := ps[i], ps[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Col < b.Col
	})
	return ps
}

// closest returns the word of known that word was most likely meant to be, or
// "" when none is near.
func closest(word string, known []string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, change or swap with their
// neighbour (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
