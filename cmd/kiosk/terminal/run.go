// Package terminal is the running kiosk: the parts wired together, from the
// serial ports to the window and the technician's socket.
package terminal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boombuler/barcode/qr"
	"periph.io/x/conn/v3/gpio"

	"hallkiosk/configs"
	"hallkiosk/display"
	"hallkiosk/display/screen"
	"hallkiosk/display/voice"
	"hallkiosk/display/xserver"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/cabinet"
	find "hallkiosk/kiosk/catalog"
	"hallkiosk/kiosk/control"
	"hallkiosk/kiosk/desk"
	"hallkiosk/kiosk/serialport"
	"hallkiosk/kiosk/sqlite"
	"hallkiosk/printer"
	"hallkiosk/printer/escpos"
)

// Opts are what a terminal works with.
type Opts struct {
	Config   configs.Kiosk // checked
	Catalog  *kiosk.Catalog
	Headless bool // everything but the window
	Version  string
	Out      io.Writer // what this machine has and lacks, and "kiosk: ready"

	Now    func() time.Time                      // the machine's clock; nil is time.Now
	Synced func() bool                           // a time server keeps it; nil asks the kernel
	Line   func(name string) (gpio.PinIO, error) // a GPIO line; nil is the machine's own
}

// Run runs the terminal until ctx is done. With a window it must be called on
// the main goroutine of the process. Errors: EBusy when another kiosk runs on
// the same store or socket; the parts' own.
func Run(ctx context.Context, o Opts) error {
	if name := os.Getenv("DISPLAY"); !o.Headless && !xserver.Answers(name) {
		return &kiosk.Error{Code: kiosk.EUnavailable, Message: "没有显示屏。", Hint: fmt.Sprintf("no X server on DISPLAY=%q: start one, or use -headless", name)}
	}
	k, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer k.close()
	k.announce()
	k.lock() // somebody may have broken in before a restart

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work sync.WaitGroup
	var mu sync.Mutex
	var failure error // of a part that ended by itself
	part := func(name string, f func() error) {
		if err := guard(name, f); err != nil {
			mu.Lock()
			failure = errors.Join(failure, err)
			mu.Unlock()
			cancel()
		}
	}
	shown := make(chan struct{})
	ready := func() {
		fmt.Fprintln(o.Out, "kiosk: ready")
		close(shown)
	}
	hourly := time.NewTicker(backupEvery)
	defer hourly.Stop()
	for name, f := range map[string]func() error{
		"upkeep": func() error { // after the first screen, which it would keep from the disk
			select {
			case <-shown:
			case <-ctx.Done():
			}
			return k.upkeep(ctx, hourly.C)
		},
		"print":   func() error { k.desk.Run(ctx); return nil },
		"output":  func() error { k.tend(ctx); return nil },
		"staff":   func() error { k.callStaff(ctx); return nil },
		"cards":   func() error { k.readCards(ctx); return nil },
		"codes":   func() error { k.readCodes(ctx); return nil },
		"cabinet": func() error { k.workCabinet(ctx); return nil },
		"look":    func() error { k.lookAfterPrinter(ctx); return nil },
		"socket":  func() error { return k.serve(ctx) },
		"uplink":  func() error { k.send(ctx); return nil },
		"news":    func() error { k.listen(ctx); return nil },
	} {
		work.Go(func() { part(name, f) })
	}
	if o.Headless {
		ready()
		<-ctx.Done()
	} else {
		part("screen", func() error { k.app.Run(ctx, ready); return nil })
		cancel()
	}
	work.Wait()
	return failure
}

// guard turns a panic of a part into an error, so that the process ends with
// "restart me": Go's own exit code for it, 2, would say "mend the config".
func guard(part string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &kiosk.Error{Code: kiosk.EInternal, Op: part, Message: "程序出错，正在重启。", Hint: fmt.Sprintf("%v\n%s", p, debug.Stack())}
		}
	}()
	return f()
}

