package display

import (
	"context"
	"image"
	"math"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	_ "hallkiosk/display/locale" // before Fyne
	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/voice"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/catalog"
)

// Desk is what the screen needs of the kiosk.
type Desk interface {
	Offers(ctx context.Context, ids ...kiosk.ItemID) ([]kiosk.Offer, error)
	CheckIn(ctx context.Context, r kiosk.Request) (t kiosk.Ticket, again bool, err error)
	Booked(c kiosk.Claim) []kiosk.Booking
	Numbered(ctx context.Context, typed string) (kiosk.Ticket, error)
	Elsewhere(typed string) func(context.Context) (kiosk.Ticket, kiosk.Place, error) // nil is nobody to ask
	Place(ctx context.Context, t kiosk.Ticket) (kiosk.Place, error)
	Again(ctx context.Context, id kiosk.TicketID, paper kiosk.PaperKind) (kiosk.PrintJob, error)
	Messages() []kiosk.Text
	Await(ctx context.Context, id kiosk.TicketID, seen kiosk.PrintState) (kiosk.PrintJob, error)
	Leave(id kiosk.TicketID)
}

// Voice reads aloud; package voice's does. None of its methods waits.
type Voice interface {
	Say(lang kiosk.Lang, u voice.Utterance) // instead of what is being said
	Hush()
	Speaking() bool
	EndVisit()   // the volume of this visit is forgotten, and what was said
	Louder() int // the new volume, in percent
	Softer() int
}

// Opts are what an App works with.
type Opts struct {
	Desk       Desk
	Catalog    *kiosk.Catalog
	Here       *kiosk.Point   // where this kiosk stands on the catalog's plan; nil when nobody has said
	Next       kiosk.Text     // where the next machine is, for when this one is out of service; may be empty
	Index      *catalog.Index // of Catalog, to find items by letters; nil offers no finding
	Language   kiosk.Lang
	Location   *time.Location
	Now        func() time.Time
	Request    func() kiosk.RequestID                    // a fresh request id
	Code       func(t kiosk.Ticket) (image.Image, error) // the ticket's QR code, a pixel a module
	Ways       screen.Ways                               // how a person can show who they are
	Prints     bool                                      // a printer is fitted
	IdleAsk    time.Duration                             // without a touch, until the question
	IdleReturn time.Duration                             // from the question to the first screen
	Help       func(called bool)                         // a citizen wants a member of staff, or no longer; may be nil
	Voice      Voice                                     // nil is a kiosk without a voice
	AskFirst   bool                                      // citizens may say why they go ahead of others
	AssistIdle time.Duration                             // without a touch, until assisted mode ends
	RestAfter  time.Duration                             // without anybody, until the screen attracts and darkens; 0 is never
	Fullscreen bool
	Width      int // pixels, when not full screen
	Height     int
	Density    float32 // the panel's pixels a millimetre; 0 is a guess by its size
}

// App is the touchscreen. New, then Run on the main goroutine; Screen and Shot
// from any other.
type App struct {
	o     Opts
	ctx   context.Context
	fyne  fyne.App
	win   fyne.Window
	root  *root
	ready chan struct{} // closed when the first frame can be seen

	loc     text.Loc
	modes   screen.Modes                 // of this visit
	here    spot                         // what is shown
	drawn   drawn                        // of what is shown
	late    bool                         // that waits for a finger to be drawn anew
	finger  time.Time                    // when a finger was first seen lying on something; zero when none is
	said    said                         // of what is shown
	pad     keypad                       // of this visit
	known   map[kiosk.ItemID]kiosk.Offer // as the desk last told
	kept    map[string]*view             // views without a visit's state, by name and subject
	stack   []*view                      // the first screen and the way from it
	head    view
	frame   view
	touched time.Time
	minute  int
	asking  time.Time // when the idle question came up; zero when it is not
	leave   time.Time // when the ticket screen goes; zero when it stays
	left    func()    // ends the following of the ticket shown
	onPaper bool      // the ticket shown came out
	booking *wish     // whose number this visit is taking, or has tried to; nil for none

	assist assist    // zero outside assisted mode
	badge  time.Time // when a guide's was read last

	person      string // masked; of the card that lies there
	elder       bool   // its holder goes ahead for their age
	card        bool   // a card lies there, though its name may have gone
	personSince time.Time
	fault       kiosk.Fault // of the printer
	locked      bool
	helping     time.Time // when staff was called; zero when it wasn't
	present     bool      // somebody stands there, as far as a sensor tells

	mu        sync.Mutex // guards what follows
	up        bool
	early     []func()
	unguarded error // see Unguarded
}

