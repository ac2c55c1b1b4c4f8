package configs

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"hallkiosk/kiosk"
)

const (
	mostBlocks  = 100 // of a layout; the shipped ones have some thirty
	longestText = 200 // bytes of a block's text
	mostSpace   = 400 // dots, five centimetres
)

// LoadLayouts reads how the papers look: one file for each kind, such as
// ticket.toml. A kind that the folder lacks looks as shipped. shown is how
// problems name the folder.
func LoadLayouts(fsys fs.FS, shown string) (kiosk.Layouts, Problems) {
	layouts := kiosk.Layouts{}
	var problems Problems
	own, err := fs.Sub(shipped, "papers")
	if err != nil {
		panic(err) // the folder is embedded
	}
	known := []string{}
	for _, kind := range kiosk.PaperKinds {
		name := string(kind) + ".toml"
		known = append(known, name)
		from, at := fsys, path.Join(shown, name)
		if _, err := fs.Stat(fsys, name); err != nil {
			from = own
		}
		l, ps := loadLayout(from, name, at, kind)
		layouts[kind] = l
		problems = append(problems, ps...)
	}
	names, _ := fs.Glob(fsys, "*.toml") // the pattern is a constant
	for _, name := range names {
		if !slices.Contains(known, name) {
			problems = append(problems, Problem{File: path.Join(shown, name), En: "nothing is printed by this file. Names that are: " + strings.Join(known, ", ") + ".",
				Zh: "没有用到这个文件，可用的名字：" + strings.Join(known, "、") + "。"})
		}
	}
	return layouts, problems
}

// ShippedLayouts returns the layouts that come with the programs.
func ShippedLayouts() kiosk.Layouts {
	l, problems := LoadLayouts(os.DirFS("/nonexistent"), "papers")
	if len(problems) > 0 {
		panic(problems) // a test reads them
	}
	return l
}

func loadLayout(fsys fs.FS, name, shown string, kind kiosk.PaperKind) (kiosk.Layout, Problems) {
	var l kiosk.Layout
	f, _ := decode(fsys, name, shown, &l)
	if f.unread {
		return l, f.problems
	}
	if len(l.Blocks) > mostBlocks {
		f.addf("block[100]", "%d blocks, at most %d are possible. Remove some.", "有 %d 段，最多 %d 段，请删掉一些。", len(l.Blocks), mostBlocks)
		return l, f.problems
	}
	for i, b := range l.Blocks {
		checkBlock(f, fmt.Sprintf("block[%d]", i), b)
	}
	if len(f.problems) == 0 {
		checkNeeds(f, l)
	}
	return l, f.problems.sorted()
}

// always are the values that every ticket has.
var always = map[string]bool{"hall": true, "number": true, "id": true, "queue": true, "zone": true, "windows": true, "time": true, "day": true, "kiosk": true}

// checkNeeds finds a layout that prints papers which are worth nothing, or can
// pass for another one: in every language, and for every ticket, there must be
// the number, the code, and on a reprint its mark.
func checkNeeds(f *file, l kiosk.Layout) {
	for _, need := range []struct{ value, en, zh string }{
		{"number", "the number", "号码"}, {"id", "the code, qr = \"{id}\"", "二维码 qr = \"{id}\""}, {"attempt", "the mark of a reprint", "重印标记"},
	} {
		for _, lang := range kiosk.Langs {
			if slices.ContainsFunc(l.Blocks, func(b kiosk.Block) bool { return shows(b, lang, need.value) }) {
				continue
			}
			f.add("block[0]", fmt.Sprintf("the paper lacks {%s} in language %s: %s, in a block that no other value or condition can leave out. Put it in.", need.value, lang, need.en),
				fmt.Sprintf("%s 的纸上缺 {%s}：%s，要写在不会因为别的值或条件而省掉的一段里，请加上。", lang, need.value, need.zh))
			break
		}
	}
}