// terminal is a running kiosk: the parts and how they are wired.
type terminal struct {
	o       Opts
	cfg     configs.Kiosk
	catalog *kiosk.Catalog
	version string // of the catalog
	store   *sqlite.Store
	unsaved atomic.Pointer[unsaved] // nil when the last backup succeeded
	clock   *kiosk.Clock
	port    *serialport.Port
	dev     *printer.Dev // nil when none is fitted
	desk    *desk.Desk
	app     *display.App // nil when headless
	voice   *voice.Voice // nil when headless, or switched off
	socket  net.Listener
	link    link
	devices devices
}

func open(ctx context.Context, o Opts) (*terminal, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Synced == nil {
		o.Synced = synced
	}
	if o.Line == nil {
		o.Line = cabinet.Line
	}
	cfg, catalog := o.Config, o.Catalog
	k := &terminal{o: o, cfg: cfg, catalog: catalog, version: catalog.Version(), clock: &kiosk.Clock{Now: o.Now}}
	k.clock.Synced = k.clockRight
	var err error
	if err := k.openStore(ctx); err != nil {
		return nil, err
	}
	ok := false
	defer func() {
		if !ok {
			k.close()
		}
	}()
	last, err := k.store.Last(ctx)
	if err != nil {
		return nil, err
	}
	k.clock.Seen(last)
	if err := k.linkUp(); err != nil {
		return nil, err
	}
	if err := k.leap(ctx); err != nil {
		return nil, err
	}
	if k.socket, err = control.Listen(cfg.Control.Socket); err != nil {
		return nil, err
	}
	series := cfg.Series()
	if cfg.Center.URL == "" {
		series = "" // alone in the hall: plain numbers
	}
	d := desk.Opts{Catalog: catalog, Store: k.store, Clock: k.clock, Random: rand.Reader, Location: cfg.Location(), DayChange: cfg.DayChange(),
		Early: cfg.Kiosk.Early, Series: series, Kiosk: kiosk.KioskID(cfg.Kiosk.ID), Version: k.version, Wake: k.wake}
	if k.link.client != nil {
		d.Places = k.link.client
		d.Numbers, d.Budget = k.link.client, time.Duration(cfg.Center.Budget)*time.Millisecond
	}
	if err := k.fitPrinter(ctx, &d); err != nil {
		return nil, err
	}
	if k.desk, err = desk.New(ctx, d); err != nil {
		return nil, err
	}
	k.fitDevices()
	other, err := k.store.Double(ctx)
	if err != nil {
		return nil, err
	}
	k.devices.double = other == kiosk.KioskID(cfg.Kiosk.ID)
	if o.Headless {
		ok = true
		return k, nil
	}
	k.fitVoice()
	screens := display.Opts{Desk: k.desk, Catalog: catalog, Index: find.New(catalog), Here: cfg.Here(), Next: cfg.Kiosk.Next, Language: kiosk.Lang(cfg.Screen.Language), Location: cfg.Location(), Now: o.Now,
		Request: func() kiosk.RequestID { return kiosk.RequestID(kiosk.NewID(time.Now(), rand.Reader)) },
		Code:    func(t kiosk.Ticket) (image.Image, error) { return qr.Encode(string(t.ID), qr.M, qr.Auto) },
		IdleAsk: time.Duration(cfg.Screen.IdleAsk) * time.Second, IdleReturn: time.Duration(cfg.Screen.IdleReturn) * time.Second, Help: k.help, Ways: screen.Ways{Card: cfg.Reader.Port != "", Code: cfg.Scanner.Port != ""}, Prints: k.dev != nil, AskFirst: cfg.Priority.Ask, AssistIdle: cfg.Assist.IdleTime(), RestAfter: time.Duration(cfg.Screen.RestAfter) * time.Second,
		Fullscreen: cfg.Screen.Fullscreen, Width: cfg.Screen.Width, Height: cfg.Screen.Height, Density: float32(cfg.Screen.PxPerMM)}
	if k.voice != nil {
		screens.Voice = k.voice
	}
	k.app = display.New(screens)
	ok = true
	return k, nil
}

