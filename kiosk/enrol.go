package kiosk

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// KeyID names a kiosk's key. It follows from the key's public half, so that a
// kiosk knows it without being told.
type KeyID string

// KeyIDOf returns the name of a key.
func KeyIDOf(public ed25519.PublicKey) KeyID {
	sum := sha256.Sum256(public)
	return KeyID(hex.EncodeToString(sum[:12]))
}

// Enrolment asks the center to know a kiosk by its key from now on, as JSON in
// the body of POST /v1/enroll.
type Enrolment struct {
	Code   string  `json:"code" maxLength:"64" doc:"What center enroll printed"`
	Hall   HallID  `json:"hall" maxLength:"64"`
	Kiosk  KioskID `json:"kiosk" maxLength:"64"`
	Public []byte  `json:"public" doc:"The Ed25519 key's public half, base64"`
	Proof  []byte  `json:"proof" doc:"Signature of EnrolText by the key's private half, base64"`
}

// Enrolled answers an Enrolment.
type Enrolled struct {
	Key KeyID `json:"key"`
}

// EnrolText is what an Enrolment's Proof signs: nobody enrols a key that isn't
// his.
func EnrolText(e Enrolment) []byte {
	return []byte("hallkiosk-enroll-1\n" + e.Code + "\n" + string(e.Hall) + "\n" + string(e.Kiosk) + "\n" + hex.EncodeToString(e.Public))
}

// codeLetters are Crockford's base32: no I, L, O or U.
const codeLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// FormatCode writes 12 random bytes as an enrolment code of 60 bits, such as
// 7Q2M-04KD-XW9T.
func FormatCode(random [12]byte) string {
	var b strings.Builder
	for i, v := range random {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeLetters[v%32])
	}
	return b.String()
}

// ParseCode returns an enrolment code as FormatCode writes it, however a person
// typed it: small letters, other gaps, O for 0, I or L for 1. ok is false when
// it can't be one.
func ParseCode(typed string) (code string, ok bool) {
	typed = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(typed))
	if len(typed) != 12 || strings.Trim(typed, codeLetters) != "" {
		return "", false
	}
	return typed[:4] + "-" + typed[4:8] + "-" + typed[8:], true
}

// Proof says in a request's Authorization header that a kiosk made it:
//
//	Kiosk KEY NUMBER SHA256-OF-BODY SIGNATURE
//
// Number counts the key's requests. The body's hash stands in the header so
// that a stranger is turned away before a byte of his body is read.
type Proof struct {
	Key    KeyID
	Number int64
	Body   [sha256.Size]byte // of the bytes on the line, packed if they are
	Sig    []byte            // of Text
}

// ProofScheme is the Authorization scheme of a Proof.
const ProofScheme = "Kiosk"

// MaxNumber is the highest number a Proof may have; above it, no window could
// be kept.
const MaxNumber = int64(1) << 62

// Text is what a Proof signs: everything about the request that matters.
func (p Proof) Text(method, target string, id KioskID) []byte {
	return fmt.Appendf(nil, "hallkiosk-request-1\n%s\n%s\n%s\n%s\n%d\n%x", method, target, id, p.Key, p.Number, p.Body)
}

// String is the header's value. It is no secret: it is good for one request.
func (p Proof) String() string {
	return fmt.Sprintf("%s %s %d %x %s", ProofScheme, p.Key, p.Number, p.Body, base64.RawURLEncoding.EncodeToString(p.Sig))
}

// ParseProof reads what String writes, and nothing else.
func ParseProof(header string) (p Proof, ok bool) {
	words := strings.Split(header, " ")
	if len(words) != 5 || !strings.EqualFold(words[0], ProofScheme) || len(words[1]) == 0 || len(words[1]) > 64 {
		return p, false
	}
	n, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil || n < 1 || n > MaxNumber || strconv.FormatInt(n, 10) != words[2] {
		return p, false
	}
	body, err := hex.DecodeString(words[3])
	if err != nil || len(body) != len(p.Body) {
		return p, false
	}
	sig, err := base64.RawURLEncoding.DecodeString(words[4])
	if err != nil || len(sig) != ed25519.SignatureSize {
		return p, false
	}
	return Proof{Key: KeyID(words[1]), Number: n, Body: [sha256.Size]byte(body), Sig: sig}, true
}
