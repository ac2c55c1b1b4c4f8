package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"hallkiosk/display"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/cabinet"
	"hallkiosk/kiosk/control"
	"hallkiosk/kiosk/idcard"
	"hallkiosk/kiosk/scanner"
	"hallkiosk/kiosk/serialport"
)

// devices are what the machine has besides its printer; any may be nil.
type devices struct {
	readerPort, scannerPort *serialport.Port
	reader                  *idcard.Dev
	scanner                 *scanner.Dev
	cabinet                 *cabinet.Dev
	wiring                  error // lines of the cabinet that the machine lacks

	locking sync.Mutex // held while the screen is told what shut says

	mu       sync.Mutex
	readerUp error          // nil while the reader answers
	card     *idcard.Report // masked; of the card that lies there
	cards    chan struct{}  // closed and renewed when a card was read or refused
	refused  error          // why the newest card could not be read
	refusal  time.Time      // when
	open     bool           // the cabinet's door
	tampered bool           // until Unlock
	double   bool           // another machine has this kiosk's id
	lowPaper bool           // the cabinet's own contact
	help     bool           // somebody wants a member of staff
	helped   chan struct{}  // has room for one: help changed
}

var errNotYet = &kiosk.Error{Code: kiosk.EUnavailable, Message: "读卡器还没有应答。", Hint: "the reader hasn't answered yet"}

// fitDevices makes the drivers of what the config names. Absent hardware is no
// error: it may come later, and status tells.
func (k *terminal) fitDevices() {
	d := &k.devices
	d.cards, d.helped, d.readerUp = make(chan struct{}), make(chan struct{}, 1), errNotYet
	if c := k.cfg.Reader; c.Port != "" {
		d.readerPort = serialport.New(serialport.Opts{Name: c.Port, Baud: c.Baud})
		o := idcard.DefaultOpts()
		o.Baud = c.Baud
		d.reader = idcard.New(d.readerPort, o)
	}
	if c := k.cfg.Scanner; c.Port != "" {
		d.scannerPort = serialport.New(serialport.Opts{Name: c.Port, Baud: c.Baud})
		o := scanner.DefaultOpts()
		o.Family = scanner.Family(c.Family)
		d.scanner = scanner.New(d.scannerPort, o)
	}
	_, err := os.Stat(k.tamperMark())
	d.tampered = err == nil
	k.fitCabinet()
}

func (k *terminal) fitCabinet() {
	c, o, fitted := k.cfg.Cabinet, cabinet.DefaultOpts(), false
	pin := func(name string) (gpio.PinIO, bool) {
		name, low := strings.CutPrefix(name, "!")
		if name == "" {
			return nil, false
		}
		p, err := k.o.Line(name)
		if err != nil {
			k.devices.wiring = errors.Join(k.devices.wiring, err)
			return nil, false
		}
		fitted = true
		return p, low
	}
	for _, v := range []struct {
		name string
		out  *cabinet.Output
	}{{c.Ready, &o.Lamp.Ready}, {c.Help, &o.Lamp.Help}, {c.Fault, &o.Lamp.Fault}, {c.Lamp, &o.Lamp.Single}, {c.Buzzer, &o.Buzzer}} {
		if p, low := pin(v.name); p != nil {
			v.out.Pin, v.out.ActiveLow = p, low
		}
	}
	for _, v := range []struct {
		name string
		in   *cabinet.Input
	}{{c.Presence, &o.Presence}, {c.Door, &o.Door}, {c.Tamper, &o.Tamper}, {c.Paper, &o.Paper}} {
		if p, low := pin(v.name); p != nil {
			v.in.Pin, v.in.ActiveLow = p, v.in.ActiveLow != low
		}
	}
	if fitted {
		k.devices.cabinet = cabinet.New(o)
	}
}

func (d *devices) close() {
	for _, p := range []*serialport.Port{d.readerPort, d.scannerPort} {
		if p != nil {
			p.Close()
		}
	}
}