func (k *terminal) fitPrinter(ctx context.Context, d *desk.Opts) error {
	if k.cfg.Printer.Port == "" {
		return nil
	}
	p, err := configs.LoadProfile(k.cfg.Printer.ProfileName())
	if err != nil {
		return err
	}
	unclean, err := k.store.Unconfirmed(ctx)
	if err != nil {
		return err
	}
	profile := Profile(p)
	k.port = PrinterPort(k.cfg, p)
	setting := printer.Setting{Catalog: k.catalog, Profile: profile, Kiosk: kiosk.KioskID(k.cfg.Kiosk.ID), Location: k.cfg.Location()}
	layouts := k.cfg.Layouts()
	k.dev = printer.New(k.port, printer.Opts{Profile: profile, Baud: k.cfg.Printer.Baud, Now: time.Now, Unclean: unclean, Untaken: k.untaken, Render: func(job kiosk.PrintJob) printer.Page {
		return printer.Render(layouts[job.Kind()], printer.NewSlip(setting, job, k.desk.Opening(job.Ticket)))
	}})
	d.Printer = k.dev
	return nil
}

// PrinterPort is the printer's line as the config and its model have it.
func PrinterPort(cfg configs.Kiosk, p configs.Profile) *serialport.Port {
	flow := p.Flow
	if cfg.Printer.Flow != "" {
		flow = cfg.Printer.Flow
	}
	return serialport.New(serialport.Opts{Name: cfg.Printer.Port, Baud: cfg.Printer.Baud, XonXoff: flow == "xonxoff", RtsCts: flow == "rtscts"})
}

// Profile is what a configured model can do, for the printer.
func Profile(p configs.Profile) printer.Profile {
	out := printer.Profile{Width: p.Width, Scale: p.Scale, Speed: p.Speed, QR: p.QR, JobID: p.JobID, Retract: time.Duration(p.Retract) * time.Second,
		Clear: map[string][]byte{"dc4": escpos.ClearDC4, "enq": escpos.ClearENQ}[p.Clear]}
	if p.Eject != "none" {
		out.Eject = printer.Presenter(p.Eject)
	}
	if p.Chinese == "gb2312" {
		out.Chinese = escpos.GB2312
	}
	return out
}

// untaken tells the center of a paper that nobody took.
func (k *terminal) untaken(job kiosk.PrintJob) {
	k.record(kiosk.PaperUntaken, kiosk.PrintBody{Ticket: job.Ticket.ID, Attempt: job.Attempt, State: kiosk.Printed})
}

// record puts an event into the outbox. A disk that refuses it has told the
// technician before.
func (k *terminal) record(kind kiosk.Kind, body any) {
	if err := k.store.Record(context.Background(), kind, k.clock.Stamp(), body); err != nil {
		fmt.Fprintln(k.o.Out, "kiosk:", err)
	}
	k.wake()
}

// tend draws papers in that nobody takes.
func (k *terminal) tend(ctx context.Context) {
	if k.dev != nil {
		k.dev.Tend(ctx)
	}
}

// announce says what this machine has and lacks.
func (k *terminal) announce() {
	for _, d := range []struct{ name, port string }{{"打印机 / printer", k.cfg.Printer.Port}, {"读卡器 / reader", k.cfg.Reader.Port},
		{"扫码器 / scanner", k.cfg.Scanner.Port}, {"中心 / center", k.cfg.Center.URL}} {
		state := d.port
		if state == "" {
			state = "没有 / none"
		}
		fmt.Fprintf(k.o.Out, "kiosk: %s: %s\n", d.name, state)
	}
	fmt.Fprintf(k.o.Out, "kiosk: %s, socket %s\n", k.cfg.Store.Path, k.cfg.Control.Socket)
}

// serve answers the technician's verbs until ctx is done.
func (k *terminal) serve(ctx context.Context) error {
	s := &http.Server{Handler: control.Handler(backend{k}), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx }} // a take that waits for paper is answered before the end
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		s.Shutdown(end)
		s.Close()
	})
	defer stop()
	if err := s.Serve(k.socket); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func (k *terminal) close() {
	if k.socket != nil {
		k.socket.Close()
	}
	if k.port != nil {
		k.port.Close()
	}
	k.devices.close()
	if k.voice != nil {
		k.voice.Close()
	}
	k.store.Close()
}