// shows says whether a block shows a value on every ticket that has it.
func shows(b kiosk.Block, lang kiosk.Lang, value string) bool {
	text := b.In(lang)
	if value == "id" {
		text = b.QR
	}
	if b.Unless != "" || b.When != "" && b.When != value && !always[b.When] {
		return false
	}
	there := false
	pieces, _ := kiosk.Pieces(text) // was looked at
	for _, p := range pieces {
		if p.Value != "" && p.Value != value && !always[p.Value] {
			return false
		}
		there = there || p.Value == value
	}
	return there
}

func checkBlock(f *file, at string, b kiosk.Block) {
	texts := []struct{ key, text string }{{"text", b.Text}, {"zh", b.Zh}, {"hant", b.Hant}, {"en", b.En}, {"qr", b.QR}}
	list := ""
	for _, t := range texts {
		if t.text == "" {
			continue
		}
		key := at + "." + t.key
		if len(t.text) > longestText {
			f.addf(key, "%d bytes of text, at most %d are possible. Write two blocks.", "文字有 %d 字节，最多 %d，请分成两段。", len(t.text), longestText)
		}
		if strings.ContainsFunc(t.text, func(r rune) bool { return r < ' ' || r == 0x7F }) {
			f.add(key, "a control character. Write one line of plain text.", "有控制字符，请只写一行文字。")
		}
		pieces, err := kiosk.Pieces(t.text)
		if err != nil {
			f.addf(key, "%s. `kiosk preview -values` lists the values.", "写法不对：%s。kiosk preview -values 列出可用的值。", err)
			continue
		}
		joined := 0
		for _, p := range pieces {
			l := kiosk.List(p.Value)
			if l != "" && list != "" && l != list {
				f.addf(key, "values of two lists, %s and %s, in one block. Write a block for each.", "一段里有两个列表 %s 和 %s，请分成两段。", list, l)
			}
			if l != "" {
				list = l
			}
			if p.Value == "items" || p.Value == "materials" {
				joined++
			}
		}
		if joined > 1 {
			f.add(key, "{items} and {materials} twice in one block: there is room for one. Write a block for each.", "一段里写了两次 {items} 或 {materials}，放不下，请分成两段。")
		}
	}
	kinds := 0
	for _, is := range []bool{b.Text != "" || b.Zh != "", b.QR != "", b.Rule, b.Space != 0} {
		if is {
			kinds++
		}
	}
	switch {
	case b.Text != "" && b.Zh+b.Hant+b.En != "":
		f.add(at+".text", "text and zh, hant or en in one block. Use text, or zh with hant and en.", "text 和 zh、hant、en 只能用一种。")
	case b.Zh == "" && b.Hant+b.En != "":
		f.add(at, "zh is missing: it stands for every language that isn't given. Write it.", "缺 zh，没写的语言都用它，请补上。")
	case kinds != 1:
		f.add(at, "a block is one of text (or zh), qr, rule and space. Write exactly one.", "一段只能是 text（或 zh）、qr、rule、space 中的一种，请写一种。")
	}
	low, up := 1, 8
	if b.QR != "" {
		low, up = 2, 12
	}
	if b.Size != 0 && (b.Size < low || b.Size > up) {
		f.addf(at+".size", "size is %d. Write %d to %d.", "size 是 %d，请写 %d 到 %d。", b.Size, low, up)
	}
	if b.Space < 0 || b.Space > mostSpace {
		f.addf(at+".space", "space is %d dots. Write 1 to %d; 8 are a millimetre.", "space 是 %d 点，请写 1 到 %d，8 点一毫米。", b.Space, mostSpace)
	}
	if b.Align != "" && b.Align != "left" && b.Align != "center" && b.Align != "right" {
		f.addf(at+".align", "align is %q. Write left, center or right.", "align 是 %q，只能写 left、center、right。", b.Align)
	}
	for _, c := range []struct{ key, value string }{{"when", b.When}, {"unless", b.Unless}} {
		if _, known := kiosk.PaperValues[c.value]; c.value != "" && !known {
			f.addf(at+"."+c.key, "no value %q. `kiosk preview -values` lists them.", "没有 %q 这个值，kiosk preview -values 列出可用的值。", c.value)
		}
	}
}
