package scanner

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// MaxCode is the most bytes that a code may have as the scanner sends it, more
// than the largest QR code holds in bytes (2,953; ISO/IEC 18004, version 40-L).
const MaxCode = 4096

// Why something that was scanned is no code.
var (
	ErrLong     = errors.New("scanned code is longer than 4096 bytes")
	ErrControl  = errors.New("scanned code has control characters")
	ErrEncoding = errors.New("scanned code is neither UTF-8 nor GB18030")
)

// acknowledgement is what a GM65 answers to a command, right before the code or
// in the midst of it (GM65 User Manual, "Save zone bit" and "Write zone bit").
// No part of it is a beginning of it, so one held beginning is all there is to
// remember.
var acknowledgement = []byte{0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x31}

// cutter makes codes of bytes. The zero value is ready.
type cutter struct {
	code []byte // of the code under way, at most MaxCode
	long bool   // it outgrew MaxCode, and is dropped up to its end
	held int    // bytes that may be the beginning of an acknowledgement
	torn int    // those of them that came before a silence: they are no part of the code
}

// take adds a byte. It returns a code when b ends one, or why that is none, and
// "" while nothing has ended.
func (c *cutter) take(b byte) (code string, why error) {
	if b == acknowledgement[c.held] {
		if c.held++; c.held == len(acknowledgement) {
			c.held, c.torn = 0, 0
		}
		return "", nil
	}
	c.add(acknowledgement[c.torn:c.held]...)
	c.held, c.torn = 0, 0
	switch b {
	case acknowledgement[0]:
		c.held = 1
	case '\r', '\n':
		return c.end()
	default:
		c.add(b)
	}
	return "", nil
}

// silence ends the code under way; see take. An acknowledgement may go on after
// it.
func (c *cutter) silence() (code string, why error) {
	c.torn = c.held
	return c.end()
}

func (c *cutter) add(b ...byte) {
	if c.long = c.long || len(c.code)+len(b) > MaxCode; c.long {
		c.code = c.code[:0]
		return
	}
	c.code = append(c.code, b...)
}

func (c *cutter) end() (code string, why error) {
	b, long := c.code, c.long
	c.code, c.long = c.code[:0], false
	if long {
		return "", ErrLong
	}
	return text(b)
}

// text decodes what scanners send for Chinese: UTF-8, or what the maker of the
// code used and the scanner passed on, which here is GBK or all of GB18030. A
// few short texts in GBK are valid UTF-8 too, such as 预约 alone, and are read as
// that: nothing in the bytes tells.
func text(b []byte) (string, error) {
	if !utf8.Valid(b) {
		var err error
		if b, err = simplifiedchinese.GB18030.NewDecoder().Bytes(b); err != nil {
			return "", ErrEncoding
		}
	}
	code := string(b)
	for _, r := range code {
		switch {
		case r == utf8.RuneError:
			return "", ErrEncoding
		case unicode.IsControl(r):
			return "", ErrControl
		}
	}
	return code, nil
}
