package cabinet

import (
	"fmt"
	"sort"
	"strings"
	"sync"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	_ "periph.io/x/host/v3/gpioioctl" // Linux GPIO character devices

	"hallkiosk/kiosk"
)

// search looks for the machine's GPIO chips, once.
var search = sync.OnceValue(func() error {
	_, err := driverreg.Init()
	return err
})

// Line returns the GPIO line of a name, as gpioinfo lists them, such as GPIO17.
// EUnavailable when the machine has no such line.
func Line(name string) (gpio.PinIO, error) {
	err := search()
	if pin := gpioreg.ByName(name); pin != nil {
		return pin, nil
	}
	var names []string
	for _, p := range gpioreg.All() {
		names = append(names, p.Name())
	}
	sort.Strings(names)
	there := "this machine has no GPIO lines that can be used"
	if len(names) > 0 {
		there = "there are " + strings.Join(names, ", ")
	}
	return nil, &kiosk.Error{Code: kiosk.EUnavailable, Op: "find a GPIO line", Err: err, Message: "机柜上的线没有找到：" + name,
		Hint: fmt.Sprintf("no GPIO line %q: %s. Mend [cabinet]", name, there)}
}
