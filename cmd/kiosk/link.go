package main

import (
	"context"
	"sync"

	"hallkiosk/kiosk/control"
)

type link struct{}

func (k *terminal) wake()                                       {}
func (k *terminal) linkUp() error                               { return nil }
func (k *terminal) uplink(ctx context.Context, w *sync.WaitGroup) {}
func (k *terminal) centerState() control.Center                 { return control.Center{State: "none"} }
