package kiosk

import (
	"errors"
	"strings"
)

// Code says what kind of thing went wrong, for programs.
type Code string

// The codes. A reader of one knows what to do next without knowing the cause.
const (
	EInvalid     Code = "invalid"     // the request can't be right; asking again won't help
	ENotFound    Code = "not_found"   // no such item, queue or ticket
	EConflict    Code = "conflict"    // the same id was used for something else
	EClosed      Code = "closed"      // outside the queue's hours
	EDisk        Code = "disk"        // the disk is full, read-only or broken: nothing was given
	EBusy        Code = "busy"        // somebody else holds it
	EUnavailable Code = "unavailable" // a device or server doesn't answer now
	EInternal    Code = "internal"    // our own mistake
)

// Error has two readers. Message is for the person in front of the screen, in
// Chinese, saying what happened and what to do now. Hint is for the
// technician, naming the part and the remedy. Neither ever carries personal
// data.
type Error struct {
	Code    Code
	Op      string // what was being done, such as "take"
	Message string
	Hint    string
	Err     error // the cause, may be nil
}

func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	if e.Op != "" {
		parts = append(parts, e.Op)
	}
	if e.Hint != "" {
		parts = append(parts, e.Hint)
	} else if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first Error in err's chain, EInternal for any
// other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return EInternal
}

// MessageOf returns what the citizen should read about err.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Message != "" {
		return e.Message
	}
	return "暂时取不了号，请找工作人员帮忙。"
}

// HintOf returns what the technician should read about err.
func HintOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Hint != "" {
		return e.Hint
	}
	if err == nil {
		return ""
	}
	return err.Error()
}
