package kiosk

import (
	"fmt"
	"strings"
)

// PaperKind names one of the papers a printer makes of a ticket.
type PaperKind string

// The kinds of paper. Each has a Layout of its own.
const (
	PaperTicket  PaperKind = "ticket"  // the number
	PaperPromise PaperKind = "promise" // the number, what is missing and by when
	PaperPlan    PaperKind = "plan"    // the number and the steps of a theme
	PaperReceipt PaperKind = "receipt" // says that a number was given; it can't be queued with
)

// PaperKinds are all kinds.
var PaperKinds = []PaperKind{PaperTicket, PaperPromise, PaperPlan, PaperReceipt}

// Kind says which paper the job is for.
func (j PrintJob) Kind() PaperKind {
	if j.Paper != "" {
		return j.Paper
	}
	return j.Ticket.Paper()
}

// Layouts say how each kind of paper looks.
type Layouts map[PaperKind]Layout

// Layout is how a paper looks, from top to bottom. It ends with a cut.
type Layout struct {
	Blocks []Block `toml:"block"`
}

// Block is one part of a Layout: text, a code, a rule or white space.
//
// Text may hold values in braces, such as {number}; see PaperValues. A block of
// which a value is empty is left out. Values with a dot, such as {item.name},
// are of a list: the block, with its neighbours that name the same list, is
// repeated for each member.
type Block struct {
	Text   string `toml:"text"` // in every language, or
	Zh     string `toml:"zh"`   // in each
	Hant   string `toml:"hant"`
	En     string `toml:"en"`
	QR     string `toml:"qr"`     // a code with this in it
	Rule   bool   `toml:"rule"`   // a line across
	Space  int    `toml:"space"`  // white, in dots; 8 are a millimetre
	Size   int    `toml:"size"`   // magnification of text, 1 to 8; dots of a module of a code, 2 to 12
	Bold   bool   `toml:"bold"`   //
	Align  string `toml:"align"`  // left, center or right; empty is center
	When   string `toml:"when"`   // only if this value isn't empty
	Unless string `toml:"unless"` // only if this value is empty
}

// In returns the block's text in lang.
func (b Block) In(lang Lang) string {
	if b.Text != "" {
		return b.Text
	}
	return Text{Zh: b.Zh, Hant: b.Hant, En: b.En}.In(lang)
}

// PaperValues are the values that a Layout may name, with what they are, for
// people. Those with a dot belong to a list.
var PaperValues = map[string]string{
	"hall": "大厅 / the hall", "number": "号码 / the number", "id": "取号编号，扫码用 / the ticket's id, for the code",
	"queue": "队列 / the queue's name", "zone": "区的字母 / the zone's letter", "zone_name": "区 / the zone", "windows": "窗口 / windows", "windows_en": "英文的窗口，例如 windows 21-26 / windows in English, such as windows 21-26", "way": "怎么走 / the way there",
	"ahead": "前面几人，没有人时为空 / people ahead, empty if none", "low": "最少等几分钟 / minutes at the least", "high": "最多等几分钟 / minutes at the most",
	"slot":    "预约的时段，没有预约时为空 / the slot that was booked, empty without a booking",
	"holiday": "放什么假，没有放假时为空 / the holiday it was taken on or before, empty if none",
	"opens":   "几时开始叫号，已开时为空 / when calling starts, empty if it has", "time": "取号时间 / when it was taken", "day": "号码的日期 / the day of the number",
	"kiosk": "机器 / the kiosk", "attempt": "第几张，第一张为空 / which paper it is, empty for the first",
	"items": "事项，一行 / the items in one line", "materials": "必带的材料，一行 / the essential papers in one line",
	"item.name": "每个事项 / each item", "material.name": "每样必带的材料 / each essential paper",
	"missing.name": "每样待补的材料 / each promised paper", "due": "补齐的期限 / until when they are promised",
	"theme": "主题 / the theme", "step.n": "第几步 / number of the step", "step.name": "每一步 / each step", "step.note": "说明 / its note",
	"then.zone": "随后去的区 / the zones to go to afterwards", "then.windows": "随后去的窗口 / their windows", "then.windows_en": "英文的随后去的窗口 / theirs in English", "then.name": "在那里办的事 / what is done there",
	"step.zone": "这一步的区 / its zone", "step.windows": "这一步的窗口 / its windows", "step.windows_en": "英文的这一步的窗口 / its windows in English",
}

// Piece is a part of a block's text: plain text, or the name of a value.
type Piece struct {
	Plain string
	Value string
}

// Pieces splits the text of a block at its values. The error says what is wrong
// with the braces or names the value that doesn't exist.
func Pieces(text string) ([]Piece, error) {
	var out []Piece
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			return append(out, Piece{Plain: text}), nil
		}
		if text[i] == '}' {
			return nil, fmt.Errorf("} without { in %q", text)
		}
		if i > 0 {
			out = append(out, Piece{Plain: text[:i]})
		}
		name, rest, ok := strings.Cut(text[i+1:], "}")
		if !ok {
			return nil, fmt.Errorf("{ without } in %q", text)
		}
		if _, known := PaperValues[name]; !known {
			return nil, fmt.Errorf("no value {%s}", name)
		}
		out = append(out, Piece{Value: name})
		text = rest
	}
	return out, nil
}

// List returns the list that a value belongs to, "" for a single value.
func List(value string) string {
	list, _, ok := strings.Cut(value, ".")
	if !ok {
		return ""
	}
	return list
}
