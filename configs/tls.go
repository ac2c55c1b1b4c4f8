package configs

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"
)

// TLS is the center's own certificate; empty is plain HTTP.
type TLS struct {
	CertFile string `toml:"cert_file"`
	KeyFile  string `toml:"key_file"`
}

// checkTLS finds a certificate that the center couldn't show. Its files must be
// resolved.
func (c *Center) checkTLS(f *file, now time.Time) {
	t := c.TLS
	switch {
	case t.CertFile == "" && t.KeyFile == "":
		return
	case t.CertFile == "":
		f.add("tls.cert_file", "[tls] cert_file is missing. Name the certificate's file, or take key_file away.", "[tls] 缺 cert_file，请写证书文件，或去掉 key_file。")
		return
	case t.KeyFile == "":
		f.add("tls.key_file", "[tls] key_file is missing. Name the file of the certificate's private key.", "[tls] 缺 key_file，请写证书私钥的文件。")
		return
	}
	if checkReadable(f, "tls.cert_file", t.CertFile) && checkReadable(f, "tls.key_file", t.KeyFile) {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			f.addf("tls.cert_file", "the certificate and key can't be used: %v. Both must be PEM and belong together.", "证书和私钥不能用：%v。两者都要是 PEM 格式，并且是一对。", err)
			return
		}
		checkDates(f, "tls.cert_file", pair.Leaf, now)
		if info, err := os.Stat(t.KeyFile); err == nil && info.Mode().Perm()&0o077 != 0 {
			f.addf("tls.key_file", "mode %#o lets others read the private key. Run: chmod 600 %s", "权限 %#o 让别人也能读私钥，请运行 chmod 600 %s", info.Mode().Perm(), t.KeyFile)
		}
	}
}

func checkReadable(f *file, key, path string) bool {
	_, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.addf(key, "%s is not there. Put the file there, or mend the path.", "%s 不存在，请放好文件或改路径。", path)
	case err != nil:
		f.addf(key, "can't be read: %v. Check its owner and mode.", "读不了：%v。请检查文件的主人和权限。", err)
	}
	return err == nil
}

// checkDates finds a certificate that isn't valid now.
func checkDates(f *file, key string, cert *x509.Certificate, now time.Time) {
	switch {
	case now.After(cert.NotAfter):
		f.addf(key, "the certificate of %s expired on %s. Renew it, or set this machine's clock.", "%s 的证书已于 %s 过期，请更新证书，或校准本机时间。", cert.Subject, cert.NotAfter.Format(time.DateOnly))
	case now.Before(cert.NotBefore):
		f.addf(key, "the certificate of %s is not valid before %s. Set this machine's clock.", "%s 的证书到 %s 才生效，请校准本机时间。", cert.Subject, cert.NotBefore.Format(time.DateOnly))
	}
}

// checkTrust finds a CA or pin with which the center couldn't be trusted. Its
// file must be resolved.
func (c *CenterRef) checkTrust(f *file, now time.Time) {
	if c.CAFile != "" && c.CertSHA256 != "" {
		f.add("center.cert_sha256", "ca_file and cert_sha256 are both set. Keep one: a CA, or the one certificate.", "ca_file 和 cert_sha256 只能写一个。")
	}
	if pin := c.CertSHA256; pin != "" {
		if raw, err := hex.DecodeString(strings.ReplaceAll(pin, ":", "")); err != nil || len(raw) != sha256.Size {
			f.add("center.cert_sha256", "cert_sha256 must have 64 hexadecimal digits, as of: openssl x509 -noout -fingerprint -sha256", "cert_sha256 应为 64 位十六进制数，可用 openssl x509 -noout -fingerprint -sha256 查看。")
		}
	}
	if (c.CAFile != "" || c.CertSHA256 != "") && strings.HasPrefix(c.URL, "http://") {
		f.add("center.url", "ca_file or cert_sha256 is set, but url begins with http://. Write https://.", "写了 ca_file 或 cert_sha256，但网址是 http:// 开头，请改成 https://。")
	}
	if c.CAFile == "" || !checkReadable(f, "center.ca_file", c.CAFile) {
		return
	}
	text, _ := os.ReadFile(c.CAFile)
	found := false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		found = true
		checkDates(f, "center.ca_file", cert, now)
	}
	if !found {
		f.add("center.ca_file", "holds no certificate in PEM. Put the CA's certificate there.", "里面没有 PEM 格式的证书，请放入 CA 的证书。")
	}
}

// checkKey finds a key file that can't be used. A missing one is mild: the
// kiosk gives numbers, and kiosk enroll makes it. It says whether the config
// names one.
func (c *CenterRef) checkKey(f *file) bool {
	if c.KeyFile == "" || c.URL == "" {
		return c.KeyFile != ""
	}
	info, err := os.Stat(c.KeyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.addf("center.key_file", "%s is not there yet. Run: kiosk enroll CODE", "%s 还没有，请运行 kiosk enroll 登记码。", c.KeyFile)
		f.problems[len(f.problems)-1].Mild = true
	case err != nil:
		f.addf("center.key_file", "can't be read: %v. Check its owner and mode.", "读不了：%v。请检查文件的主人和权限。", err)
	case !info.Mode().IsRegular():
		f.addf("center.key_file", "%s is not a plain file.", "%s 不是普通文件。", c.KeyFile)
	case info.Mode().Perm()&0o077 != 0:
		f.addf("center.key_file", "mode %#o lets others read the key. Run: chmod 600 %s", "权限 %#o 让别人也能读密钥，请运行 chmod 600 %s", info.Mode().Perm(), c.KeyFile)
	default:
		checkReadable(f, "center.key_file", c.KeyFile)
	}
	return true
}
