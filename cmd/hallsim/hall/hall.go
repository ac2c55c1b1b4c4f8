// Package hall is the virtual hall: a printer, a card reader and a scanner on
// pseudo-terminals that any driver can open, and a web page to work them by hand.
// What the page does, tests do with the same requests; see http.go.
package hall

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"hallkiosk/kiosk/idcard/idcardtest"
	"hallkiosk/kiosk/scanner/scannertest"
	"hallkiosk/kiosk/serialport/serialtest"
	"hallkiosk/printer/printertest"
)

// Opts says what stands in the hall.
type Opts struct {
	Dir     string // where the links to the lines are made; must exist
	Printer printertest.Opts
	Reader  idcardtest.Opts
	Scanner scannertest.Opts
	Baud    int    // pace of the printer's line; 0 is none
	Screen  string // URL of the kiosk's screen, shown on the page; may be empty
}

// Hall is one virtual hall. The devices may also be worked directly.
type Hall struct {
	Printer *printertest.Printer
	Reader  *idcardtest.Reader
	Scanner *scannertest.Scanner

	o       Opts
	mux     *http.ServeMux
	devices []*device

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change that no device tells of
	taken   map[int]bool  // papers that were taken away, by ID
}

// device is something at the end of a line.
type device struct {
	name  string // of the link in Dir
	serve func(context.Context, *serialtest.Line) error
	live  func() bool                 // it has power and its cable is in
	back  func(context.Context) error // waits until it is live

	line *serialtest.Line // nil while unplugged; guarded by Hall.mu
}

// New makes the hall and plugs everything in: when it returns, the links lead to
// lines that can be opened. Run works the devices and unplugs them.
func New(o Opts) (*Hall, error) {
	h := &Hall{
		Printer: printertest.New(o.Printer),
		Reader:  idcardtest.New(o.Reader),
		Scanner: scannertest.New(o.Scanner),
		o:       o,
		changed: make(chan struct{}),
		taken:   map[int]bool{},
	}
	printer := func(s printertest.State) bool { return !s.Has(printertest.PowerOff) && !s.Has(printertest.Unplugged) }
	reader := func(s idcardtest.State) bool { return !s.Unplugged }
	scanner := func(s scannertest.State) bool { return !s.Unplugged }
	h.devices = []*device{
		{
			name:  "printer",
			serve: func(ctx context.Context, l *serialtest.Line) error { return h.Printer.Serve(ctx, l, o.Baud) },
			live:  func() bool { return printer(h.Printer.State()) },
			back:  func(ctx context.Context) error { return h.Printer.Wait(ctx, printer) },
		}, {
			name:  "reader",
			serve: func(ctx context.Context, l *serialtest.Line) error { return h.Reader.Serve(ctx, l) },
			live:  func() bool { return reader(h.Reader.State()) },
			back:  func(ctx context.Context) error { return h.Reader.Wait(ctx, reader) },
		}, {
			name:  "scanner",
			serve: func(ctx context.Context, l *serialtest.Line) error { return h.Scanner.Serve(ctx, l) },
			live:  func() bool { return scanner(h.Scanner.State()) },
			back:  func(ctx context.Context) error { return h.Scanner.Wait(ctx, scanner) },
		},
	}
	h.mux = h.routes()
	for _, d := range h.devices {
		if err := h.plug(d); err != nil {
			h.Close()
			return nil, err
		}
	}
	return h, nil
}

// Run works the devices until ctx ends, then hangs up and removes the links.
func (h *Hall) Run(ctx context.Context) error {
	defer h.Close()
	end := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, d := range h.devices {
		all.Go(func() {
			if err := h.work(ctx, d); err != nil {
				cancel(fmt.Errorf("%s: %w", d.name, err))
			}
		})
	}
	all.Wait()
	if end.Err() != nil {
		return nil
	}
	return context.Cause(ctx)
}

// work serves one device. When its power goes or its cable comes out its line hangs
// up, and it gets a new one when it is back: so a USB port vanishes and returns.
func (h *Hall) work(ctx context.Context, d *device) error {
	for {
		err := d.serve(ctx, d.line)
		h.unplug(d)
		if ctx.Err() != nil {
			return nil
		}
		if !hungUp(err) {
			return err
		}
		if err := d.back(ctx); err != nil {
			return nil // ctx ended
		}
		if err := h.plug(d); err != nil {
			return err
		}
	}
}

// hungUp tells a line that a device left from one that broke.
func hungUp(err error) bool {
	for _, e := range []error{printertest.ErrOff, printertest.ErrUnplugged, idcardtest.ErrUnplugged, scannertest.ErrUnplugged} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// link is where drivers find the device.
func (h *Hall) link(d *device) string { return filepath.Join(h.o.Dir, d.name) }

// Links names the links to the devices.
func (h *Hall) Links() []string {
	var all []string
	for _, d := range h.devices {
		all = append(all, h.link(d))
	}
	return all
}

// plug opens a line for d and leads its link there, in place of one that a
// crashed hall has left. Anything else of that name is not ours to remove.
func (h *Hall) plug(d *device) error {
	link := h.link(d)
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("%s is in the way: not a symbolic link", link)
	}
	l, err := serialtest.Open()
	if err != nil {
		return err
	}
	fresh := fmt.Sprintf("%s.%d", link, os.Getpid())
	_ = os.Remove(fresh)
	if err := os.Symlink(l.Path(), fresh); err != nil {
		_ = l.Close()
		return err
	}
	if err := os.Rename(fresh, link); err != nil {
		_ = os.Remove(fresh)
		_ = l.Close()
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	d.line = l
	h.change()
	return nil
}

// unplug hangs up and removes the link, unless another hall has made it its own.
func (h *Hall) unplug(d *device) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.line == nil {
		return
	}
	if to, err := os.Readlink(h.link(d)); err == nil && to == d.line.Path() {
		_ = os.Remove(h.link(d))
	}
	_ = d.line.Close()
	d.line = nil
	h.change()
}

// Close hangs up all lines. Run does so at its end.
func (h *Hall) Close() {
	for _, d := range h.devices {
		h.unplug(d)
	}
}

// change tells everyone who waits; h.mu is held.
func (h *Hall) change() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// settle waits until d has a line, if it is to have one, or has none.
func (h *Hall) settle(r *http.Request, d *device) error {
	for {
		h.mu.Lock()
		is, changed := d.line != nil, h.changed
		h.mu.Unlock()
		if is == d.live() {
			return nil
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
}

// Take takes away the papers that lie in the slot, but none that the printer's exit
// holds or has drawn in again.
func (h *Hall) Take() {
	h.Printer.Take()
	s := h.Printer.State()
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := map[int]bool{} // of those still remembered
	for _, p := range s.Papers {
		taken[p.ID] = h.taken[p.ID] || p != s.Held && !slices.Contains(s.Bin, p.ID)
	}
	h.taken = taken
	h.change()
}
