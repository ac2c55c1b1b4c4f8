// Package demo puts a whole hall on one machine: the virtual devices, the
// center and the kiosk on its touchscreen, each a process of its own on
// loopback ports and a folder of data. Where there is no display it makes a
// virtual one and serves it to a browser, by Debian's Xvfb, x11vnc and noVNC.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hallkiosk/display/xserver"
)

// Opts say what to put up.
type Opts struct {
	Data    string // folder of data, made when missing, kept between runs
	Bin     string // folder of the programs kiosk, center and hallsim
	Virtual bool   // a virtual display even where there is a real one
	Out     io.Writer
}

// Run puts the hall up and keeps it until ctx is done, or until a part of it
// ends by itself, which is an error. It leaves no process behind.
func Run(ctx context.Context, o Opts) error {
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return err
	}
	o.Data = data
	if err := os.MkdirAll(filepath.Join(o.Data, "dev"), 0o750); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(o.Data, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return fmt.Errorf("这里已经有一个虚拟大厅在运行 / a virtual hall already runs on %s", o.Data)
	}
	g := &group{dir: o.Data, out: o.Out, ended: make(chan error, 16)}
	defer g.stop()
	if err := up(ctx, g, o); err != nil {
		return err
	}
	select {
	case err := <-g.ended:
		return err
	case <-ctx.Done():
		fmt.Fprintln(o.Out, "正在结束 / ending")
		return nil
	}
}

func up(ctx context.Context, g *group, o Opts) error {
	env, screen, err := display(ctx, g, o)
	if err != nil {
		return err
	}
	if err := secrets(o.Data); err != nil {
		return err
	}
	center := filepath.Join(o.Data, "center.toml")
	if err := write(center, 0o600, "# 虚拟大厅的中心 / center of the virtual hall, written anew at every start\nlisten = \"127.0.0.1:0\"\ntokens_file = \"center.tokens\"\n[store]\npath = \"center.db\"\n"); err != nil {
		return err
	}
	url, err := g.start(ctx, "center", nil, "center: listening on ", filepath.Join(o.Bin, "center"), "run", "-config", center)
	if err != nil {
		return err
	}
	args := []string{"-dir", filepath.Join(o.Data, "dev"), "-baud", "9600"}
	if screen != "" {
		args = append(args, "-screen", screen)
	}
	hall, err := g.start(ctx, "hallsim", nil, "hallsim: http://", filepath.Join(o.Bin, "hallsim"), args...)
	if err != nil {
		return err
	}
	config := filepath.Join(o.Data, "kiosk.toml")
	if err := write(config, 0o600, kioskConfig(url, screen != "")); err != nil {
		return err
	}
	if _, err := g.start(ctx, "kiosk", env, "kiosk: ready", filepath.Join(o.Bin, "kiosk"), "run", "-config", config); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "\n虚拟大厅开了 / the virtual hall is open\n")
	if screen != "" {
		fmt.Fprintf(o.Out, "  触摸屏 / touchscreen        %s\n", screen)
	} else {
		fmt.Fprintf(o.Out, "  触摸屏在这台机器的屏幕上 / the touchscreen is on this machine's display\n")
	}
	fmt.Fprintf(o.Out, "  打印机、读卡器、扫码器 / printer, reader, scanner  http://%s\n", hall)
	fmt.Fprintf(o.Out, "  中心 / center            %s\n", url)
	fmt.Fprintf(o.Out, "  技术员 / technician      %s status -config %s\n", filepath.Join(o.Bin, "kiosk"), config)
	fmt.Fprintf(o.Out, "  数据 / data              %s\n", o.Data)
	fmt.Fprintln(o.Out, "按 Ctrl-C 结束 / Ctrl-C ends it")
	return nil
}

func kioskConfig(center string, fullscreen bool) string {
	// On somebody's desktop a portrait panel would stand out at the bottom.
	return fmt.Sprintf(`# 虚拟大厅的取号机 / kiosk of the virtual hall, written anew at every start
[kiosk]
id = "K1"
hall = "center"
series = "1"
[store]
path = "kiosk.db"
[printer]
port = "dev/printer"
baud = 9600
paper = 80
profile = "epson-80"
[reader]
port = "dev/reader"
[scanner]
port = "dev/scanner"
[center]
number_budget = 2000
url = %q
token_file = "kiosk.token"
[screen]
fullscreen = %v
width = 540
height = 960
`, center, fullscreen)
}

// secrets makes the kiosk's token once and tells the center of it.
func secrets(data string) error {
	name := filepath.Join(data, "kiosk.token")
	token, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		token = []byte(rand.Text() + "\n")
		err = write(name, 0o600, string(token))
	}
	if err != nil {
		return err
	}
	return write(filepath.Join(data, "center.tokens"), 0o600, "K1 "+strings.TrimSpace(string(token))+" center\n")
}

func write(name string, mode os.FileMode, text string) error {
	return os.WriteFile(name, []byte(text), mode)
}

// display returns what the kiosk needs in its environment, and the address of
// the page that shows the screen when it is a virtual one.
func display(ctx context.Context, g *group, o Opts) (env []string, page string, err error) {
	if name := os.Getenv("DISPLAY"); !o.Virtual && xserver.Answers(name) {
		return nil, "", nil
	}
	number, err := g.xvfb(ctx)
	if err != nil {
		return nil, "", err
	}
	vnc, err := freePort()
	if err != nil {
		return nil, "", err
	}
	web, err := freePort()
	if err != nil {
		return nil, "", err
	}
	if _, err := g.start(ctx, "x11vnc", nil, "PORT=", "x11vnc", "-display", ":"+number, "-localhost", "-no6", "-rfbport", vnc, "-forever", "-shared", "-nopw", "-quiet", "-cursor", "none"); err != nil {
		return nil, "", err
	}
	if _, err := g.start(ctx, "novnc", nil, "", "websockify", "--web", "/usr/share/novnc", "127.0.0.1:"+web, "127.0.0.1:"+vnc); err != nil {
		return nil, "", err
	}
	if err := reachable(ctx, "127.0.0.1:"+web); err != nil {
		return nil, "", err
	}
	return []string{"DISPLAY=:" + number}, "http://127.0.0.1:" + web + "/vnc.html?autoconnect=1&resize=scale&reconnect=1", nil
}

// freePort returns a loopback port that is free now.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// reachable waits until something listens at addr.
func reachable(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", addr, err)
		}
	}
}
