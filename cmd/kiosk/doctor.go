package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"periph.io/x/conn/v3"

	"hallkiosk/cmd/kiosk/terminal"
	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
	"hallkiosk/kiosk/idcard"
	"hallkiosk/kiosk/serialport"
	"hallkiosk/printer"
)

// doctor looks into one device, through the running kiosk if there is one, for
// that has the port. It prints no name and no number in full.
func (m *Main) doctor(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "reader" && args[0] != "printer" {
		return code{2, fmt.Errorf("写要检查的设备 / name the device to look into: kiosk doctor printer, kiosk doctor reader")}
	}
	device, asJSON := args[0], false
	path, _, err := m.parse("doctor "+device, args[1:], 0, func(fs *flag.FlagSet) { fs.BoolVar(&asJSON, "json", false, "输出 JSON / print JSON") })
	if err != nil {
		return err
	}
	cfg, _, _, err := load(path)
	if err != nil {
		return err
	}
	m.warn(ctx, cfg)
	if port := map[string]string{"reader": cfg.Reader.Port, "printer": cfg.Printer.Port}[device]; port == "" {
		return code{2, &kiosk.Error{Code: kiosk.EInvalid, Message: "没有装这个设备。", Hint: fmt.Sprintf("[%s] port is empty in %s", device, path)}}
	}
	if device == "printer" {
		return m.doctorPrinter(ctx, cfg, asJSON)
	}
	return m.doctorReader(ctx, cfg, asJSON)
}

// warn tells of trouble with the running kiosk's store, which no device knows of
// and which keeps all of them from work.
func (m *Main) warn(ctx context.Context, cfg configs.Kiosk) {
	s, err := control.Client{Path: cfg.Control.Socket}.Status(ctx)
	if err != nil {
		return // none runs; who has the device will say what is wrong
	}
	for _, d := range s.Devices {
		if d.Name == "store" && d.State != "ready" {
			fmt.Fprintf(m.Err, "kiosk: 数据存储 / store %s %s %s\n", d.State, d.Port, d.Hint)
		}
	}
}

// ill tells an error of a device: exit code 1, as JSON if that was asked for.
func (m *Main) ill(err error, asJSON bool) error {
	if asJSON {
		json.NewEncoder(m.Out).Encode(map[string]string{"status": string(kiosk.CodeOf(err)), "message": kiosk.MessageOf(err), "hint": kiosk.HintOf(err)})
	}
	return code{1, err}
}

// examine asks the running kiosk, or does it itself when none runs.
func examine[T any](ctx context.Context, cfg configs.Kiosk, device string, self func(context.Context) (T, error)) (T, error) {
	var v T
	raw, err := control.Client{Path: cfg.Control.Socket}.Examine(ctx, device)
	if kiosk.CodeOf(err) == kiosk.EUnavailable && control.Absent(err) {
		return self(ctx)
	}
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(raw, &v)
}

func (m *Main) doctorReader(ctx context.Context, cfg configs.Kiosk, asJSON bool) error {
	if !asJSON {
		fmt.Fprintf(m.Out, "请在 %d 秒内把证件放到读卡器上 / put a card on the reader within %[1]d s\n", int(terminal.CardPatience.Seconds()))
	}
	report, err := examine(ctx, cfg, "reader", func(ctx context.Context) (idcard.Report, error) { return readCard(ctx, cfg) })
	switch {
	case err != nil:
		return m.ill(err, asJSON)
	case asJSON:
		return json.NewEncoder(m.Out).Encode(report)
	}
	fmt.Fprintf(m.Out, "%s  %s  %s  有效期至 / expires %s  有效 / valid: %v\n", report.Kind, report.NameMasked, report.NumberMasked, report.Expires, report.Valid)
	return nil
}

func readCard(ctx context.Context, cfg configs.Kiosk) (idcard.Report, error) {
	port := serialport.New(serialport.Opts{Name: cfg.Reader.Port, Baud: cfg.Reader.Baud})
	defer port.Close()
	ctx, cancel := context.WithTimeout(ctx, terminal.CardPatience)
	defer cancel()
	o := idcard.DefaultOpts()
	o.Baud = cfg.Reader.Baud
	card, err := idcard.New(port, o).Read(ctx)
	if err != nil {
		port.Close()
		return idcard.Report{}, otherSpeed(ctx, cfg, err)
	}
	defer card.Forget()
	return idcard.NewReport(card, time.Now().In(cfg.Location())), nil
}

// otherSpeed looks whether a reader that is silent answers at another speed than
// the config's, and says so.
func otherSpeed(ctx context.Context, cfg configs.Kiosk, err error) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	baud, none := idcard.Search(ctx, func(baud int) conn.Conn {
		return serialport.New(serialport.Opts{Name: cfg.Reader.Port, Baud: baud})
	})
	if none != nil || baud == cfg.Reader.Baud {
		return err
	}
	return &kiosk.Error{Code: kiosk.EInvalid, Op: "look for the reader's speed", Err: err, Message: fmt.Sprintf("读卡器的波特率是 %d，和配置不一样。", baud),
		Hint: fmt.Sprintf("the reader answers at %d baud. Write baud = %[1]d in [reader]", baud)}
}

func (m *Main) doctorPrinter(ctx context.Context, cfg configs.Kiosk, asJSON bool) error {
	profile, err := configs.LoadProfile(cfg.Printer.ProfileName())
	if err != nil {
		return err
	}
	x, err := examine(ctx, cfg, "printer", func(ctx context.Context) (printer.Examination, error) {
		port := terminal.PrinterPort(cfg, profile)
		defer port.Close()
		o := printer.DefaultOpts()
		o.Profile, o.Baud, o.Unclean = terminal.Profile(profile), cfg.Printer.Baud, true
		return printer.New(port, o).Examine(ctx)
	})
	if err != nil {
		return m.ill(err, asJSON)
	}
	if asJSON {
		err = json.NewEncoder(m.Out).Encode(x)
	} else {
		fmt.Fprintf(m.Out, "%s: %s %s  型号 / profile %s (%s)\n", cfg.Printer.Port, orUnknown(x.Maker), orUnknown(x.Model), cfg.Printer.ProfileName(), profile.Model)
		for _, f := range x.Findings {
			mark := map[printer.Held]string{printer.Yes: "✓ 是 / yes", printer.No: "✗ 不 / no", printer.Look: "? 请看 / look"}[f.Held]
			fmt.Fprintf(m.Out, "  %-14s %s  %s\n", mark, f.What, f.Note)
		}
		if x.Fault != kiosk.FaultNone {
			fmt.Fprintf(m.Out, "  ! %s: %s\n", x.Fault, terminal.Hint(x.Fault))
		}
	}
	for _, f := range x.Findings {
		if f.Held == printer.No {
			return code{1, &kiosk.Error{Code: kiosk.EUnavailable, Message: "型号里写的，打印机没有做到：" + f.What, Hint: "choose another [printer] profile, or mend the printer: " + f.Note}}
		}
	}
	if x.Page != kiosk.Printed {
		return code{1, &kiosk.Error{Code: kiosk.EUnavailable, Message: "测试页没有印好。", Hint: terminal.Hint(x.Fault)}}
	}
	return err
}

func orUnknown(s string) string {
	if s == "" {
		return "?"
	}
	return s
}
