package center_test

import (
	"errors"
	"net/http"
	"reflect"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

func TestSetHalls(t *testing.T) {
	h := newHall(t)
	for name, hall := range map[string]kiosk.HallID{"wang": "h1", "zhao": "h2", "li": ""} {
		h.account(name, center.Technician, hall)
	}
	h.account("chen", center.Clerk, "h1")
	h.acked(h.send(kiosk.Batch{Kiosk: "k1", Hall: "h1", Epoch: "e1"}), 0)
	line := h.hold("h1", "Bearer "+token1)
	set := func(version string, windows map[kiosk.WindowID][]kiosk.QueueID) {
		t.Helper()
		if err := h.SetHalls(t.Context(), map[kiosk.HallID]center.Hall{"h1": {Version: version, Windows: windows}, "h2": {Version: "of h2"}}); err != nil {
			t.Fatal(err)
		}
		line.until(func(n kiosk.News) bool { return n.Catalog == version })
	}
	windows := func(want map[kiosk.WindowID][]kiosk.QueueID) {
		t.Helper()
		got := map[kiosk.WindowID][]kiosk.QueueID{}
		all, err := h.store.Windows(t.Context(), "h1")
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range all {
			got[w.ID] = w.Queues
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("windows = %v, want %v", got, want)
		}
	}
	type of = map[kiosk.WindowID][]kiosk.QueueID
	set("c1", of{"1": {"A"}, "2": {"A"}})
	windows(of{"1": {"A"}, "2": {"A"}})
	if err := h.store.SetWindow(t.Context(), "h1", "1", []kiosk.QueueID{"B"}); err != nil { // a manager
		t.Fatal(err)
	}
	set("c2", of{"1": {"A"}, "2": {"C"}})
	windows(of{"1": {"B"}, "2": {"C"}})

	h.RefuseHalls(errors.New("one\ntwo"))
	for name, want := range map[string]string{
		"wang": `{"since":"2024-11-23T13:00:00Z","halls":[{"hall":"h1","catalog":"c2","calendar":""}],"refused":{"at":"2024-11-23T13:00:00Z","problems":["one","two"]}}`,
		"zhao": `{"since":"2024-11-23T13:00:00Z","halls":[{"hall":"h2","catalog":"of h2","calendar":""}],"refused":{"at":"2024-11-23T13:00:00Z","problems":["one","two"]}}`,
		"li":   `{"since":"2024-11-23T13:00:00Z","halls":[{"hall":"h1","catalog":"c2","calendar":""},{"hall":"h2","catalog":"of h2","calendar":""}],"refused":{"at":"2024-11-23T13:00:00Z","problems":["one","two"]}}`,
	} {
		if a := h.as(h.login(name), "GET", "/v1/status"); a.status != http.StatusOK || a.body != want+"\n" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := h.as(h.login("chen"), "GET", "/v1/status"); a.status != http.StatusForbidden {
		t.Errorf("a clerk: %d %s", a.status, a.body)
	}
	if a := h.do("GET", "/v1/status", nil); a.status != http.StatusUnauthorized {
		t.Errorf("nobody: %d %s", a.status, a.body)
	}
	set("c3", nil)
	if a := h.as(h.login("wang"), "GET", "/v1/status"); a.body != `{"since":"2024-11-23T13:00:00Z","halls":[{"hall":"h1","catalog":"c3","calendar":""}]}`+"\n" {
		t.Errorf("%d %s", a.status, a.body)
	}
	h.store.Close()
	if err := h.SetHalls(t.Context(), map[kiosk.HallID]center.Hall{"h1": {Version: "c4", Windows: of{"1": {"D"}}}}); err == nil {
		t.Error("windows were set in a closed store")
	}
}
