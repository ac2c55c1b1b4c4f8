package idcard

import (
	"context"
	"errors"
	"fmt"
	"os"

	"hallkiosk/kiosk"
)

// SW3 is the byte by which a reader says how a command ended. The errors of
// this package that come from the reader's own verdict wrap it.
type SW3 byte

// The verdicts that mean success, and those that the dialogue turns on.
const (
	swOK            SW3 = 0x90
	swFound         SW3 = 0x9F
	swBadSum        SW3 = 0x10
	swBadLength     SW3 = 0x11
	swUnknown       SW3 = 0x21
	swForbidden     SW3 = 0x23
	swSelfTest      SW3 = 0x60
	swNotAuthorised SW3 = 0x66
	swNotFound      SW3 = 0x80
	swNoContent     SW3 = 0x91
)

// Error names the byte as the manuals do.
func (s SW3) Error() string { return fmt.Sprintf("SW3 %02X", byte(s)) }

// What a citizen is told. The code that goes with it says whose fault it is:
// EInvalid is the card's as it lies there, EUnavailable the reader's.
const (
	sayAgain   = "没有读出证件。请拿起来，再平放到读卡区，等一会儿再拿开。"
	sayOne     = "没有读出证件。请拿起来，读卡区只放这一张证件，不要移动。"
	sayOther   = "这张证件在这里读不了。请换居民身份证、港澳台居民居住证或外国人永久居留证，或找工作人员帮忙。"
	sayNumber  = "证件上的内容核对不上。请拿起来再放一次；还不行，请找工作人员帮忙。"
	sayBroken  = "读卡器暂时用不了。请在屏幕上取号，或找工作人员帮忙。"
	sayNothing = "没有读到证件。请把证件平放到读卡区，再试一次。"
)

// verdict is what one SW3 means to the two readers of an error.
type verdict struct {
	code    kiosk.Code
	message string
	hint    string
}

var verdicts = map[SW3]verdict{
	swBadSum:        {kiosk.EUnavailable, sayBroken, "the reader got a command with a wrong checksum: check the cable, its shield and the baud rate"},
	swBadLength:     {kiosk.EUnavailable, sayBroken, "the reader got a command with a wrong length: check the cable, its shield and the baud rate"},
	swUnknown:       {kiosk.EUnavailable, sayBroken, "the reader doesn't know the command: it is no SDT reader, or has old firmware"},
	swForbidden:     {kiosk.EUnavailable, sayBroken, "the reader doesn't permit the command: ask the vendor to set it up for reading resident cards"},
	0x24:            {kiosk.EUnavailable, sayBroken, "the reader reports an unknown error: switch it off and on; if it stays, replace it"},
	0x31:            {kiosk.EInvalid, sayAgain, "the card didn't accept the SAM: lifted too early, damaged or not genuine; if every card does this, replace the reader"},
	0x32:            {kiosk.EInvalid, sayAgain, "the SAM didn't accept the card: lifted too early, damaged or not genuine; if every card does this, replace the reader"},
	0x33:            {kiosk.EInvalid, sayAgain, "what the card holds failed verification: damaged or not genuine; if every card does this, replace the reader"},
	0x3F:            {kiosk.EInvalid, sayAgain, "the card gave information of a wrong length: damaged, or lifted too early"},
	0x40:            {kiosk.EInvalid, sayOther, "not a kind of card that the SAM opens"},
	0x41:            {kiosk.EInvalid, sayAgain, "the card couldn't be read: lifted too early, lying askew or damaged; keep metal away from the aerial"},
	0x47:            {kiosk.EInvalid, sayAgain, "the card gave no random number: lifted too early or damaged; if every card does this, replace the reader"},
	swSelfTest:      {kiosk.EUnavailable, sayBroken, "the SAM failed its self-test: switch the reader off and on; if it stays, replace it"},
	swNotAuthorised: {kiosk.EUnavailable, sayBroken, "the SAM is not authorised: the vendor must authorise the reader"},
	swNotFound:      {kiosk.EInvalid, sayAgain, "the card is not there any more: lifted too early"},
	0x81:            {kiosk.EInvalid, sayOne, "the card couldn't be selected: moved, or several cards on top of each other"},
	swNoContent:     {kiosk.EInvalid, sayOther, "the card has no content to read"},
}

// fault makes of a cause the error for the citizen and for the technician.
func (d *Dev) fault(op string, cause error) error {
	v := verdict{kiosk.EUnavailable, sayBroken, ""}
	var sw SW3
	switch {
	case errors.As(cause, &sw):
		if known, ok := verdicts[sw]; ok {
			v = known
		} else {
			v.hint = "the reader's answer is none that belongs here: no SDT reader, or out of step"
		}
		v.hint = sw.Error() + ": " + v.hint
	case errors.Is(cause, context.Canceled), errors.Is(cause, context.DeadlineExceeded):
		v.message, v.hint = sayNothing, "stopped waiting: no card came in time"
	case errors.Is(cause, errBroken):
		v.hint = "the answer came in pieces or changed: check the cable, its shield and the baud rate"
	case errors.Is(cause, os.ErrDeadlineExceeded):
		v.hint = "the reader doesn't answer: check its power, the cable and the baud rate"
	case kiosk.CodeOf(cause) == kiosk.EBusy:
		v.code, v.hint = kiosk.EBusy, kiosk.HintOf(cause)
	default:
		v.hint = "the port is not there or hung up: check the cable and the power"
	}
	return &kiosk.Error{Code: v.code, Op: op, Message: v.message, Hint: d.String() + ": " + v.hint, Err: cause}
}

// cardsFault says whether err is the fault of the card as it lies there.
func cardsFault(err error) bool { return kiosk.CodeOf(err) == kiosk.EInvalid }
