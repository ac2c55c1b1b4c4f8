package kiosktest

import (
	"context"
	"sync"

	"hallkiosk/kiosk"
)

// Printer is a kiosk.Printer that prints in memory and fails on demand.
type Printer struct {
	mu     sync.Mutex
	papers []kiosk.PrintJob
	end    kiosk.PrintState
	fault  kiosk.Fault
	gate   chan struct{}
}

// Fail makes every later attempt end so.
func (p *Printer) Fail(end kiosk.PrintState, fault kiosk.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end, p.fault = end, fault
}

// Hold keeps attempts from going on after they are sent, until release is
// called.
func (p *Printer) Hold() (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	gate := make(chan struct{})
	p.gate = gate
	return func() { close(gate) }
}

// Papers returns the attempts that put something on paper.
func (p *Printer) Papers() []kiosk.PrintJob {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]kiosk.PrintJob(nil), p.papers...)
}

// Print implements kiosk.Printer.
func (p *Printer) Print(ctx context.Context, job kiosk.PrintJob, mark func(kiosk.PrintState) error) (kiosk.PrintState, kiosk.Fault) {
	p.mu.Lock()
	end, fault, gate := p.end, p.fault, p.gate
	p.mu.Unlock()
	if end == kiosk.NotPrinted || mark(kiosk.PrintBegun) != nil {
		return kiosk.NotPrinted, fault
	}
	p.mu.Lock()
	p.papers = append(p.papers, job)
	p.mu.Unlock()
	if mark(kiosk.PrintSent) != nil {
		return kiosk.PrintUnknown, fault
	}
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return kiosk.PrintUnknown, kiosk.FaultSilent
		}
	}
	if end != "" {
		return end, fault
	}
	return kiosk.Printed, kiosk.FaultNone
}

// Fault implements kiosk.Printer.
func (p *Printer) Fault(context.Context) kiosk.Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

// String implements kiosk.Printer.
func (p *Printer) String() string { return "kiosktest" }
