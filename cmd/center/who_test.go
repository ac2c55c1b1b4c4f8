package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center/centertest"
	"hallkiosk/kiosk/uplink"
)

// typed runs the program with a line on its standard input.
func (p *place) typed(line string, args ...string) (code int, stdout, stderr string) {
	p.Helper()
	var out, errs bytes.Buffer
	code = (&Main{Stdout: &out, Stderr: &errs, Stdin: strings.NewReader(line)}).Run(p.Context(), args)
	return code, out.String(), errs.String()
}

// must runs the program, which must do what it is told and say want.
func (p *place) must(want string, args ...string) string {
	p.Helper()
	code, stdout, stderr := p.try(args...)
	if code != exitStop || !strings.Contains(stdout, want) {
		p.Fatalf("%v: exit %d, %s, %s; want %q", args, code, stdout, stderr, want)
	}
	return stdout
}

// TestEnrolment lets a kiosk change from its token to a key of its own, while
// the center runs, and loses the key again.
func TestEnrolment(t *testing.T) {
	p := newPlace(t)
	p.certificate("127.0.0.1", time.Now().Add(time.Hour))
	c := p.start()
	defer c.stop()
	if !strings.HasPrefix(c.url, "https://") {
		t.Fatalf("listening on %s", c.url)
	}
	trust, err := uplink.TLS(filepath.Join(p.dir, "cert.pem"), "")
	if err != nil {
		t.Fatal(err)
	}
	o := uplink.ClientOpts{URL: c.url, Hall: "h1", TLS: trust, Token: uplink.Token(token)}
	send := func(seq int64) error {
		t.Helper()
		client, err := uplink.NewClient(o)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		_, err = client.Send(t.Context(), centertest.Batch("k1", centertest.Run("k1", "1", 1, seq)...))
		return err
	}
	if err := send(1); err != nil {
		t.Fatal(err)
	}
	code, _, _ := strings.Cut(p.must("kiosk enroll", "enroll", "-config", p.config, "-hall", "h1", "-kiosk", "k1"), "\n")
	path := filepath.Join(p.dir, "kiosk.key")
	if _, err := uplink.Enroll(t.Context(), o, "k2", code, path); kiosk.CodeOf(err) != kiosk.EInvalid {
		t.Fatalf("another kiosk with the code: %v", err)
	}
	id, err := uplink.Enroll(t.Context(), o, "k1", code, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := send(2); kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.HintOf(err), "token") {
		t.Fatalf("the token still counts: %v", err)
	}
	if o.Key, err = uplink.LoadKey(path, "h1", "k1"); err != nil {
		t.Fatal(err)
	}
	if err := send(2); err != nil {
		t.Fatal(err)
	}
	p.must(string(id), "keys", "-config", p.config)
	p.must("revoked", "revoke", "-config", p.config, "-kiosk", "k1")
	if err := send(3); kiosk.CodeOf(err) != kiosk.EInvalid || !strings.Contains(kiosk.HintOf(err), "revoked") {
		t.Fatalf("err = %v", err)
	}
	p.must("revoked 2", "keys", "-config", p.config)
	p.must("key.revoked", "audit", "-config", p.config, "-hall", "h1")
	if code, _, stderr := p.try("revoke", "-config", p.config, "-kiosk", "k9"); code != exitMend || !strings.Contains(stderr, "没有") {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	if code, _, stderr := p.try("enroll", "-config", p.config, "-kiosk", "k9"); code != exitMend || !strings.Contains(stderr, "-hall") {
		t.Fatalf("exit %d, %s", code, stderr)
	}
}

func TestAccounts(t *testing.T) {
	p := newPlace(t)
	const password = "correct horse 电池"
	add := []string{"account", "add", "-config", p.config, "-name", "王小明", "-role", "clerk", "-hall", "h1"}
	if code, stdout, stderr := p.typed(password+"\n", add...); code != exitStop || strings.Contains(stdout+stderr, password) {
		t.Fatalf("exit %d, %s, %s", code, stdout, stderr)
	}
	for _, bad := range []struct {
		line, want string
		args       []string
	}{
		{password, "同名", add},
		{"short\n", "密码", []string{"account", "add", "-config", p.config, "-name", "b", "-role", "clerk"}},
		{password, "角色", []string{"account", "add", "-config", p.config, "-name", "b", "-role", "king"}},
		{password, "-role", []string{"account", "add", "-config", p.config, "-name", "b"}},
		{password, "账号", []string{"account", "disable", "-config", p.config, "-name", "nobody"}},
		{password, "too many arguments", append(add, password)},
	} {
		code, stdout, stderr := p.typed(bad.line, bad.args...)
		if code != exitMend || !strings.Contains(stderr, bad.want) || strings.Contains(stdout+stderr, password) {
			t.Errorf("%v: exit %d, %s, want %q", bad.args, code, stderr, bad.want)
		}
	}
	p.must("王小明\tclerk\th1\t启用", "account", "list", "-config", p.config)
	p.must("disabled", "account", "disable", "-config", p.config, "-name", "王小明")
	p.must("停用", "account", "list", "-config", p.config)
	p.must("enabled", "account", "enable", "-config", p.config, "-name", "王小明")
	if code, _, stderr := p.typed("another password\n", "account", "password", "-config", p.config, "-name", "王小明"); code != exitStop {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	lines := strings.Count(p.must("account.password", "audit", "-config", p.config), "\n")
	if lines != 4 {
		t.Errorf("%d lines in the audit trail", lines)
	}
}

// certificate makes one for an address, and has the config name it.
func (p *place) certificate(ip string, until time.Time) {
	p.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: ip}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.ParseIP(ip)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		p.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		p.Fatal(err)
	}
	p.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	p.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
	p.write("center.toml", "listen = \"127.0.0.1:0\"\ntokens_file = \"center.tokens\"\n[store]\npath = \"center.db\"\n[tls]\ncert_file = \"cert.pem\"\nkey_file = \"key.pem\"\n")
}

