package voice

import (
	"cmp"
	"context"
	"errors"
	"os/exec"
	"sync"
	"time"

	"hallkiosk/display/voice/words"
	"hallkiosk/kiosk"
)

// Opts are how a Voice sounds. Start from DefaultOpts.
type Opts struct {
	Engine  Engine
	Player  []string                    // program and arguments; it plays the WAV on its standard input. Empty: aplay or paplay, whichever is installed
	Clips   string                      // folder of recordings; empty: none
	Tongues map[kiosk.Lang]words.Tongue // what each language of the screen sounds like; the default's where it lacks one
	Levels  []Level                     // volume by hour, ascending; before the first the last counts. Empty: 80 percent
	Cache   int                         // bytes of sound that are kept for the same phrase
	// Follow gets what is said, in order; nil: nobody. It is called from the
	// Voice's own goroutine, must not wait, and may call Say.
	Follow func(Spoken)

	Patience time.Duration // how long an engine may take for a sentence
	Grace    time.Duration // how long a player may take beyond the sound's length
	Retry    time.Duration // how often engine and player are tried while one is in trouble; 0: only by speaking

	Now   func() time.Time // in the hall's time zone
	After func(d time.Duration) <-chan time.Time
}

// Level is a volume from a time of day on.
type Level struct {
	From    time.Duration // since midnight
	Percent int           // 0 to 100; 0 is silence. Loudness goes with its square, as ears hear
}

// DefaultOpts speaks by espeak-ng, Mandarin for zh and Cantonese for zh-Hant.
func DefaultOpts() Opts {
	return Opts{
		Engine:   Espeak{},
		Tongues:  map[kiosk.Lang]words.Tongue{kiosk.Zh: words.Mandarin, kiosk.Hant: words.Cantonese, kiosk.En: words.English},
		Levels:   []Level{{0, 80}},
		Cache:    8 << 20, // three minutes
		Patience: 10 * time.Second, Grace: 5 * time.Second, Retry: time.Minute,
		Now: time.Now, After: time.After,
	}
}

// Utterance is what is said in one go.
type Utterance struct {
	Tone    Tone   // sounds first
	Text    string // as it stands on the screen; may hold anything
	Private bool   // of this person, such as a masked name: its sound is not kept
}

// State is how far a part of an utterance has come.
type State string

// The states. Begun is followed by one of the others, unless the part could
// not be heard at all: then Unsaid stands alone. Parts that were replaced
// before they began are not told of.
const (
	Begun  State = "begun"
	Said   State = "said"
	Cut    State = "cut"    // replaced, or hushed
	Unsaid State = "unsaid" // no engine, no sound card, or the volume is 0
)

// Spoken is one part of an utterance, a sentence or its tone, and what has
// become of it.
type Spoken struct {
	Utterance int // counts from 1
	Tongue    words.Tongue
	Tone      Tone
	Sentence  string // word for word as it is spoken; empty for a tone
	State     State
}

// Voice speaks. Its methods may be called from any goroutine and, but for
// Close, never wait.
type Voice struct {
	o       Opts
	tongues map[kiosk.Lang]words.Tongue
	clips   clips
	cache   *cache

	wake chan struct{} // has room for one
	quit chan struct{}
	done chan struct{}

	mu       sync.Mutex
	closed   bool
	count    int
	next     *job               // what to say when the present is cut
	saying   bool               // something is being said, or about to be
	cut      context.CancelFunc // ends what is being said
	step     int                // of this visit's volume
	troubles map[string]Trouble // by part
	counts   Status
}

type job struct {
	Utterance
	id     int
	tongue words.Tongue
}

// New starts a voice, which tries in silence whether it can be heard. Close
// ends it.
func New(o Opts) *Voice {
	v := &Voice{o: o, cache: newCache(o.Cache), tongues: map[kiosk.Lang]words.Tongue{}, troubles: map[string]Trouble{},
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	if o.Clips != "" {
		var faults []string
		v.clips, faults = loadClips(o.Clips)
		v.noteClips("clips", faults)
	}
	usual := DefaultOpts().Tongues
	for _, lang := range kiosk.Langs {
		v.tongues[lang] = cmp.Or(o.Tongues[lang], usual[lang])
	}
	go v.run()
	return v
}

// Close ends what is being said and returns when no process is left. Nothing
// can be said afterwards.
func (v *Voice) Close() {
	v.mu.Lock()
	if !v.closed {
		v.closed = true
		close(v.quit)
	}
	v.hush()
	v.mu.Unlock()
	<-v.done
}

// Say speaks instead of what is being said. A language that the hall doesn't
// have is spoken like Zh. A text without words and a tone is a Hush.
func (v *Voice) Say(lang kiosk.Lang, u Utterance) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return
	}
	v.hush()
	v.count++
	v.next = &job{Utterance: u, id: v.count, tongue: v.tongues[lang.Known()]}
	select {
	case v.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Hush ends at once what is being said.
func (v *Voice) Hush() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hush()
}

