package main_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// The technician's look at the reader: every kind of card, with and without the
// kiosk running, and never a whole name or number.
func TestDoctorReader(t *testing.T) {
	type report struct {
		Kind    string
		Name    string `json:"name_masked"`
		Number  string `json:"number_masked"`
		Expires string
		Valid   bool
	}
	for name, running := range map[string]bool{"Alone": false, "WithTheKiosk": true} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t)
			m := newMachine(t, h.ports(115200))
			if running {
				m.run(nil, "-headless")
			}
			for card, kind := range map[string]string{"resident": "resident", "hmt": "hmt", "foreign2017": "foreign", "foreign2023": "foreign"} {
				h.do("/reader/put?card=" + card)
				var r report
				for tries := 0; r.Kind != kind && tries < 20; tries++ { // the card before may not be missed yet
					out, errOut, code := m.verb("doctor", "reader", "-json")
					if err := json.Unmarshal([]byte(out), &r); err != nil || code != 0 || r.Name == "" || r.Expires == "" {
						t.Fatalf("%s: exit %d %s%s", card, code, out, errOut)
					}
				}
				if r.Kind != kind || !strings.Contains(r.Name, "*") || strings.Count(r.Number, "*") < 8 {
					t.Errorf("%s: %+v", card, r)
				}
				h.do("/reader/lift")
			}
			h.do("/reader/fail?command=read&sw3=41&times=1")
			h.do("/reader/put?card=resident")
			out, code := "", 0
			for tries := 0; code == 0 && tries < 20; tries++ {
				out, _, code = m.verb("doctor", "reader", "-json")
			}
			var bad struct{ Status, Message, Hint string }
			if err := json.Unmarshal([]byte(out), &bad); err != nil || code != 1 || bad.Message == "" || bad.Hint == "" {
				t.Errorf("a card that can't be read: exit %d %s", code, out)
			}
		})
	}
}

func TestDoctorReaderInTrouble(t *testing.T) {
	m := newMachine(t, "")
	if _, errOut, code := m.verb("doctor", "reader"); code != 2 || !contains(errOut, "没有装") {
		t.Errorf("not fitted: exit %d %s", code, errOut)
	}
	m = newMachine(t, "[reader]\nport = \"/dev/no-such-reader\"\n")
	out, _, code := m.verb("doctor", "reader", "-json")
	var r struct{ Status, Message, Hint string }
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 1 || r.Status != "unavailable" || r.Message == "" || !contains(r.Hint, "/dev/no-such-reader") {
		t.Errorf("gone: exit %d %s", code, out)
	}
	if _, errOut, code := m.verb("doctor", "teeth"); code != 2 || !contains(errOut, "doctor reader") {
		t.Errorf("unknown device: exit %d %s", code, errOut)
	}
}
