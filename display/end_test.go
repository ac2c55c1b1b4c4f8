package display

import (
	"testing"

	"fyne.io/fyne/v2/test"
)

// TestStopHook says that Fyne still has the hook that Run takes away, and that
// nothing is left to wait for when it is.
func TestStopHook(t *testing.T) {
	l := test.NewApp().Lifecycle()
	l.(stopHook).SetOnStoppedHookExecuted(nil)
	if l.(interface{ OnStopped() func() }).OnStopped() != nil {
		t.Error("something runs when the loop has ended")
	}
}
