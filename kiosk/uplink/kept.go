package uplink

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"

	"hallkiosk/kiosk"
)

// Kept is a file with what of the news must outlast a restart while the center is
// away: bookings, with the keys of their cards, and orders. Lengths and calls are
// left out: they would be wrong by then. The file has mode 0600 and is written
// anew when that part of the news changes, which takes a sync of the disk. Safe for
// use from several goroutines.
type Kept struct {
	Path string

	mu   sync.Mutex
	last []byte
}

// Load returns what was kept, without bookings of days before today; nil when
// there is nothing. A file that can't be read or understood is no news, and the
// error tells the technician.
func (k *Kept) Load(today kiosk.Day) (*kiosk.News, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.load(today)
}

func (k *Kept) load(today kiosk.Day) (*kiosk.News, error) {
	text, err := os.ReadFile(k.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var n kiosk.News
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err != nil {
		return nil, &kiosk.Error{Code: kiosk.EDisk, Op: "read the kept news", Err: err, Message: "上次的中心消息读不出来，等中心再发。", Hint: k.Path + " can't be read; the center's next news replaces it"}
	}
	k.last = text
	return forget(&n, today), nil
}

// Save keeps n, from today on.
func (k *Kept) Save(n *kiosk.News, today kiosk.Day) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.save(n, today)
}

func (k *Kept) save(n *kiosk.News, today kiosk.Day) error {
	part := forget(&kiosk.News{Hall: n.Hall, Bookings: n.Bookings, CardKeys: n.CardKeys, Orders: n.Orders}, today)
	text, err := json.Marshal(part)
	if err != nil || bytes.Equal(text, k.last) {
		return err
	}
	if err := replace(k.Path, text); err != nil {
		return &kiosk.Error{Code: kiosk.EDisk, Op: "keep the news", Err: err, Message: "中心的消息存不下来。", Hint: k.Path + " can't be written: look at the disk and the rights of its folder"}
	}
	k.last = text
	return nil
}

// Forget drops what is kept of days before today.
func (k *Kept) Forget(today kiosk.Day) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	n, err := k.load(today)
	if err != nil || n == nil {
		return err
	}
	return k.save(n, today)
}

// forget returns n without bookings of days before today and their keys.
func forget(n *kiosk.News, today kiosk.Day) *kiosk.News {
	n.Bookings = slices.DeleteFunc(slices.Clone(n.Bookings), func(b kiosk.Booking) bool { return b.Day < today })
	keys := map[kiosk.Day][]byte{}
	for day, key := range n.CardKeys {
		if day >= today {
			keys[day] = key
		}
	}
	n.CardKeys = keys
	return n
}
