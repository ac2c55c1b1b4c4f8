package configs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
)

// caFile writes a CA's certificate that is good until a time.
func caFile(t *testing.T, until time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: until.Add(-48 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func TestCenterTrust(t *testing.T) {
	good := caFile(t, time.Now().Add(time.Hour))
	pin := strings.Repeat("ab", 32)
	key := write(t, "key", "{}")
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	open := write(t, "open", "{}")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url, ca, pin, key string
		want              []string // nothing: all is well
	}{
		"CA":        {"https://c", good, "", key, nil},
		"Pin":       {"https://c", "", pin, key, nil},
		"Colons":    {"https://c", "", strings.TrimSuffix(strings.Repeat("AB:", 32), ":"), key, nil},
		"Both":      {"https://c", good, pin, key, []string{"Keep one", "只能写一个"}},
		"ShortPin":  {"https://c", "", "abcd", key, []string{"64 hexadecimal", "64 位"}},
		"Plain":     {"http://c", good, "", key, []string{"Write https://", "请改成 https://"}},
		"Missing":   {"https://c", filepath.Join(t.TempDir(), "none"), "", key, []string{"is not there", "不存在"}},
		"NoPEM":     {"https://c", key, "", key, []string{"no certificate", "没有 PEM"}},
		"Expired":   {"https://c", caFile(t, time.Now().Add(-time.Hour)), "", key, []string{"expired on", "过期"}},
		"NotYet":    {"https://c", caFile(t, time.Now().Add(72*time.Hour)), "", key, []string{"not valid before", "才生效"}},
		"Folder":    {"https://c", t.TempDir(), "", key, []string{"can't be read", "读不了"}},
		"NoKeyYet":  {"https://c", "", "", filepath.Join(t.TempDir(), "none"), []string{"kiosk enroll", "登记码"}},
		"OpenKey":   {"https://c", "", "", open, []string{"chmod 600", "别人也能读"}},
		"KeyFolder": {"https://c", "", "", t.TempDir(), []string{"not a plain file", "不是普通文件"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(least, "[store]", "series = 1\n[store]", 1) +
				fmt.Sprintf("[center]\nurl = %q\nca_file = %q\ncert_sha256 = %q\nkey_file = %q\n", c.url, c.ca, c.pin, c.key)
			_, _, problems := configs.LoadKiosk(write(t, "kiosk.toml", text))
			if len(c.want) == 0 && len(problems) > 0 {
				t.Fatal(problems)
			}
			for _, want := range c.want {
				if !strings.Contains(problems.Error(), want) {
					t.Errorf("%v\nwant %q", problems, want)
				}
			}
			if mild := len(problems) > 0 && len(problems.Fatal()) == 0; mild != (name == "NoKeyYet") {
				t.Errorf("mild: %v", mild)
			}
		})
	}
}
