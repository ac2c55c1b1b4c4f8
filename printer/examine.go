package printer

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/printer/escpos"
)

// Held says whether a promise of a profile held.
type Held string

// How a promise can fare.
const (
	Yes  Held = "yes"
	No   Held = "no"
	Look Held = "look" // only the test page tells
)

// Finding is one promise of the profile, looked into.
type Finding struct {
	What string `json:"what"` // in Chinese and English
	Held Held   `json:"held"`
	Note string `json:"note,omitempty"` // what was seen, or where to look
}

// Examination is what a printer says of itself and which promises of its
// profile held.
type Examination struct {
	Maker    string           `json:"maker,omitempty"`
	Model    string           `json:"model,omitempty"`
	Fault    kiosk.Fault      `json:"fault,omitempty"`
	Findings []Finding        `json:"findings"`
	Page     kiosk.PrintState `json:"page"` // what became of the test page
}

func (x *Examination) find(what string, held bool, note string, args ...any) {
	h := No
	if held {
		h = Yes
	}
	x.Findings = append(x.Findings, Finding{what, h, fmt.Sprintf(note, args...)})
}

func (x *Examination) look(what, note string, args ...any) {
	x.Findings = append(x.Findings, Finding{what, Look, fmt.Sprintf(note, args...)})
}

// Examine asks the printer who it is, tries what its profile promises, and prints
// a test page. It waits for a ticket that is printing and holds up the next one.
// The error says that the line is gone or silent; then nothing was printed.
func (d *Dev) Examine(context.Context) (Examination, error) {
	d.busy.Lock()
	defer d.busy.Unlock()
	x := Examination{Page: kiosk.NotPrinted}
	f, err := d.ready()
	if x.Fault = d.note(f, err); err != nil {
		return x, &kiosk.Error{Code: kiosk.EUnavailable, Op: "examine the printer", Err: err, Message: "打印机没有应答。",
			Hint: d.String() + " doesn't answer: check power, cable and [printer] baud"}
	}
	x.find("状态应答 / answers DLE EOT", true, "10 04 1-4")
	if f.Serious() != 0 {
		return x, nil // the rest would only tell of the fault
	}
	x.find("打完应答 / answers GS r", true, "1D 72 01")
	x.Maker, x.Model = d.block(escpos.Maker), d.block(escpos.Model)
	d.examineJobID(&x)
	d.examineClear(&x)
	if d.o.Profile.Eject == Custom {
		there, err := d.atOutput()
		x.find("出纸器应答 / ejector answers", err == nil, "1D 65 06，出口有纸 / paper at the output: %v", there)
	}
	d.examinePage(&x)
	return x, nil
}

// block asks a question that is answered by a block, "" for silence.
func (d *Dev) block(question []byte) string {
	if d.c.Tx(question, nil) != nil {
		return ""
	}
	until := d.o.Now().Add(answer)
	for {
		r, err := d.reply(until)
		if err != nil {
			return ""
		}
		if r.Kind == escpos.Block {
			return strings.TrimPrefix(string(r.Data), "_")
		}
	}
}

func (d *Dev) examineJobID(x *Examination) {
	id := [4]byte{'T', 'E', 'S', 'T'}
	answered := false
	if d.c.Tx(escpos.JobEnd(id), nil) == nil {
		until := d.o.Now().Add(answer)
		for !answered {
			r, err := d.reply(until)
			if err != nil {
				break
			}
			answered = r.Kind == escpos.JobDone && [4]byte(r.Data) == id
		}
	}
	const what = "报任务编号 / answers GS ( H"
	switch {
	case d.o.Profile.JobID:
		x.find(what, answered, "1D 28 48")
	case answered:
		x.look(what, "型号没有写，而它会答：可以写 job_id = true / it answers though its model doesn't say so: job_id may be true")
	}
}

func (d *Dev) examineClear(x *Examination) {
	if string(d.o.Profile.Clear) != string(escpos.ClearDC4) {
		return // the others are not answered
	}
	x.find("清缓冲 / empties its buffers", d.block(escpos.ClearDC4) == cleared, "10 14 08, 37 25 00")
}

// examinePage prints the test page and takes its time.
func (d *Dev) examinePage(x *Examination) {
	test := TestPage(d.o.Profile)
	page := append(test.Bytes, d.o.Profile.present()...)
	d.begins(test)
	d.long = max(256, test.Picture)
	id := [4]byte{'P', 'A', 'G', 'E'}
	began := d.o.Now()
	if err := d.c.Tx(append(page[:len(page):len(page)], d.question(id)...), nil); err != nil {
		d.late, x.Page = true, kiosk.PrintUnknown
		return
	}
	x.Page, x.Fault = d.confirm(id, d.patience(len(page), test.Dots))
	took := d.o.Now().Sub(began)
	x.find("测试页 / test page", x.Page == kiosk.Printed, "%s %s,%d 字节 / bytes,%s", x.Page, x.Fault, len(page), took.Round(10*time.Millisecond))
	x.look("宽度 / width", "标尺要印满一行，到 %d 毫米 / the ruler reaches %[1]d mm and is whole", d.o.Profile.Width/8)
	x.look("汉字 / Chinese", "一级、二级的字都认得出 / levels 1 and 2 can be read")
	x.look("放大 / sizes", "1 到 %d 倍，一行比一行大 / each line is larger", d.o.Profile.Scale)
	x.look("二维码 / QR", "三个码都能扫 / all three can be scanned")
	x.look("切纸 / cut", "纸切断了，没有切到字 / cut, and no letter with it")
}

// TestPage is what a technician looks at: a ruler, Chinese of both levels, every
// size, characters as dots, codes in three sizes, and a cut.
func TestPage(p Profile) Page {
	columns := p.Width / cell
	r := renderer{s: Slip{Profile: p}, columns: columns}
	b := &r.b
	b.Init()
	b.Line(fmt.Sprintf("%d dots, %d mm", p.Width, p.Width/8))
	b.Raster(ruler(p.Width))
	b.Line(strings.Repeat("1234567890", 8)[:columns])
	b.Line("一级 啊阿埃挨哎唉哀皑癌")
	b.Line("     座做作坐咗左昨")
	b.Line("二级 亍丌兀丐廿卅丕亘丞")
	b.Line("     黼黹鼯鼹鼾齄")
	r.line("GBK  國號碼證機關臺灣門", 1, 1, false)
	r.line("点阵 ¥ 100", 1, 1, false)
	for size := 1; size <= p.Scale; size++ {
		b.Size(size, size)
		b.Line(strconv.Itoa(size) + "号")
	}
	b.Size(1, 1)
	for _, dots := range []int{3, 5, 7} {
		b.Line(fmt.Sprintf("QR %d", dots))
		r.code(fmt.Sprintf("HALLKIOSK TEST %d", dots), dots)
		b.Feed(16)
	}
	b.Cut()
	return pageOf(b)
}

// ruler has a tick each millimetre, longer ones at 5 and 10.
func ruler(width int) (int, []byte) {
	b := newBitmap(width, 24)
	for x := 0; x < width; x++ {
		b.set(x, 0)
		if x%8 != 0 && x != width-1 {
			continue
		}
		length := 8
		if x%40 == 0 {
			length = 14
		}
		if x%80 == 0 || x == width-1 {
			length = 24
		}
		for y := range length {
			b.set(x, y)
		}
	}
	return b.width, b.rows
}