// readCards greets people by their cards until ctx is done. Nothing of a card
// is kept but its masked report, and that only while it lies there.
func (k *terminal) readCards(ctx context.Context) {
	d := &k.devices
	if d.reader == nil {
		return
	}
	d.reader.Watch(ctx, func(e idcard.Event) {
		defer e.Card.Forget()
		d.mu.Lock()
		switch e.What {
		case idcard.ReaderReady:
			d.readerUp = nil
		case idcard.ReaderLost:
			d.readerUp, d.card = e.Err, nil
		case idcard.CardRead:
			r := idcard.NewReport(e.Card, time.Now().In(k.cfg.Location()))
			d.card, d.refused = &r, nil
		case idcard.CardFailed:
			d.card, d.refused, d.refusal = nil, e.Err, time.Now()
		case idcard.CardLifted:
			d.card = nil
		}
		card := d.card
		if e.What != idcard.CardPut && e.What != idcard.CardLifted {
			close(d.cards)
			d.cards = make(chan struct{})
		}
		d.mu.Unlock()
		if k.app == nil {
			return
		}
		switch {
		case e.What == idcard.CardRead && !card.Valid:
			k.app.Tell(display.CardExpired, nil)
		case e.What == idcard.CardRead:
			k.app.Person(card.NameMasked, e.Card.Elder(k.cfg.Priority.ElderAge, k.today()))
			k.app.CheckIn(k.desk.Booked(kiosk.Claim{Card: e.Card.Mark(k.desk.CardKey())}))
			k.beep(cabinet.Done)
		case e.What == idcard.CardFailed:
			k.app.Person("", false)
			what := display.ReaderBroken
			if kiosk.CodeOf(e.Err) == kiosk.EInvalid {
				what = display.CardUnreadable
			}
			k.app.Tell(what, e.Err)
		case e.What == idcard.CardLifted, e.What == idcard.ReaderLost:
			k.app.Person("", false)
		}
	})
}

// examineCard waits for a card and reports it, masked. One that lies there
// already is reported at once.
func (d *devices) examineCard(ctx context.Context) (idcard.Report, error) {
	for {
		d.mu.Lock()
		card, up, cards := d.card, d.readerUp, d.cards
		refused := d.refused
		if d.refused = nil; time.Since(d.refusal) > CardPatience {
			refused = nil // of somebody before
		}
		d.mu.Unlock()
		if card != nil {
			return *card, nil
		}
		if refused != nil {
			return idcard.Report{}, refused
		}
		select {
		case <-cards:
		case <-ctx.Done():
			if up != nil {
				return idcard.Report{}, up
			}
			return idcard.Report{}, &kiosk.Error{Code: kiosk.EUnavailable, Op: "wait for a card", Err: ctx.Err(), Message: "没有等到证件。",
				Hint: "no card was put on the reader in time. If one lies there, lift it and put it back"}
		}
	}
}

// readCodes shows the number whose code is scanned, and knows the guides' badges,
// until ctx is done.
func (k *terminal) readCodes(ctx context.Context) {
	if k.devices.scanner == nil {
		return
	}
	k.devices.scanner.Run(ctx, func(code string) {
		if k.app == nil {
			return
		}
		if badge, known := k.cfg.Assist.Badge(code); known {
			k.beep(cabinet.Done)
			k.app.Badge()
			return
		} else if badge {
			k.app.Tell(display.BadgeUnknown, nil)
			return
		}
		if list := k.desk.Booked(kiosk.Claim{Code: code}); len(list) > 0 {
			k.beep(cabinet.Done)
			k.app.CheckIn(list)
			return
		}
		t, _, err := k.store.Ticket(ctx, kiosk.TicketID(code))
		switch {
		case kiosk.CodeOf(err) == kiosk.ENotFound:
			k.app.Tell(display.CodeUnknown, nil)
		case err != nil:
			k.app.Tell(display.CodeUnknown, err)
		case t.Day < k.today(), t.State == kiosk.Done, t.State == kiosk.Missed, t.State == kiosk.Left:
			k.app.Tell(display.CodeOld, nil)
		default:
			k.beep(cabinet.Done)
			k.app.Recall(t)
		}
	})
}

