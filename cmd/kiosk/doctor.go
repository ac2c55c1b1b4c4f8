package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"time"

	"periph.io/x/conn/v3"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/idcard"
	"hallkiosk/kiosk/serialport"
)

// cardPatience is how long doctor reader waits for a card.
const cardPatience = 20 * time.Second

// doctor looks into one device. It prints no name and no number in full.
func (m *Main) doctor(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "reader" {
		return code{2, fmt.Errorf("写要检查的设备 / name the device to look into: kiosk doctor reader")}
	}
	asJSON := false
	path, _, err := m.parse("doctor reader", args[1:], 0, func(fs *flag.FlagSet) { fs.BoolVar(&asJSON, "json", false, "输出 JSON / print JSON") })
	if err != nil {
		return err
	}
	cfg, _, _, err := load(path)
	if err != nil {
		return err
	}
	if cfg.Reader.Port == "" {
		return code{2, &kiosk.Error{Code: kiosk.EInvalid, Message: "没有装读卡器。", Hint: "[reader] port is empty in " + path}}
	}
	if !asJSON {
		fmt.Fprintf(m.Out, "请在 %d 秒内把证件放到读卡器上 / put a card on the reader within %[1]d s\n", int(cardPatience.Seconds()))
	}
	report, err := readCard(ctx, serialport.New(serialport.Opts{Name: cfg.Reader.Port, Baud: cfg.Reader.Baud}), cfg)
	switch {
	case err != nil && asJSON:
		json.NewEncoder(m.Out).Encode(map[string]string{"status": string(kiosk.CodeOf(err)), "message": kiosk.MessageOf(err), "hint": kiosk.HintOf(err)})
		return code{1, err}
	case err != nil:
		return code{1, err}
	case asJSON:
		return json.NewEncoder(m.Out).Encode(report)
	}
	fmt.Fprintf(m.Out, "%s  %s  %s  有效期至 / expires %s  有效 / valid: %v\n", report.Kind, report.NameMasked, report.NumberMasked, report.Expires, report.Valid)
	return nil
}

func readCard(ctx context.Context, port *serialport.Port, cfg configs.Kiosk) (idcard.Report, error) {
	defer port.Close()
	ctx, cancel := context.WithTimeout(ctx, cardPatience)
	defer cancel()
	o := idcard.DefaultOpts()
	o.Baud = cfg.Reader.Baud
	card, err := idcard.New(conn.Conn(port), o).Read(ctx)
	if err != nil {
		return idcard.Report{}, err
	}
	defer card.Forget()
	return idcard.NewReport(card, time.Now().In(cfg.Location())), nil
}
