package uplink

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"hallkiosk/kiosk"
)

// TLS says which center to trust. caFile names the certificates, in PEM, of the
// CAs that may vouch for it; pin is the SHA-256 of the center's own certificate
// in hex, and nothing else counts then: not its name, and not its dates, for
// the kiosk's clock may be wrong. With neither, TLS returns nil: the system's CAs.
// EInvalid, with a hint, when one of them can't be used.
func TLS(caFile, pin string) (*tls.Config, error) {
	fail := func(err error, zh, hint string) (*tls.Config, error) {
		return nil, &kiosk.Error{Code: kiosk.EInvalid, Op: "trust center", Err: err, Message: zh, Hint: hint}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case pin != "":
		want, err := hex.DecodeString(strings.ReplaceAll(pin, ":", ""))
		if err != nil || len(want) != sha256.Size {
			return fail(nil, "[center] cert_sha256 不对，应为 64 位十六进制数。", "[center] cert_sha256 must have 64 hexadecimal digits")
		}
		config.InsecureSkipVerify = true // VerifyConnection knows the one that counts
		config.VerifyConnection = func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || sha256.Sum256(s.PeerCertificates[0].Raw) != [sha256.Size]byte(want) {
				return &pinError{s.PeerCertificates}
			}
			return nil
		}
	case caFile != "":
		text, err := os.ReadFile(caFile)
		if err != nil {
			return fail(err, "[center] ca_file 读不了。", caFile+": can't be read. See [center] ca_file")
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return fail(nil, "[center] ca_file 里没有证书。", caFile+": holds no certificate in PEM. See [center] ca_file")
		}
	default:
		return nil, nil
	}
	return config, nil
}

// pinError is a center that shows another certificate than the pinned one.
type pinError struct{ shown []*x509.Certificate }

func (e *pinError) Error() string { return "the certificate is not the pinned one" }

// distrust says what is wrong with the center's certificate; "" when err is
// about something else.
func distrust(err error) string {
	var pin *pinError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &pin):
		if len(pin.shown) > 0 {
			return fmt.Sprintf("shows another certificate, with SHA-256 %x. If it was renewed, write that to [center] cert_sha256", sha256.Sum256(pin.shown[0].Raw))
		}
		return pin.Error()
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate is for another name than %q (%v). Mend [center] url, or have a certificate made for that name", name.Host, name)
	case errors.As(err, &authority):
		return "nobody this kiosk trusts vouches for the certificate. Put the CA's certificate into [center] ca_file"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate is not valid now (" + invalid.Detail + "). Set the kiosk's clock if it is wrong, or renew the center's certificate"
	case errors.As(err, &verify):
		return "the certificate can't be trusted: " + verify.Err.Error()
	case errors.Is(err, http.ErrSchemeMismatch):
		return "doesn't speak TLS there. Should [center] url begin with http://?"
	}
	return ""
}