func TestCheckTLS(t *testing.T) {
	for name, c := range map[string]struct {
		until  time.Duration
		change func(*place)
		want   []string
	}{
		"Expired": {-time.Hour, func(*place) {}, []string{"center.toml:6:1: ", "expired on", "过期"}},
		"NotYet":  {72 * time.Hour, func(*place) {}, []string{"not valid before", "才生效"}},
		"Missing": {time.Hour, func(p *place) { os.Remove(filepath.Join(p.dir, "cert.pem")) }, []string{"cert.pem is not there", "不存在"}},
		"NoPEM":   {time.Hour, func(p *place) { p.write("key.pem", "nonsense") }, []string{"belong together", "一对"}},
		"Open":    {time.Hour, func(p *place) { os.Chmod(filepath.Join(p.dir, "key.pem"), 0o644) }, []string{"center.toml:7:1: ", "chmod 600"}},
		"Half": {time.Hour, func(p *place) {
			p.write("center.toml", "listen = \"127.0.0.1:0\"\n[store]\npath = \"center.db\"\n[tls]\ncert_file = \"cert.pem\"\n")
		}, []string{"key_file is missing", "缺 key_file"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.certificate("127.0.0.1", time.Now().Add(c.until))
			c.change(p)
			code, _, stderr := p.try("check", "-config", p.config)
			for _, want := range c.want {
				if code != exitMend || !strings.Contains(stderr, want) {
					t.Errorf("exit %d, %s; want %q", code, stderr, want)
				}
			}
		})
	}
}

// TestBackup copies the ledger while a center works on it, and goes on from the
// copy: the kiosk tells again what came after it.
func TestBackup(t *testing.T) {
	p, box, l := newPlace(t), &outbox{}, newLine(t, clear)
	c := p.start()
	l.connect(c)
	box.add(20)
	up := startPump(t, box, "http://"+l.Addr().String())
	up.sent(t, box)
	to := t.TempDir()
	for range 3 { // within one second the newest takes the name
		p.must("已备份 / backed up", "backup", "-config", p.config, "-to", to, "-keep", "1")
	}
	kept, err := filepath.Glob(filepath.Join(to, "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v, %v; want one", kept, err)
	}
	if info, err := os.Stat(kept[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want mode 0600", info.Mode(), err)
	}
	box.add(30)
	up.sent(t, box)
	c.stop()
	for _, end := range []string{"-wal", "-shm", ""} {
		os.Remove(filepath.Join(p.dir, "center.db"+end))
	}
	whole, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "center.db"), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	c = p.start()
	l.connect(c)
	box.add(1)
	up.sent(t, box)
	c.stop()
	p.exact(box)

	for _, bad := range [][]string{{"-to", filepath.Join(to, "none")}, {"-to", to, "-keep", "0"}, {}} {
		if code, out, stderr := p.try(append([]string{"backup", "-config", p.config}, bad...)...); code == exitStop || out != "" || !strings.Contains(stderr, " / ") && !strings.Contains(stderr, "-keep") {
			t.Errorf("%v: exit %d, %s, %s", bad, code, out, stderr)
		}
	}
}
