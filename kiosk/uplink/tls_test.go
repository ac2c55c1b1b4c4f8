package uplink

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
)

// authority is a private CA.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	now := time.Now()
	a := authority{cert: &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "city CA"}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// center starts one with a certificate for a name and until a time.
func (a authority) center(t *testing.T, name string, until time.Time) (url, pin string) {
	t.Helper()
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: until.Add(-48 * time.Hour), NotAfter: until, DNSNames: []string{name}}
	if ip := net.ParseIP(name); ip != nil {
		leaf.DNSNames, leaf.IPAddresses = nil, []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"acked_through":7}`) }))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: a.key}}}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL, fmt.Sprintf("%X", sha256.Sum256(der))
}

func TestTLS(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	later, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	good, pin := ours.center(t, "127.0.0.1", later)
	expired, expiredPin := ours.center(t, "127.0.0.1", past)
	wrongName, namePin := ours.center(t, "elsewhere.example", later)
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, c := range map[string]struct {
		url, ca, pin, hint string // an empty hint: it works
	}{
		"RightCA":     {good, ours.file, "", ""},
		"RightPin":    {good, "", pin, ""},
		"PinNoDates":  {expired, "", expiredPin, ""},
		"PinNoName":   {wrongName, "", strings.ToLower(namePin), ""},
		"WrongCA":     {good, other.file, "", "ca_file"},
		"SystemCAs":   {good, "", "", "ca_file"},
		"Expired":     {expired, ours.file, "", "clock"},
		"WrongName":   {wrongName, ours.file, "", "another name"},
		"WrongPin":    {good, "", namePin, "cert_sha256"},
		"NoTLSThere":  {strings.Replace(plain.URL, "http:", "https:", 1), ours.file, "", "http://"},
		"PinnedOther": {expired, "", pin, "cert_sha256"},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := TLS(c.ca, c.pin)
			if err != nil {
				t.Fatal(err)
			}
			cl, err := NewClient(ClientOpts{URL: c.url, Token: Token(token), TLS: config})
			if err != nil {
				t.Fatal(err)
			}
			defer cl.Close()
			_, err = cl.Send(t.Context(), batch)
			if c.hint == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.HintOf(err), c.hint) || !strings.Contains(kiosk.MessageOf(err), "证书") {
				t.Fatalf("code %q, hint %q, %q; want %q", kiosk.CodeOf(err), kiosk.HintOf(err), kiosk.MessageOf(err), c.hint)
			}
		})
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][2]string{{"none.pem", ""}, {empty, ""}, {"", "abc"}, {"", strings.Repeat("zz", 32)}} {
		if _, err := TLS(bad[0], bad[1]); kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.HintOf(err), "[center]") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
