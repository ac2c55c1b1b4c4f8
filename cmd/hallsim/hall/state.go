package hall

import (
	"fmt"
	"slices"
	"time"

	"hallkiosk/kiosk/idcard/idcardtest"
	"hallkiosk/kiosk/scanner/scannertest"
	"hallkiosk/printer/printertest"
)

// State is the hall as GET /state tells it.
type State struct {
	Printer PrinterState      `json:"printer"`
	Reader  ReaderState       `json:"reader"`
	Scanner ScannerState      `json:"scanner"`
	Papers  []PaperState      `json:"papers"`  // oldest first, the newest 200
	Unknown []string          `json:"unknown"` // commands the printer doesn't carry out, in hexadecimal
	Lines   map[string]string `json:"lines"`   // device to device node; a device without power or cable is missing
	Screen  string            `json:"screen,omitempty"`
}

// PrinterState is the printer as one sees it standing in front of it.
type PrinterState struct {
	On        bool                `json:"on"`
	Cover     string              `json:"cover"`  // open, closed
	Paper     string              `json:"paper"`  // ok, near_end, out
	Faults    []printertest.Fault `json:"faults"` // empty is healthy
	Hanging   int                 `json:"hanging"`
	Waiting   int                 `json:"waiting"`
	Received  int64               `json:"received"`
	Overrun   int                 `json:"overrun"`
	Width     int                 `json:"width"`
	Retracted int                 `json:"retracted"` // papers that the exit has drawn in
	Pending   []PendingState      `json:"pending"`   // what was put off
	Answers   AnswersState        `json:"answers"`
	Model     ModelState          `json:"model"`
}

// PendingState is something yet to come: a fault, or bytes said.
type PendingState struct {
	Fault printertest.Fault `json:"fault,omitempty"`
	Say   string            `json:"say,omitempty"` // in hexadecimal
	Byte  int               `json:"byte,omitempty"`
	Dot   int               `json:"dot,omitempty"`
	Cut   int               `json:"cut,omitempty"`
}

// AnswersState is what POST /printer/answers has set.
type AnswersState struct {
	Only  printertest.Kind `json:"only"`
	Delay int64            `json:"delay"` // milliseconds
	Lose  int              `json:"lose"`  // still to lose; -1 is all
	Early bool             `json:"early"`
	Noise string           `json:"noise"` // in hexadecimal
}

// ModelState is what POST /printer/model has set.
type ModelState struct {
	Maker   string           `json:"maker"`
	Model   string           `json:"model"`
	JobID   bool             `json:"jobid"`
	QR      bool             `json:"qr"`
	Clear   bool             `json:"clear"`
	Reset   bool             `json:"reset"`
	Exit    printertest.Exit `json:"exit"` // custom, citizen; empty is open
	Speed   int              `json:"speed"`
	Rate    int              `json:"rate"`
	Buffer  int              `json:"buffer"`
	XonXoff bool             `json:"xonxoff"`
	Western bool             `json:"western"`
}

// ReaderState is the card reader.
type ReaderState struct {
	Card       string                  `json:"card"` // the kind of card that lies there; empty is none
	Reads      int                     `json:"reads"`
	Baud       int                     `json:"baud"`
	Unknown    []string                `json:"unknown"`
	Plugged    bool                    `json:"plugged"`
	Silent     bool                    `json:"silent"`
	FindsAgain bool                    `json:"finds_again"`
	LiftAt     int                     `json:"lift_at"` // byte of the next read's reply; 0 is never
	Fails      map[string]FailingState `json:"fails"`   // by command
	Delay      int64                   `json:"delay"`   // milliseconds, as Pause
	Pieces     int                     `json:"pieces"`
	Pause      int64                   `json:"pause"`
	Noise      string                  `json:"noise"`
	Spoiled    int                     `json:"spoiled"` // replies still to spoil; -1 is all
	Spoil      string                  `json:"spoil"`   // how, such as "xor" or "wrong 3"; empty is not
}

// FailingState is how a command fails, with SW3 in hexadecimal.
type FailingState struct {
	Next   []string `json:"next"`
	Always string   `json:"always"` // empty is not
}

// ScannerState is the scanner.
type ScannerState struct {
	Last     string `json:"last"` // the last code it read
	Triggers int    `json:"triggers"`
	Plugged  bool   `json:"plugged"`
	End      string `json:"end"`    // cr, lf, crlf, idle
	Coding   string `json:"coding"` // utf8, gbk
	Noise    string `json:"noise"`
}

// PaperState is one paper.
type PaperState struct {
	ID      int        `json:"id"`
	Text    []string   `json:"text"`
	QR      []string   `json:"qr"`
	Whole   bool       `json:"whole"`
	Bytes   int        `json:"bytes"`
	Hazards int        `json:"hazards"`
	Width   int        `json:"width"`
	Height  int        `json:"height"`
	First   *time.Time `json:"first"` // of its bytes off the line; null if it has none
	Last    *time.Time `json:"last"`
	Cut     time.Time  `json:"cut"`
	Taken   bool       `json:"taken"`
	Where   string     `json:"where"` // slot, held (inside the exit), bin (drawn in again), taken
}