// New returns an App that is not shown yet.
func New(o Opts) *App {
	return &App{o: o, ready: make(chan struct{}), loc: text.In(o.Language), kept: map[string]*view{}, known: map[kiosk.ItemID]kiosk.Offer{}, left: func() {}}
}

// Run shows the window until ctx is done. It must be called on the main
// goroutine of the process, once. shown is called when the
// first frame can be seen.
func (a *App) Run(ctx context.Context, shown func()) {
	// The design is in pixels; Fyne would guess a scale from the monitor.
	os.Setenv("FYNE_SCALE", "1")
	os.Setenv("FYNE_DISABLE_DPI_DETECTION", "1")
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // screens are drawn in moments; a kiosk has more time than memory
	}
	a.open(ctx, app.New())
	// At its end Fyne hands this hook to the loop that has just ended, and now and
	// then waits for it for ever, or panics. It saves preferences, and a kiosk has none.
	if l, ok := a.fyne.Lifecycle().(stopHook); ok {
		l.SetOnStoppedHookExecuted(nil)
	}
	a.fyne.Lifecycle().SetOnStarted(func() {
		a.show()
		window := a.window()
		if a.o.Fullscreen {
			go a.guard(window) // first: what covers the window would keep appear waiting
		}
		go func() {
			a.appear(window)
			close(a.ready)
			a.listen()
			shown()
			a.tick()
		}()
	})
	// Not app.Quit: Fyne listens for SIGTERM itself, and where it was the
	// faster, the windows that app.Quit closes are gone already.
	stop := context.AfterFunc(ctx, func() { fyne.Do(a.fyne.Driver().Quit) })
	defer stop()
	a.win.ShowAndRun()
}

// stopHook is what Fyne's Lifecycle can beside its interface.
type stopHook interface{ SetOnStoppedHookExecuted(func()) }

// open makes the window of a toolkit, with the first screen in it.
func (a *App) open(ctx context.Context, toolkit fyne.App) {
	a.ctx = ctx
	a.fyne = toolkit
	a.fyne.Settings().SetTheme(theme.Fyne{})
	a.win = a.fyne.NewWindow("hallkiosk")
	a.win.SetPadded(false)
	a.win.SetMainMenu(nil)
	a.win.SetCloseIntercept(func() {}) // citizens can't leave it
	a.root = newRoot(a.show, a.beside)
	a.listenToKeys()
	a.win.SetContent(a.root)
	if a.o.Fullscreen {
		a.win.SetFullScreen(true)
	} else {
		a.win.Resize(fyne.NewSize(float32(a.o.Width), float32(a.o.Height)))
	}
	a.touch()
	a.stack = []*view{a.base()}
}

// later runs f on Fyne's goroutine, or not at all once ctx is done: a Fyne
// that has stopped would run f at once, wherever it was called.
func (a *App) later(f func()) {
	if a.ctx.Err() != nil {
		return
	}
	fyne.Do(func() {
		if a.ctx.Err() == nil {
			f()
		}
	})
}

// tick moves the clock and watches for people who walked away.
func (a *App) tick() {
	t := time.NewTicker(beat)
	defer t.Stop()
	for n := 1; ; n++ {
		select {
		case <-t.C:
			a.later(func() { a.pass(n) })
		case <-a.ctx.Done():
			return
		}
	}
}

const (
	beat  = time.Second // how often the clock is looked at
	fresh = 5           // how often a screen with queues is drawn anew, in beats
)

