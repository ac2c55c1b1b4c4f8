package center_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hallkiosk/kiosk/center"
)

// TestCertificateRenewed renews the files of a certificate, badly first.
func TestCertificateRenewed(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(serial int64, at time.Time) {
		t.Helper()
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		cert := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: raw}} {
			if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := center.LoadCertificate(certFile, keyFile); err == nil {
		t.Fatal("no files, no error")
	}
	began := time.Now().Add(-time.Hour)
	write(1, began)
	c, err := center.LoadCertificate(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	config := c.Config()
	shows := func(serial int64) {
		t.Helper()
		pair, err := config.GetCertificate(&tls.ClientHelloInfo{})
		if err != nil || pair.Leaf.SerialNumber.Int64() != serial {
			t.Fatalf("%+v, %v; want serial %d", pair, err, serial)
		}
	}
	shows(1)
	if err := os.WriteFile(certFile, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	shows(1)
	write(2, began.Add(time.Minute))
	shows(2)
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	shows(2)
}
