package uplink

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"hallkiosk/kiosk"
)

// Enroll exchanges a code that center enroll printed for a key of the kiosk's
// own, and stores it at path, mode 0600. The private half is made here and goes
// nowhere. The key that is there already stays until the center has agreed.
//
// When the answer was lost, Enroll with the same code finishes it: the new key
// lies beside path, with .new at its end, before it is sent.
//
// EInvalid: the code, the kiosk or the hall is not right; Message and Hint say
// which. EUnavailable: the center doesn't answer. EDisk: the key can't be
// written. o needs URL, Hall and TLS or HTTP. For the technician, at the kiosk.
func Enroll(ctx context.Context, o ClientOpts, id kiosk.KioskID, code, path string) (kiosk.KeyID, error) {
	code, ok := kiosk.ParseCode(code)
	if !ok {
		return "", &kiosk.Error{Code: kiosk.EInvalid, Op: "enroll", Message: "登记码不对，应为 12 位，例如 7Q2M-04KD-XW9T。",
			Hint: "a code has 12 letters and digits, such as 7Q2M-04KD-XW9T. Run on the center: center enroll"}
	}
	c, err := NewClient(o)
	if err != nil {
		return "", err
	}
	defer c.Close()
	disk := func(err error) error {
		return &kiosk.Error{Code: kiosk.EDisk, Op: "enroll", Err: err, Message: "密钥写不进去，请检查文件夹和权限。", Hint: path + ": the key can't be written. See [center] key_file, its folder and the disk"}
	}
	sum := sha256.Sum256([]byte(code))
	fresh := path + ".new"
	f, err := readKeyFile(fresh)
	if err != nil || f.For != hex.EncodeToString(sum[:]) || f.Kiosk != id || f.Hall != o.Hall {
		f = keyFile{Kiosk: id, Hall: o.Hall, Private: newSeed(), For: hex.EncodeToString(sum[:])}
		if err := writeKeyFile(fresh, f); err != nil {
			return "", disk(err)
		}
	}
	k := newKey(f, time.Now())
	if err := c.enroll(ctx, k, code); err != nil {
		if kiosk.CodeOf(err) != kiosk.EUnavailable {
			err = errors.Join(err, os.Remove(fresh)) // it will never be enrolled
		}
		return "", err
	}
	f.For = ""
	if err := writeKeyFile(path, f); err != nil {
		return "", disk(err)
	}
	if err := os.Remove(fresh); err != nil {
		return "", disk(err)
	}
	return k.id, nil
}

// enroll asks the center to know k.
func (c *Client) enroll(ctx context.Context, k *Key, code string) error {
	const op = "enroll"
	e := kiosk.Enrolment{Code: code, Hall: k.hall, Kiosk: k.kiosk, Public: k.private.Public().(ed25519.PublicKey)}
	e.Proof = ed25519.Sign(k.private, kiosk.EnrolText(e))
	body, err := json.Marshal(e)
	if err != nil {
		return &kiosk.Error{Code: kiosk.EInternal, Op: op, Err: err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/enroll", bytes.NewReader(body))
	if err != nil {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: op, Err: err, Hint: "[center] url can't be used"}
	}
	r.Header.Set("Content-Type", "application/json")
	status, text, err := c.exchange(r, op)
	if err != nil {
		var e *kiosk.Error
		if errors.As(err, &e) && e.Code == kiosk.EUnavailable {
			e.Message = "连不上中心，请检查网络和 [center] url，然后用同一个登记码再试。"
		}
		return err
	}
	if status != http.StatusOK {
		return enrollRefusal(c.refusal(op, status, text), text)
	}
	var done kiosk.Enrolled
	if json.Unmarshal(text, &done) != nil || done.Key != k.id {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: op, Message: "对方不像是中心，请检查 [center] url。", Hint: c.notCenter()}
	}
	return nil
}

// enrollRefusal says in Chinese what a refusal is about.
func enrollRefusal(err error, text []byte) error {
	var e *kiosk.Error
	var p struct {
		Type string `json:"type"`
	}
	if !errors.As(err, &e) || json.Unmarshal(text, &p) != nil {
		return err
	}
	for kind, zh := range map[string]string{
		":code":    "登记码不对，或不是给这台终端的。请核对终端编号和大厅，再向中心要一个。",
		":used":    "登记码已经用过了，请向中心再要一个。",
		":expired": "登记码超过十分钟了，请向中心再要一个。",
		":forged":  "中心没有认可这把密钥，请再试一次。",
	} {
		if strings.HasSuffix(p.Type, kind) {
			e.Message = zh
		}
	}
	return err
}
