package hall

import (
	"net/http"

	"hallkiosk/printer/printertest"
)

// faults are the verbs that break something. They may be put off.
var faults = map[string]printertest.Fault{
	"cover-open": printertest.CoverOpen, "paper-out": printertest.PaperOut, "paper-near": printertest.NearEnd,
	"jam": printertest.Jam, "cutter": printertest.Cutter, "hot": printertest.Hot, "fatal": printertest.Fatal,
	"offline": printertest.Offline, "silent": printertest.Silent, "xoff": printertest.Xoff,
	"off": printertest.PowerOff, "unplug": printertest.Unplugged,
}

// remedies are the verbs that mend something.
var remedies = map[string]func(p *printertest.Printer){
	"cover-close": func(p *printertest.Printer) { p.Set(printertest.CoverOpen, false) },
	"paper-new":   (*printertest.Printer).NewRoll,
	"clear":       (*printertest.Printer).Clear,
	"on":          func(p *printertest.Printer) { p.Set(printertest.PowerOff, false) },
	"plug":        func(p *printertest.Printer) { p.Set(printertest.Unplugged, false) },
}

// workPrinter is POST /printer/VERB. What plugs or unplugs comes back when the
// line is there, or has hung up.
func (h *Hall) workPrinter(r *http.Request) error {
	verb, q := r.PathValue("verb"), ask(r)
	fault, breaks := faults[verb]
	mend, mends := remedies[verb]
	switch {
	case breaks:
		var at printertest.At
		when(q, &at)
		if err := q.end(); err != nil {
			return err
		}
		h.Printer.SetAt(fault, at)
	case mends:
		var at printertest.At
		when(q, &at)
		if at != (printertest.At{}) {
			return bad("%s can't be put off", verb)
		}
		if err := q.end(); err != nil {
			return err
		}
		mend(h.Printer)
	case verb == "answers":
		return h.setAnswers(q)
	case verb == "say":
		return h.say(q)
	case verb == "model":
		return h.setModel(q)
	default:
		return missing("the printer has no %q", verb)
	}
	return h.settle(r, h.devices[0])
}

// when reads byte=N, dot=N or cut=N; none is now.
func when(q *query, at *printertest.At) {
	q.number("byte", 1, &at.Byte)
	q.number("dot", 1, &at.Dot)
	q.number("cut", 1, &at.Cut)
}

// setAnswers is POST /printer/answers.
func (h *Hall) setAnswers(q *query) error {
	var a printertest.Answers
	word(q, "only", &a.Only, append(printertest.Kinds, "")...)
	q.millis("delay", &a.Delay)
	q.number("lose", -1, &a.Lose)
	q.flag("early", &a.Early)
	q.hex("noise", &a.Noise)
	if err := q.end(); err != nil {
		return err
	}
	h.Printer.SetAnswers(a)
	return nil
}

// say is POST /printer/say.
func (h *Hall) say(q *query) error {
	var b []byte
	var at printertest.At
	q.hex("hex", &b)
	when(q, &at)
	if err := q.end(); err != nil {
		return err
	}
	if len(b) == 0 {
		return bad("hex= must say which bytes, such as 00 for a false answer to GS r")
	}
	h.Printer.SayAt(at, b...)
	return nil
}

// setModel is POST /printer/model.
func (h *Hall) setModel(q *query) error {
	read := func(o *printertest.Opts) {
		q.text("maker", &o.Maker)
		q.text("model", &o.Model)
		q.flag("jobid", &o.JobID)
		q.lacks("qr", &o.NoQR)
		q.lacks("clear", &o.NoClear)
		q.lacks("reset", &o.NoReset)
		exit := o.Exit
		if exit == printertest.Open {
			exit = "open"
		}
		word(q, "exit", &exit, "open", printertest.Custom, printertest.Citizen)
		if o.Exit = exit; exit == "open" {
			o.Exit = printertest.Open
		}
		q.number("speed", 0, &o.Speed)
		q.number("rate", 0, &o.Rate)
		q.number("buffer", 0, &o.Buffer)
		q.flag("xonxoff", &o.XonXoff)
		q.flag("western", &o.Western)
	}
	o := h.Printer.State().Opts
	read(&o)
	if err := q.end(); err != nil {
		return err
	}
	h.Printer.Setup(read)
	return nil
}
