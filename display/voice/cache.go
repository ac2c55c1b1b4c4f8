package voice

import (
	"container/list"
	"sync"
)

// cache keeps the sounds that were used last, in so many bytes.
type cache struct {
	mu    sync.Mutex
	limit int
	used  int
	order *list.List // of entry, the last used first
	at    map[string]*list.Element
}

type entry struct {
	key   string
	sound Sound
}

func newCache(limit int) *cache {
	return &cache{limit: limit, order: list.New(), at: map[string]*list.Element{}}
}

func (c *cache) get(key string) (Sound, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.at[key]
	if !ok {
		return Sound{}, false
	}
	c.order.MoveToFront(e)
	return e.Value.(entry).sound, true
}

func (c *cache) put(key string, s Sound) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.at[key]; ok || s.bytes() > c.limit {
		return
	}
	c.at[key] = c.order.PushFront(entry{key, s})
	for c.used += s.bytes(); c.used > c.limit; {
		old := c.order.Remove(c.order.Back()).(entry)
		delete(c.at, old.key)
		c.used -= old.sound.bytes()
	}
}
