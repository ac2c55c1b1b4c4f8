package center

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// Certificate shows the certificate in two PEM files, and the new one once
// they were changed: a certificate is renewed without a restart. While the files
// can't be used, it goes on with what it has. Make it with LoadCertificate.
type Certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	pair    *tls.Certificate
	changed [2]time.Time // of the files that pair is from
}

// LoadCertificate reads the files. The error names the file that can't be
// used.
func LoadCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("[tls] cert_file and key_file: %w", err)
	}
	return c, nil
}

func (c *Certificate) load() error {
	var changed [2]time.Time
	for i, path := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		changed[i] = info.ModTime()
	}
	if c.pair != nil && changed == c.changed {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.changed = &pair, changed
	return nil
}

// Config is for Opts.TLS.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.load(); err != nil && c.pair == nil {
			return nil, err
		}
		return c.pair, nil
	}}
}