// workCabinet runs lamp, buzzer and contacts until ctx is done.
func (k *terminal) workCabinet(ctx context.Context) {
	if k.devices.cabinet == nil {
		return
	}
	k.devices.cabinet.Run(ctx, k.contact)
}

// contact does what an event of the cabinet asks for.
func (k *terminal) contact(e cabinet.Event) {
	d := &k.devices
	switch e {
	case cabinet.PresenceOn, cabinet.PresenceOff:
		if k.app != nil {
			k.app.Present(e == cabinet.PresenceOn)
		}
		return
	case cabinet.PaperLow, cabinet.PaperGood:
		d.mu.Lock()
		d.lowPaper = e == cabinet.PaperLow
		d.mu.Unlock()
		return
	case cabinet.DoorOpened, cabinet.DoorClosed:
		k.record(kiosk.DoorMoved, kiosk.CabinetBody{Open: e == cabinet.DoorOpened})
		d.mu.Lock()
		d.open = e == cabinet.DoorOpened
		d.mu.Unlock()
	case cabinet.Tampered:
		k.record(kiosk.Tampered, kiosk.CabinetBody{Open: true})
		k.setTampered(true)
		k.beep(cabinet.Alarm)
	}
	k.lock()
}

// lock tells the screen whether the machine is out of service, in the order in
// which that became so.
func (k *terminal) lock() {
	if k.app != nil {
		k.devices.locking.Lock()
		k.app.Lock(k.devices.shut() != "")
		k.devices.locking.Unlock()
	}
	k.lamp(k.printerFault())
}

// doubled says that another machine has this kiosk's id, whatever else is the matter.
func (d *devices) doubled() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.double
}

// shut says why the machine is out of service, "" while it isn't.
func (d *devices) shut() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.tampered:
		return "tampered"
	case d.open:
		return "door_open"
	case d.double:
		return "double"
	}
	return ""
}

func (k *terminal) beep(s cabinet.Sound) {
	if k.devices.cabinet != nil {
		k.devices.cabinet.Buzz(s)
	}
}

// lamp shows from afar how the machine is.
func (k *terminal) lamp(f kiosk.Fault) {
	if k.devices.cabinet == nil {
		return
	}
	k.devices.mu.Lock()
	help := k.devices.help
	k.devices.mu.Unlock()
	s := cabinet.Ready
	if help { // a person comes before a machine
		s = cabinet.Help
	} else if f != kiosk.FaultNone && f != kiosk.FaultNearEnd && f != kiosk.FaultUnfitted || k.devices.shut() != "" {
		s = cabinet.Fault
	}
	k.devices.cabinet.Show(s)
}

// help calls staff by lamp, buzzer and the center.
func (k *terminal) help(called bool) {
	k.devices.mu.Lock()
	k.devices.help = called
	k.devices.mu.Unlock()
	if called {
		k.beep(cabinet.Attention)
	}
	select {
	case k.devices.helped <- struct{}{}:
	default: // it will be seen
	}
}

// callStaff tells lamp and center whether somebody wants help, until ctx is done:
// the screen waits neither for the disk nor for the printer.
func (k *terminal) callStaff(ctx context.Context) {
	told := false
	for {
		select {
		case <-k.devices.helped:
		case <-ctx.Done():
			return
		}
		k.devices.mu.Lock()
		now := k.devices.help
		k.devices.mu.Unlock()
		if now != told {
			told = now
			k.record(kiosk.HelpCalled, kiosk.HelpBody{Called: now})
			k.lamp(k.printerFault())
		}
	}
}

// lookEvery is how often the printer is asked how it is, for the screen and the
// lamp. A ticket that is printing isn't disturbed.
const lookEvery = 3 * time.Second

