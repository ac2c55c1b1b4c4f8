package terminal

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
)

// paperFate is how long take waits to learn what became of the paper.
const paperFate = 15 * time.Second

// backend answers the technician's verbs.
type backend struct{ k *terminal }

var _ control.Backend = backend{}

func (b backend) Take(ctx context.Context, r kiosk.Request) (control.TakeReply, error) {
	if b.k.devices.doubled() {
		return control.TakeReply{}, &kiosk.Error{Code: kiosk.EConflict, Op: "take a number", Message: "另一台机器用了同一个编号，暂停取号。", Hint: doubleHint}
	}
	t, err := b.k.desk.Take(ctx, r)
	if err != nil {
		return control.TakeReply{}, err
	}
	return b.fate(ctx, t), nil
}

// Reprint prints a ticket once more.
func (b backend) Reprint(ctx context.Context, r control.Reprint) (control.TakeReply, error) {
	if r.Paper != "" && !slices.Contains(kiosk.PaperKinds, r.Paper) {
		return control.TakeReply{}, &kiosk.Error{Code: kiosk.EInvalid, Op: "print again", Message: "没有这种小票：" + string(r.Paper), Hint: fmt.Sprintf("paper %q is none of %v", r.Paper, kiosk.PaperKinds)}
	}
	if r.Ticket == "" {
		n, err := kiosk.ParseNumber(r.Number)
		if err != nil {
			return control.TakeReply{}, err
		}
		t, err := b.k.store.Find(ctx, n)
		if err != nil {
			return control.TakeReply{}, err
		}
		r.Ticket = t.ID
	}
	job, err := b.k.desk.Again(ctx, r.Ticket, r.Paper)
	if err != nil {
		return control.TakeReply{}, err
	}
	return b.fate(ctx, job.Ticket), nil
}

// fate waits for the end of a ticket's newest paper.
func (b backend) fate(ctx context.Context, t kiosk.Ticket) control.TakeReply {
	reply := control.TakeReply{ID: t.ID, Number: t.Number.String(), Queue: t.Queue, Ahead: t.Ahead, Print: kiosk.PrintQueued}
	ctx, cancel := context.WithTimeout(ctx, paperFate)
	defer cancel()
	for seen := kiosk.PrintState(""); ; {
		job, err := b.k.desk.Await(ctx, t.ID, seen)
		if err != nil {
			return reply // the number stands; the paper is still on its way
		}
		if seen = job.State; seen.Ended() {
			reply.Print, reply.Cause = job.State, job.Cause
			return reply
		}
	}
}

func (b backend) Status(ctx context.Context) (control.Status, error) {
	k := b.k
	s := control.Status{Version: k.o.Version, Kiosk: kiosk.KioskID(k.cfg.Kiosk.ID), Hall: kiosk.HallID(k.cfg.Kiosk.Hall), Epoch: k.store.Epoch(),
		Store: k.cfg.Store.Path, Day: k.today()}
	var err error
	if s.Queues, err = k.store.Waiting(ctx, s.Day); err != nil {
		return s, err
	}
	if _, s.Unsent, err = k.store.Pending(ctx); err != nil {
		return s, err
	}
	s.Orders = k.desk.Orders()
	s.Devices = append(append([]control.Device{b.printer()}, k.deviceStates()...), k.storeState(), k.catalogState(), k.voiceState(), k.windowState())
	if s.Center, err = k.centerState(ctx); err != nil {
		return s, err
	}
	if screen, err := b.shown(ctx, 200*time.Millisecond); err == nil {
		s.Screen = screen.Name
	}
	return s, nil
}

func (b backend) printer() control.Device {
	d := control.Device{Name: "printer", Port: b.k.cfg.Printer.Port, State: string(kiosk.FaultUnfitted)}
	if b.k.dev == nil {
		return d
	}
	fault := b.k.printerFault()
	d.State, d.Hint = string(fault), hints[fault]
	if fault == kiosk.FaultNone {
		d.State = "ready"
	}
	return d
}

// windowState tells the technician whether other windows can get in the citizen's way.
func (k *terminal) windowState() control.Device {
	d := control.Device{Name: "window", State: string(kiosk.FaultUnfitted)}
	if k.app == nil {
		return d
	}
	d.State = "ready"
	if err := k.app.Unguarded(); err != nil {
		d.State = "unguarded"
		d.Hint = fmt.Sprintf("连不上 X，别的窗口可能盖住取号机或占用键盘；在不断重试 / other windows may cover the kiosk's or take its keyboard; it is tried again and again: %v", err)
	}
	return d
}

// Hint tells the technician what to do about a printer's fault.
func Hint(f kiosk.Fault) string { return hints[f] }

// hints tell the technician what to do about a printer.
var hints = map[kiosk.Fault]string{
	kiosk.FaultNearEnd: "纸快用完，请备一卷 / the roll is almost used up: keep a new one at hand",
	kiosk.FaultPaper:   "没有纸，请装纸并合上盖子 / paper end: load a roll and close the cover",
	kiosk.FaultCover:   "盖子开着，请合上 / close the cover",
	kiosk.FaultJam:     "卡纸，请取出 / clear the jam",
	kiosk.FaultCutter:  "切刀卡住，请清理 / clear the cutter",
	kiosk.FaultHot:     "打印头过热，会自己恢复 / the head is hot, it recovers by itself",
	kiosk.FaultOffline: "打印机离线，请检查面板 / offline: look at its panel",
	kiosk.FaultFatal:   "打印机故障，请断电重开，不行就送修 / switch off and on; if it stays, send it to service",
	kiosk.FaultGone:    "端口不见了，请检查线和电源 / the port is gone: check the cable and the power",
	kiosk.FaultJournal: "磁盘写不了，没有打印 / the disk refuses the journal: free some space",
	kiosk.FaultRestart: "程序重启，没有打印 / restarted before it could print",
	kiosk.FaultSilent:  "打印机没有应答，请检查电源、波特率 / no answer: check power, cable and baud",
}

var errHeadless = &kiosk.Error{Code: kiosk.EUnavailable, Message: "这台机器没有开触摸屏。", Hint: "the kiosk runs -headless and shows no screen"}

func (b backend) Screen(ctx context.Context) (control.Screen, error) {
	return b.shown(ctx, 5*time.Second)
}

func (b backend) shown(ctx context.Context, patience time.Duration) (control.Screen, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if b.k.app == nil {
		return control.Screen{}, errHeadless
	}
	snap, err := b.k.app.Screen(ctx)
	if err != nil {
		return control.Screen{}, err
	}
	s := control.Screen{Name: snap.Name, Texts: snap.Texts, Width: snap.Width, Height: snap.Height, Targets: []control.Target{}}
	for _, t := range snap.Targets {
		s.Targets = append(s.Targets, target(t))
	}
	return s, nil
}

func target(t widget.Target) control.Target {
	px := func(v float32) int { return int(math.Round(float64(v))) }
	return control.Target{Label: t.Label, X: px(t.X), Y: px(t.Y), Width: px(t.Width), Height: px(t.Height)}
}

func (b backend) Shot(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if b.k.app == nil {
		return nil, errHeadless
	}
	return b.k.app.Shot(ctx)
}