func (v *Voice) hush() {
	v.next = nil
	if v.cut != nil {
		v.cut()
	}
}

// Speaking tells whether anything is being said, or will be at once.
func (v *Voice) Speaking() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.saying || v.next != nil
}

// EndVisit is Hush, and the volume is the hall's again.
func (v *Voice) EndVisit() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hush()
	v.step = 0
}

// Louder raises the volume for this visit, from the next sentence on, and
// returns it in percent.
func (v *Voice) Louder() int { return v.turn(1) }

// Softer lowers the volume for this visit, but never to silence.
func (v *Voice) Softer() int { return v.turn(-1) }

// What a step of the volume is, and the least that it leads to, in percent.
const (
	stepPercent  = 15
	leastPercent = 15
)

func (v *Voice) turn(by int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	before, was := v.step, v.percent()
	v.step += by
	now := v.percent()
	if now == was {
		v.step = before // at the end; the way back is one step too
	}
	return now
}

// percent is the volume now. Only with mu held.
func (v *Voice) percent() int {
	p := 80
	now := v.o.Now()
	at := time.Duration(now.Hour())*time.Hour + time.Duration(now.Minute())*time.Minute
	for i, l := range v.o.Levels {
		if i == 0 {
			p = v.o.Levels[len(v.o.Levels)-1].Percent
		}
		if l.From <= at {
			p = l.Percent
		}
	}
	switch turned := max(leastPercent, p+stepPercent*v.step); {
	case v.step > 0:
		p = turned
	case v.step < 0:
		p = min(p, turned)
	}
	return min(max(0, p), 100)
}

func (v *Voice) gain() float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := float64(v.percent()) / 100
	return p * p
}

// run is the one goroutine that speaks.
func (v *Voice) run() {
	defer close(v.done)
	if v.o.Retry > 0 {
		v.work(nil, v.try)
	}
	for {
		var retry <-chan time.Time
		if v.o.Retry > 0 && v.troubled() {
			retry = v.o.After(v.o.Retry)
		}
		select {
		case <-v.quit:
			return
		case <-retry:
			v.work(nil, v.try)
		case <-v.wake:
			v.mu.Lock()
			j := v.next
			v.mu.Unlock()
			if j != nil {
				v.work(j, func(ctx context.Context) { v.speak(ctx, j) })
			}
		}
	}
}

// work does something that the next Say, Hush or Close breaks off. j is what it
// says; when that was replaced meanwhile, nothing is done.
func (v *Voice) work(j *job, do func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	v.mu.Lock()
	if v.closed || v.next != j {
		v.mu.Unlock()
		return
	}
	v.next, v.cut, v.saying = nil, cancel, j != nil
	v.mu.Unlock()
	do(ctx)
	v.mu.Lock()
	v.cut, v.saying = nil, false
	v.mu.Unlock()
}

// try finds out whether the voice works, without being heard.
func (v *Voice) try(ctx context.Context) {
	for _, t := range words.Tongues {
		sentence := "一"
		if t == words.English {
			sentence = "one"
		}
		for _, used := range v.tongues {
			if used == t {
				_, err := limited(ctx, v.o.Engine, t, sentence, v.o.Patience)
				v.noteEngine(t, err)
				break
			}
		}
	}
	if ctx.Err() == nil {
		_ = v.play(ctx, Sound{Rate: Rate, Samples: make([]int16, Rate/50)}, 0)
	}
}