// lookAfterPrinter keeps screen and lamp true until ctx is done.
func (k *terminal) lookAfterPrinter(ctx context.Context) {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		f := k.printerFault()
		if k.app != nil {
			k.app.Printer(f)
		}
		k.lamp(f)
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

// printerFault asks the printer; a contact in the cabinet knows the roll too.
func (k *terminal) printerFault() kiosk.Fault {
	if k.dev == nil {
		return kiosk.FaultUnfitted
	}
	f := k.dev.Fault(context.Background())
	k.devices.mu.Lock()
	defer k.devices.mu.Unlock()
	if f == kiosk.FaultNone && k.devices.lowPaper {
		f = kiosk.FaultNearEnd
	}
	return f
}

// state tells how the reader, the scanner and the cabinet are.
func (k *terminal) deviceStates() []control.Device {
	d := &k.devices
	d.mu.Lock()
	readerUp := d.readerUp
	d.mu.Unlock()
	out := []control.Device{told("reader", k.cfg.Reader.Port, d.reader != nil, readerUp)}
	var scans error
	if d.scanner != nil {
		scans = d.scanner.Err()
	}
	out = append(out, told("scanner", k.cfg.Scanner.Port, d.scanner != nil, scans))
	c := control.Device{Name: "cabinet", State: string(kiosk.FaultUnfitted)}
	if d.cabinet != nil {
		c.State, c.Port = "ready", d.cabinet.String()
		if err := d.cabinet.Err(); err != nil {
			c.State, c.Hint = string(kiosk.FaultGone), err.Error()
		}
		if why := d.shut(); why != "" {
			c.State, c.Hint = why, map[string]string{"door_open": "机柜门开着 / the door is open", "tampered": "机柜被动过，看过之后运行 kiosk unlock / look at it, then run kiosk unlock"}[why]
		}
	}
	if d.doubled() {
		c.State, c.Hint = "double", doubleHint
	}
	if d.wiring != nil {
		c.State, c.Hint = string(kiosk.FaultGone), d.wiring.Error()
	}
	return append(out, c)
}

// doubleHint is for a machine whose id another one speaks under.
const doubleHint = "另一台机器用了同一个编号，请改 [kiosk] id 和 series；磁盘是复制来的，还要移走 [store] 的文件 / " +
	"another machine speaks to the center under this kiosk's id: change [kiosk] id and series, and restart. If its disk was copied, set the files of [store] aside as well"

func told(name, port string, fitted bool, err error) control.Device {
	s := control.Device{Name: name, Port: port, State: "ready"}
	if !fitted {
		s.State = string(kiosk.FaultUnfitted)
		return s
	}
	if err == nil {
		return s
	}
	s.State, s.Hint = string(kiosk.FaultSilent), kiosk.HintOf(err)
	if _, gone := os.Stat(port); gone != nil {
		s.State, s.Hint = string(kiosk.FaultGone), hints[kiosk.FaultGone]
	}
	return s
}

// Examine looks into the printer or the reader.
func (b backend) Examine(ctx context.Context, device string) (json.RawMessage, error) {
	var v any
	var err error
	switch {
	case device == "printer" && b.k.dev != nil:
		v, err = b.k.dev.Examine(ctx)
	case device == "reader" && b.k.devices.reader != nil:
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, CardPatience)
		defer cancel()
		v, err = b.k.devices.examineCard(ctx)
	default:
		err = &kiosk.Error{Code: kiosk.EInvalid, Op: "examine " + device, Message: "没有装这个设备：" + device, Hint: fmt.Sprintf("[%s] port is empty in the config", device)}
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// CardPatience is how long doctor reader waits for a card.
const CardPatience = 20 * time.Second

// Unlock ends the lock after tampering.
func (b backend) Unlock(context.Context) error {
	if b.k.devices.shut() == "tampered" {
		b.k.setTampered(false)
		b.k.record(kiosk.Tampered, kiosk.CabinetBody{})
		b.k.lock()
	}
	return nil
}

// tamperMark is the file that keeps the lock over a restart, beside the store.
func (k *terminal) tamperMark() string { return k.cfg.Store.Path + ".tampered" }

func (k *terminal) setTampered(on bool) {
	k.devices.mu.Lock()
	k.devices.tampered = on
	k.devices.mu.Unlock()
	err := os.Remove(k.tamperMark())
	if on {
		err = os.WriteFile(k.tamperMark(), nil, 0o600)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(k.o.Out, "kiosk:", err)
	}
}
