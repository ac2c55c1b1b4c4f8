package kiosk

import "context"

// PrintState is where one attempt to print a ticket is in its life. An attempt
// moves queued → started → sent → one of the four ends, or from queued or
// started straight to an end, and never back. Every step is durable before
// the next one begins.
type PrintState string

// The states of a print attempt.
const (
	PrintQueued  PrintState = "queued"      // not a byte has left
	PrintBegun   PrintState = "started"     // the first byte is about to leave
	PrintSent    PrintState = "sent"        // every byte has left, the printer hasn't confirmed
	Printed      PrintState = "printed"     // the printer confirmed the end and no fault was seen
	PrintDamaged PrintState = "damaged"     // the end was confirmed after a fault: the paper may be in pieces
	PrintUnknown PrintState = "unknown"     // nobody can say whether paper came out
	NotPrinted   PrintState = "not_printed" // certainly no whole ticket came out
)

// Ended says whether s is one of the four ends.
func (s PrintState) Ended() bool {
	switch s {
	case Printed, PrintDamaged, PrintUnknown, NotPrinted:
		return true
	}
	return false
}

// PrintJob is one attempt to put a ticket on paper.
type PrintJob struct {
	Ticket  Ticket
	Paper   PaperKind // empty is the paper of the ticket itself
	Attempt int       // counts from 1
	Earlier int       // earlier attempts of which paper may exist; if any, this one is marked as a reprint
	State   PrintState
	Cause   Fault // why an ended attempt isn't Printed
}

// PrintMark is one step of an attempt on its way into the Store's journal.
type PrintMark struct {
	Ticket  TicketID
	Attempt int
	State   PrintState
	Cause   Fault
	Stamp   Stamp
}

// Further is a wish for one more paper of a ticket.
type Further struct {
	Ticket TicketID
	Paper  PaperKind // empty for its own
	Order  OrderID   // that asks for it, and is recorded as done in the same transaction; may be empty
	Stamp  Stamp     // of that record
}

// Fault names what is wrong with a printer.
type Fault string

// The faults a printer can have. FaultNone is a healthy printer.
const (
	FaultNone     Fault = ""
	FaultNearEnd  Fault = "near_end"  // advice only: a roll is almost used up
	FaultPaper    Fault = "paper_out" // no paper
	FaultCover    Fault = "cover_open"
	FaultJam      Fault = "jam"
	FaultCutter   Fault = "cutter"
	FaultHot      Fault = "hot"        // recovers by itself
	FaultOffline  Fault = "offline"    // it answers but won't print
	FaultFatal    Fault = "fatal"      // needs service
	FaultGone     Fault = "gone"       // the port is not there or hung up
	FaultSilent   Fault = "silent"     // the port is there, nothing answers
	FaultUnfitted Fault = "not_fitted" // the config names no printer
	FaultRestart  Fault = "restarted"  // the kiosk was restarted before it could print
	FaultJournal  Fault = "journal"    // the disk refused to note the attempt, so nothing was printed
)

// Printer puts tickets on paper, one at a time.
type Printer interface {
	// Print runs one attempt to its end and returns that end with its cause. It
	// calls mark with PrintBegun before the first byte of the ticket leaves and
	// with PrintSent after the last, and goes on only when mark returned nil;
	// an error of mark ends the attempt. It always returns within the deadline
	// that follows from the ticket's length, whatever the printer does. Called
	// by one goroutine only.
	Print(ctx context.Context, job PrintJob, mark func(PrintState) error) (PrintState, Fault)

	// Fault asks the printer how it is. Safe from any goroutine; while a
	// ticket is printing it returns what was last known.
	Fault(ctx context.Context) Fault

	// String names the port, for the technician.
	String() string
}
