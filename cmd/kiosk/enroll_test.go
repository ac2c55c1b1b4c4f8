package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hallkiosk/kiosk"
)

func TestEnrollVerb(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e kiosk.Enrolment
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil || !ed25519.Verify(e.Public, kiosk.EnrolText(e), e.Proof) || e.Kiosk != "k1" || e.Hall != "h1" {
			t.Errorf("%+v, %v", e, err)
		}
		if e.Code != "7Q2M-04KD-XW9T" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"type":"urn:hallkiosk:problem:code"}`)
			return
		}
		json.NewEncoder(w).Encode(kiosk.Enrolled{Key: kiosk.KeyIDOf(e.Public)})
	}))
	defer srv.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "kiosk.toml")
	write := func(center string) {
		t.Helper()
		if err := os.WriteFile(config, []byte("[kiosk]\nid = \"k1\"\nhall = \"h1\"\nseries = 1\n[store]\npath = \"kiosk.db\"\n[center]\n"+center), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	enroll := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := (&Main{Out: &out, Err: &out}).Run(t.Context(), append([]string{"enroll", "-config", config}, args...))
		return code, out.String()
	}
	write(fmt.Sprintf("url = %q\n", srv.URL))
	if code, out := enroll("7Q2M-04KD-XW9T"); code != 2 || !strings.Contains(out, "key_file") {
		t.Fatalf("exit %d, %s", code, out)
	}
	write(fmt.Sprintf("url = %q\nkey_file = \"key\"\n", srv.URL))
	if code, out := enroll("AAAA-AAAA-AAAA"); code != 2 || !strings.Contains(out, "登记码不对") {
		t.Fatalf("exit %d, %s", code, out)
	}
	if code, out := enroll(); code != 2 {
		t.Fatalf("exit %d, %s", code, out)
	}
	if code, out := enroll("7q2m04kdxw9t"); code != 0 || !strings.Contains(out, "已登记") {
		t.Fatalf("exit %d, %s", code, out)
	}
	if info, err := os.Stat(filepath.Join(dir, "key")); err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	srv.Close()
	if code, out := enroll("7Q2M-04KD-XW9T"); code != 1 || !strings.Contains(out, "连不上中心") {
		t.Fatalf("exit %d, %s", code, out)
	}
}