// speak says a whole utterance, part by part. While one part is heard the next
// is made.
func (v *Voice) speak(ctx context.Context, j *job) {
	parts := []Spoken{}
	if j.Tone != NoTone {
		parts = append(parts, Spoken{Utterance: j.id, Tone: j.Tone})
	}
	for _, s := range words.Read(j.tongue, j.Text) {
		parts = append(parts, Spoken{Utterance: j.id, Tongue: j.tongue, Sentence: s})
	}
	if len(parts) == 0 {
		return
	}
	source := v.source(j)
	outcome, silent := Said, false
	if _, err := v.player(); err != nil {
		v.notePlayer("", err)
		silent = true
	}
	type made struct {
		sound Sound
		err   error
	}
	var coming chan made
	prepare := func(i int) {
		c := make(chan made, 1)
		coming = c
		go func() {
			s, err := source(ctx, parts[i])
			c <- made{s, err}
		}()
	}
	defer func() {
		if coming != nil {
			<-coming // its process is gone too
		}
	}()

	if !silent {
		prepare(0)
	}
	for i := range parts {
		if silent { // and so is the rest
			outcome = Unsaid
			v.tell(parts[i], Unsaid)
			continue
		}
		m := <-coming
		coming = nil
		if ctx.Err() != nil {
			outcome = Cut
			break
		}
		gain := v.gain()
		silent = gain == 0
		if !silent && i+1 < len(parts) {
			prepare(i + 1)
		}
		if silent || m.err != nil { // of one sentence that can't be made the others are worth hearing
			outcome = Unsaid
			v.tell(parts[i], Unsaid)
			continue
		}
		v.tell(parts[i], Begun)
		err := v.play(ctx, m.sound, gain)
		if err != nil && ctx.Err() != nil {
			outcome = Cut
			v.tell(parts[i], Cut)
			break
		}
		state := Said
		if silent = err != nil; silent {
			outcome, state = Unsaid, Unsaid
		}
		v.tell(parts[i], state)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch outcome {
	case Said:
		v.counts.Said++
	case Cut:
		v.counts.Cut++
	case Unsaid:
		v.counts.Unsaid++
	}
}

func (v *Voice) tell(s Spoken, state State) {
	if s.State = state; v.o.Follow != nil {
		v.o.Follow(s)
	}
}

// source is where an utterance's sounds come from: a sentence that recordings cover
// is theirs, and any other the engine's. An engine that has hung is not waited for a
// second time, while somebody listens to nothing.
func (v *Voice) source(j *job) func(ctx context.Context, part Spoken) (Sound, error) {
	var faults []string // of recordings
	hung := false
	return func(ctx context.Context, part Spoken) (Sound, error) {
		if part.Sentence == "" {
			return tones[part.Tone], nil
		}
		if files, ok := v.clips[part.Tongue].cover(part.Sentence); ok {
			s, err := join(files, v.clip)
			if err != nil {
				faults = append(faults, err.Error())
			}
			v.noteClips("clip", faults)
			if err == nil {
				return s, nil
			}
		}
		key := v.o.Engine.String() + "\x00" + string(part.Tongue) + "\x00" + part.Sentence
		if s, ok := v.cache.get(key); ok {
			return s, nil
		}
		if hung {
			return Sound{}, context.DeadlineExceeded
		}
		s, err := limited(ctx, v.o.Engine, part.Tongue, part.Sentence, v.o.Patience)
		v.noteEngine(part.Tongue, err)
		hung = errors.Is(err, context.DeadlineExceeded)
		if err == nil && !j.Private {
			v.cache.put(key, s)
		}
		return s, err
	}
}

// clip reads a recording, once.
func (v *Voice) clip(path string) (Sound, error) {
	if s, ok := v.cache.get(path); ok {
		return s, nil
	}
	s, err := loadClip(path)
	if err == nil {
		v.cache.put(path, s)
	}
	return s, err
}

var errNoPlayer = errors.New("no player is installed")

// players are known to play a WAV from standard input.
var players = [][]string{{"aplay", "-q", "-"}, {"paplay"}}

func (v *Voice) player() ([]string, error) {
	if len(v.o.Player) > 0 {
		return v.o.Player, nil
	}
	for _, p := range players {
		if _, err := exec.LookPath(p[0]); err == nil {
			return p, nil
		}
	}
	return nil, errNoPlayer
}

// play returns when the sound has been heard, or an error when it has not.
func (v *Voice) play(ctx context.Context, s Sound, gain float64) error {
	argv, err := v.player()
	complaint := ""
	if err == nil {
		limit, cancel := context.WithTimeout(ctx, s.Length()+v.o.Grace)
		defer cancel()
		_, complaint, err = run(limit, argv, s.WAV(gain), 0)
	}
	v.notePlayer(complaint, err)
	return err
}