// State tells the hall as it is now.
func (h *Hall) State() State {
	p, r, sc := h.Printer.State(), h.Reader.State(), h.Scanner.State()
	h.mu.Lock()
	defer h.mu.Unlock()
	s := State{
		Printer: printerState(p),
		Reader:  readerState(r),
		Scanner: scannerState(sc),
		Papers:  []PaperState{},
		Unknown: append([]string{}, p.Unknown...),
		Lines:   map[string]string{},
		Screen:  h.o.Screen,
	}
	for _, paper := range p.Papers {
		where := "slot"
		switch {
		case h.taken[paper.ID]:
			where = "taken"
		case paper == p.Held:
			where = "held"
		case slices.Contains(p.Bin, paper.ID):
			where = "bin"
		}
		s.Papers = append(s.Papers, PaperState{
			ID:   paper.ID,
			Text: append([]string{}, paper.Text...), QR: append([]string{}, paper.QR...),
			Whole: paper.Whole, Bytes: paper.Bytes, Hazards: paper.Hazards,
			Width: paper.Width, Height: paper.Height,
			First: moment(paper.First), Last: moment(paper.Last), Cut: paper.Cut,
			Taken: where == "taken", Where: where,
		})
	}
	for _, d := range h.devices {
		if d.line != nil {
			s.Lines[d.name] = d.line.Path()
		}
	}
	return s
}

func printerState(p printertest.State) PrinterState {
	o, a := p.Opts, p.Answers
	s := PrinterState{
		On: !p.Has(printertest.PowerOff), Cover: "closed", Paper: "ok",
		Faults:  append([]printertest.Fault{}, p.Faults...),
		Hanging: p.Hanging, Waiting: p.Waiting, Received: p.Received, Overrun: p.Overrun,
		Width: p.Width, Retracted: len(p.Bin),
		Pending: []PendingState{},
		Answers: AnswersState{Only: a.Only, Delay: a.Delay.Milliseconds(), Lose: a.Lose, Early: a.Early, Noise: digits(a.Noise)},
		Model: ModelState{
			Maker: o.Maker, Model: o.Model, JobID: o.JobID, QR: !o.NoQR, Clear: !o.NoClear, Reset: !o.NoReset,
			Exit: o.Exit, Speed: o.Speed, Rate: o.Rate, Buffer: o.Buffer, XonXoff: o.XonXoff, Western: o.Western,
		},
	}
	for _, t := range p.Pending {
		s.Pending = append(s.Pending, PendingState{Fault: t.Fault, Say: digits(t.Say), Byte: t.At.Byte, Dot: t.At.Dot, Cut: t.At.Cut})
	}
	if p.Has(printertest.CoverOpen) {
		s.Cover = "open"
	}
	switch {
	case p.Has(printertest.PaperOut):
		s.Paper = "out"
	case p.Has(printertest.NearEnd):
		s.Paper = "near_end"
	}
	return s
}

func readerState(r idcardtest.State) ReaderState {
	o := r.Opts
	s := ReaderState{
		Reads: r.Reads, Baud: r.Baud, Unknown: append([]string{}, r.Unknown...),
		Plugged: !r.Unplugged, Silent: r.Silent, FindsAgain: o.FindsAgain, LiftAt: r.LiftAt,
		Fails: map[string]FailingState{},
		Delay: o.Delay.Milliseconds(), Pieces: o.Pieces, Pause: o.Pause.Milliseconds(), Noise: digits(o.Noise),
		Spoiled: r.Spoiled,
	}
	if r.Card != nil {
		s.Card = r.Card.Kind
	}
	for c, f := range r.Fails {
		v := FailingState{Next: []string{}}
		for _, sw3 := range f.Next {
			v.Next = append(v.Next, fmt.Sprintf("%02X", sw3))
		}
		if f.Always != 0 {
			v.Always = fmt.Sprintf("%02X", f.Always)
		}
		s.Fails[string(c)] = v
	}
	switch how := r.Spoil; {
	case r.Spoiled == 0:
	case how.XOR:
		s.Spoil = "xor"
	case how.Wrong > 0:
		s.Spoil = fmt.Sprint("wrong ", how.Wrong)
	case how.Missing > 0:
		s.Spoil = fmt.Sprint("missing ", how.Missing)
	}
	return s
}

func scannerState(sc scannertest.State) ScannerState {
	s := ScannerState{Last: sc.Last, Triggers: sc.Triggers, Plugged: !sc.Unplugged, End: endName(sc.Opts), Coding: "utf8", Noise: digits(sc.Opts.Noise)}
	if sc.Opts.GBK {
		s.Coding = "gbk"
	}
	return s
}

func digits(b []byte) string { return fmt.Sprintf("%X", b) }

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
