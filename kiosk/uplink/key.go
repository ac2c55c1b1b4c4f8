package uplink

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"hallkiosk/kiosk"
)

// Key is the kiosk's own key. It signs requests, each with a higher number, so
// that none counts twice; see kiosk.Proof. The numbers begin at the clock's
// microseconds, which is after all numbers of the life before if the clock is
// right. If it isn't, the center's refusal says where to go on, and that costs
// one more request: nothing else depends on the clock. Safe for use from several
// goroutines.
type Key struct {
	id      kiosk.KeyID
	kiosk   kiosk.KioskID
	hall    kiosk.HallID
	private ed25519.PrivateKey

	mu   sync.Mutex
	last int64 // the number used last
}

// maxLeap bounds how far ahead an answer can make a key count: a hundred years
// of microseconds. Without TLS anybody could have written the answer, and a key
// that has counted to the end is of no more use.
const maxLeap = int64(100 * 365 * 24 * time.Hour / time.Microsecond)

// keyFile is what a key's file holds, as JSON.
type keyFile struct {
	Kiosk   kiosk.KioskID `json:"kiosk"`
	Hall    kiosk.HallID  `json:"hall"`
	Private []byte        `json:"private"`        // the seed of 32 bytes, base64
	For     string        `json:"code,omitempty"` // while it isn't enrolled: SHA-256 of the code it asks with
}

// LoadKey reads the key file that kiosk enroll wrote, mode 0600. EInvalid, with
// a Message and a hint, when it can't be read or isn't one, when others may read
// it, or when the key was made for another kiosk or hall.
func LoadKey(path string, hall kiosk.HallID, id kiosk.KioskID) (*Key, error) {
	fail := func(err error, zh, en string) (*Key, error) {
		return nil, &kiosk.Error{Code: kiosk.EInvalid, Op: "load key", Err: err, Message: zh, Hint: path + ": " + en}
	}
	f, err := readKeyFile(path)
	var mode *modeError
	switch {
	case errors.As(err, &mode):
		return fail(nil, "密钥文件别人也能读，请运行 chmod 600 "+path, mode.Error()+". Run: chmod 600 "+path)
	case errors.Is(err, os.ErrNotExist):
		return fail(err, "还没有密钥，请运行 kiosk enroll。", "there is no key yet. Run: kiosk enroll CODE")
	case err != nil:
		return fail(err, "密钥文件读不了，请重新运行 kiosk enroll。", "the key can't be read. Run kiosk enroll again")
	case f.Kiosk != id || f.Hall != hall:
		return fail(nil, "密钥是另一台终端或另一个大厅的，请重新运行 kiosk enroll。",
			fmt.Sprintf("the key is for kiosk %s in hall %s. Run kiosk enroll again", f.Kiosk, f.Hall))
	}
	return newKey(f, time.Now()), nil
}

func newKey(f keyFile, now time.Time) *Key {
	private := ed25519.NewKeyFromSeed(f.Private)
	return &Key{id: kiosk.KeyIDOf(private.Public().(ed25519.PublicKey)), kiosk: f.Kiosk, hall: f.Hall, private: private, last: max(0, now.UnixMicro())}
}

type modeError struct{ mode os.FileMode }

func (e *modeError) Error() string { return fmt.Sprintf("mode %#o lets others read the key", e.mode) }

func readKeyFile(path string) (f keyFile, err error) {
	in, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return f, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return f, &modeError{mode}
	}
	text, err := io.ReadAll(io.LimitReader(in, 4<<10))
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(text, &f); err != nil || len(f.Private) != ed25519.SeedSize {
		return keyFile{}, errors.New("not a key file")
	}
	return f, nil
}

func writeKeyFile(path string, f keyFile) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return replace(path, append(text, '\n'))
}

// replace puts text at path, mode 0600, so that after a power cut there is either
// what was there before or all of text.
func replace(path string, text []byte) error {
	out, err := os.CreateTemp(filepath.Dir(path), ".new-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) // gone already when all went well
	_, err = out.Write(text)
	err = errors.Join(err, out.Sync(), out.Close())
	if err != nil {
		return err
	}
	return moveFile(out.Name(), path)
}

// moveFile renames a file within a folder, durably.
func moveFile(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// ID names the key.
func (k *Key) ID() kiosk.KeyID { return k.id }

// sign puts the next proof into a request for target, which is the path and
// query as the center sees them.
func (k *Key) sign(r *http.Request, target string, body []byte) {
	k.mu.Lock()
	k.last++
	p := kiosk.Proof{Key: k.id, Number: k.last, Body: sha256.Sum256(body)}
	k.mu.Unlock()
	p.Sig = ed25519.Sign(k.private, p.Text(r.Method, target, k.kiosk))
	r.Header.Set("Authorization", p.String())
}

// behind says whether a refusal is about the number, and counts on from the one
// that the center has seen.
func (k *Key) behind(text []byte) bool {
	var p struct {
		Type    string `json:"type"`
		Counted *int64 `json:"counted"`
	}
	if k == nil || json.Unmarshal(text, &p) != nil || p.Counted == nil || !strings.HasSuffix(p.Type, ":replayed") {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if *p.Counted < 0 || *p.Counted > k.last+maxLeap || *p.Counted >= kiosk.MaxNumber {
		return false
	}
	k.last = max(k.last, *p.Counted)
	return true
}

// again makes the same request for target with the next number.
func (k *Key) again(r *http.Request, target string) (*http.Request, error) {
	next := r.Clone(r.Context())
	var body []byte
	if r.GetBody != nil {
		in, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(in); err != nil {
			return nil, err
		}
		if next.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
	k.sign(next, target, body)
	return next, nil
}

// newSeed makes what a key grows from.
func newSeed() []byte {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails
	return seed
}
