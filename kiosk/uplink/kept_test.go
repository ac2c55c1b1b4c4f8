package uplink

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"hallkiosk/kiosk"
)

func TestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news")
	const today, tomorrow = "2026-11-23", "2026-11-24"
	k := &Kept{Path: path}
	if n, err := k.Load(today); n != nil || err != nil {
		t.Fatalf("nothing is kept: %v %v", n, err)
	}
	n := &kiosk.News{Hall: "H1", Version: 7, Lengths: []kiosk.Length{{Day: today, Queue: "A", Waiting: 3}},
		Bookings: []kiosk.Booking{{ID: "b1", Day: today, Phone: "0042"}, {ID: "b2", Day: tomorrow}}, CardKeys: map[kiosk.Day][]byte{today: []byte("one"), tomorrow: []byte("two")},
		Orders: []kiosk.Order{{ID: "o1", Do: kiosk.PauseQueue, Queue: "A"}}}
	if err := k.Save(n, today); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	long := time.Unix(1, 0)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	n.Version, n.Lengths[0].Waiting = 8, 4 // that is no reason to write
	k = &Kept{Path: path}
	got, err := k.Load(today)
	if err != nil || len(got.Bookings) != 2 || !reflect.DeepEqual(got.CardKeys, n.CardKeys) || !reflect.DeepEqual(got.Orders, n.Orders) || got.Lengths != nil {
		t.Fatalf("%+v %v", got, err)
	}
	if err := k.Save(n, today); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); !info.ModTime().Equal(long) {
		t.Error("it was written without need")
	}
	if err := k.Forget(tomorrow); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); bytes.Contains(text, []byte("0042")) || !bytes.Contains(text, []byte("b2")) {
		t.Errorf("after the day: %s", text)
	}
	if got, err := k.Load(tomorrow); err != nil || len(got.Bookings) != 1 || len(got.CardKeys) != 1 || len(got.Orders) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Load(today); kiosk.CodeOf(err) != kiosk.EDisk {
		t.Errorf("a torn file: %v", err)
	}
	if err := k.Save(n, today); err != nil {
		t.Error(err)
	}
	if got, err := k.Load(today); err != nil || len(got.Bookings) != 2 {
		t.Errorf("after it was replaced: %+v %v", got, err)
	}
}
