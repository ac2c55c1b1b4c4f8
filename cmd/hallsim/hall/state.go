package hall

import (
	"time"

	"hallkiosk/printer/printertest"
)

// State is the hall as GET /state tells it.
type State struct {
	Printer PrinterState      `json:"printer"`
	Reader  ReaderState       `json:"reader"`
	Scanner ScannerState      `json:"scanner"`
	Papers  []PaperState      `json:"papers"`  // oldest first, the newest 200
	Unknown []string          `json:"unknown"` // commands the printer doesn't carry out, in hexadecimal
	Lines   map[string]string `json:"lines"`   // device to device node; a device without power is missing
	Screen  string            `json:"screen,omitempty"`
}

// PrinterState is the printer as one sees it standing in front of it.
type PrinterState struct {
	On       bool                `json:"on"`
	Cover    string              `json:"cover"`  // open, closed
	Paper    string              `json:"paper"`  // ok, near_end, out
	Faults   []printertest.Fault `json:"faults"` // empty is healthy
	Hanging  int                 `json:"hanging"`
	Waiting  int                 `json:"waiting"`
	Received int64               `json:"received"`
	Overrun  int                 `json:"overrun"`
	Width    int                 `json:"width"`
}

// ReaderState is the card reader.
type ReaderState struct {
	Card    string   `json:"card"` // the kind of card that lies there; empty is none
	Reads   int      `json:"reads"`
	Baud    int      `json:"baud"`
	Unknown []string `json:"unknown"`
}

// ScannerState is the scanner.
type ScannerState struct {
	Last     string `json:"last"` // the last code it read
	Triggers int    `json:"triggers"`
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
}

// State tells the hall as it is now.
func (h *Hall) State() State {
	p, r, sc := h.Printer.State(), h.Reader.State(), h.Scanner.State()
	h.mu.Lock()
	defer h.mu.Unlock()
	s := State{
		Printer: PrinterState{
			On: !p.Has(printertest.PowerOff), Cover: "closed", Paper: "ok",
			Faults:  append([]printertest.Fault{}, p.Faults...),
			Hanging: p.Hanging, Waiting: p.Waiting, Received: p.Received, Overrun: p.Overrun,
			Width: p.Width,
		},
		Reader:  ReaderState{Reads: r.Reads, Baud: r.Baud, Unknown: append([]string{}, r.Unknown...)},
		Scanner: ScannerState{Last: sc.Last, Triggers: sc.Triggers},
		Papers:  []PaperState{},
		Unknown: append([]string{}, p.Unknown...),
		Lines:   map[string]string{},
		Screen:  h.o.Screen,
	}
	if r.Card != nil {
		s.Reader.Card = r.Card.Kind
	}
	if p.Has(printertest.CoverOpen) {
		s.Printer.Cover = "open"
	}
	switch {
	case p.Has(printertest.PaperOut):
		s.Printer.Paper = "out"
	case p.Has(printertest.NearEnd):
		s.Printer.Paper = "near_end"
	}
	for _, paper := range p.Papers {
		s.Papers = append(s.Papers, PaperState{
			ID:   paper.ID,
			Text: append([]string{}, paper.Text...), QR: append([]string{}, paper.QR...),
			Whole: paper.Whole, Bytes: paper.Bytes, Hazards: paper.Hazards,
			Width: paper.Width, Height: paper.Height,
			First: moment(paper.First), Last: moment(paper.Last), Cut: paper.Cut,
			Taken: paper.ID <= h.taken,
		})
	}
	for _, d := range h.devices {
		if d.line != nil {
			s.Lines[d.name] = d.line.Path()
		}
	}
	return s
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
