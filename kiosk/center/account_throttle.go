package center

import (
	"container/list"
	"sync"
	"time"
)

// throttle slows down who guesses passwords. Each failure is held against
// three things, and a try is weighed only when none of them is exhausted:
//
//   - the name together with the address: 5 failures, then one try every 15 s;
//   - the address: 50 failures, then one every 2 s;
//   - the name from all addresses together: 100 failures, then one a minute.
//     An address from which the account has logged in before is exempt from
//     this one, so a stranger, or a thousand, can't lock a person out of the
//     desk where she works; and from anywhere the wait is at most a minute.
//
// What is turned away costs no hash, and isn't held against anybody, so no wait
// ever grows. It is kept in memory and bounded. What a process has weighed it
// appends to the Store, and each looks there before it weighs, so several count
// together, and one that was started anew goes on. Names that no account has are
// told to nobody, so they are counted by each process for itself.
type throttle struct {
	mu      sync.Mutex
	heard   int64                    // tries of the Store through this were weighed here,
	own     map[int64]bool           // and those after it that are this process's own
	buckets map[string]*list.Element // of *bucket
	recent  *list.List               // the one touched last in front
	good    map[string]*list.Element // of string: name and address of a login
	logins  *list.List
}

// bucket holds how many tries are left, as of a time.
type bucket struct {
	key  string
	left float64
	at   time.Time
}

// maxBuckets bounds a throttle's memory: some hundred bytes each.
const maxBuckets = 20_000

type limit struct {
	burst float64
	every time.Duration // for one more
}

var (
	pairLimit    = limit{5, 15 * time.Second}
	addressLimit = limit{50, 2 * time.Second}
	nameLimit    = limit{100, time.Minute}
)

func newThrottle() *throttle {
	return &throttle{own: map[int64]bool{}, buckets: map[string]*list.Element{}, recent: list.New(), good: map[string]*list.Element{}, logins: list.New()}
}

// claim is one bucket that a try draws from.
type claim struct {
	key string
	limit
}

// claims returns what a try draws from.
func (t *throttle) claims(name, address string) (pair string, all []claim) {
	pair = name + "\n" + address
	all = []claim{{"p" + pair, pairLimit}, {"a" + address, addressLimit}, {"n" + name, nameLimit}}
	if _, known := t.good[pair]; known {
		all = all[:2]
	}
	return pair, all
}

// try takes one try of a name from an address, at once for all its claims. It
// returns zero, or how long to wait.
func (t *throttle) try(name, address string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, all := t.claims(name, address)
	var wait time.Duration
	var hold []*bucket
	for _, c := range all {
		b := t.bucket(c, now)
		hold = append(hold, b)
		if b.left < 1 {
			wait = max(wait, time.Duration((1-b.left)*float64(c.every)))
		}
	}
	if wait > 0 {
		return max(wait, time.Second)
	}
	for _, b := range hold {
		b.left--
	}
	return 0
}

// hear weighs the tries that all processes have stored, as of their times, in
// the order of the Store.
func (t *throttle) hear(tries []Try) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, y := range tries {
		t.heard = max(t.heard, y.ID)
		if t.own[y.ID] {
			delete(t.own, y.ID)
			continue
		}
		pair, all := t.claims(y.Account, y.From)
		if y.Won {
			t.remember(pair)
			continue
		}
		for _, c := range all {
			if y.Account != "" || c.limit == addressLimit {
				b := t.bucket(c, y.At)
				b.left = max(b.left-1, 0)
			}
		}
	}
}

// after is from where the Store's tries are news here.
func (t *throttle) after() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.heard
}

// mine notes a try that this process has stored, and weighed already.
func (t *throttle) mine(id int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id > t.heard {
		t.own[id] = true
	}
}

// back gives back a try that was not weighed.
func (t *throttle) back(name, address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, all := t.claims(name, address)
	for _, c := range all {
		b := t.bucket(c, now)
		b.left = min(b.left+1, c.burst)
	}
}

// won gives back the try of somebody who knew the password, and remembers the
// address.
func (t *throttle) won(name, address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	pair, all := t.claims(name, address)
	for i, c := range all {
		b := t.bucket(c, now)
		b.left = min(b.left+1, c.burst)
		if i == 0 {
			b.left = c.burst
		}
	}
	t.remember(pair)
}

// remember keeps the address of somebody who has logged in.
func (t *throttle) remember(pair string) {
	if e, known := t.good[pair]; known {
		t.logins.MoveToFront(e)
		return
	}
	t.good[pair] = t.logins.PushFront(pair)
	if t.logins.Len() > maxBuckets {
		delete(t.good, t.logins.Remove(t.logins.Back()).(string))
	}
}

// bucket returns a claim's bucket as of now.
func (t *throttle) bucket(c claim, now time.Time) *bucket {
	e := t.buckets[c.key]
	if e == nil {
		e = t.recent.PushFront(&bucket{key: c.key, left: c.burst, at: now})
		t.buckets[c.key] = e
		if t.recent.Len() > maxBuckets {
			delete(t.buckets, t.recent.Remove(t.recent.Back()).(*bucket).key)
		}
	}
	t.recent.MoveToFront(e)
	b := e.Value.(*bucket)
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(c.burst, b.left+passed.Seconds()/c.every.Seconds())
		b.at = now
	}
	return b
}