func (a *App) pass(beats int) {
	now := a.o.Now()
	a.hearOut(now)
	a.feel(now)
	a.forget(now)
	switch {
	case a.assist.on:
		a.passAssisted(now, beats)
	case a.top().name == "help":
		if now.Sub(a.helping) >= helpLasts {
			a.enough()
		}
	case !a.leave.IsZero():
		if !now.Before(a.leave) {
			a.home()
			return
		}
		a.show()
	case !a.asking.IsZero():
		if now.Sub(a.asking) >= a.o.IdleReturn {
			a.home()
			return
		}
		a.show()
	case now.Sub(a.touched) >= a.o.IdleAsk && len(a.stack) > 1 && a.top().name != "ticket" && a.top().name != "standing":
		a.ask()
	case now.Sub(a.touched) >= a.o.IdleAsk && len(a.stack) == 1 && (a.loc.Lang != a.o.Language || a.modes != screen.Modes{} || a.elder):
		a.home()
	case a.o.RestAfter > 0 && !a.present && !a.locked && len(a.stack) == 1 && a.top().name != "rest" && now.Sub(a.touched) >= a.o.RestAfter:
		a.rest()
	default:
		a.refresh(now, beats)
	}
}

// refresh draws a screen with queues anew, every few seconds.
func (a *App) refresh(now time.Time, beats int) {
	if (beats%fresh == 0 || now.Minute() != a.minute) && a.top().name != "ticket" {
		a.show()
	}
}

func (a *App) top() *view { return a.stack[len(a.stack)-1] }

// touch notes that somebody is there. A finger needs no ring to see where it is.
func (a *App) touch() {
	a.touched = a.o.Now()
	if !a.pad.pressing {
		a.unring()
	}
}

// on wraps an intent: it counts as a touch.
func (a *App) on(act func()) func() {
	if act == nil {
		return nil
	}
	return func() {
		a.touch()
		act()
	}
}

func (a *App) push(v *view) {
	a.stack = append(a.stack, v)
	a.show()
}

// back shows what was below the screen on top. A number that comes up again
// stays for as long as one that has just been printed.
func (a *App) back() {
	a.asking = time.Time{}
	a.stack = a.stack[:len(a.stack)-1]
	if a.top().name == "ticket" && !a.leave.IsZero() {
		a.leave = later(a.leave, a.o.Now().Add(stayPrinted))
	}
	a.show()
}

// home ends the visit: nothing of it stays. In assisted mode the guide's stays.
func (a *App) home() {
	a.elder = false
	if a.assist.on {
		a.again()
		return
	}
	a.loc, a.modes = text.In(a.o.Language), screen.Modes{}
	a.silence()
	a.again()
}

// again starts over for the same person, who keeps language and modes.
func (a *App) again() {
	a.left()
	a.asking, a.leave = time.Time{}, time.Time{}
	a.person = ""
	if a.booking != nil && !a.booking.busy { // or the card, put down again, would check in twice
		a.booking = nil
	}
	a.helped()
	if a.assist.on { // on the page where the guide was
		a.stack = a.stack[:1]
	} else {
		a.stack = []*view{a.base()}
	}
	a.show()
}

// Snapshot is what the screen shows, for the technician and for tests. Sizes
// are window pixels.
type Snapshot struct {
	Name          string
	Texts         []string
	Targets       []widget.Target
	Width, Height int
}

// do runs f on Fyne's goroutine and waits for it, unless the window is not up.
func (a *App) do(ctx context.Context, f func()) error {
	down := &kiosk.Error{Code: kiosk.EUnavailable, Message: "触摸屏还没有显示。", Hint: "the window is not up"}
	select {
	case <-a.ready:
	case <-ctx.Done():
		return down
	}
	done := make(chan struct{})
	a.later(func() {
		f()
		close(done)
	})
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return down
	case <-a.ctx.Done():
		return down
	}
}

// Screen tells what is shown and what can be touched.
func (a *App) Screen(ctx context.Context) (Snapshot, error) {
	var s Snapshot
	err := a.do(ctx, func() {
		scene := widget.Survey(a.root.content)
		s.Name, s.Targets = a.top().name, scene.Targets
		for _, w := range scene.Words {
			s.Texts = append(s.Texts, w.Text)
		}
		size := a.root.Size()
		s.Width, s.Height = int(math.Round(float64(size.Width))), int(math.Round(float64(size.Height)))
	})
	return s, err
}
