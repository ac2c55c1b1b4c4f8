package main

import (
	"context"
	"fmt"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/uplink"
)

// enroll exchanges a code from center enroll for a key of this kiosk's own.
func (m *Main) enroll(ctx context.Context, args []string) error {
	path, left, err := m.parse("enroll", args, 1, nil)
	if err != nil {
		return err
	}
	cfg, _, problems := configs.LoadKiosk(path)
	if len(problems.Fatal()) > 0 {
		return problems.Fatal()
	}
	if cfg.Center.URL == "" || cfg.Center.KeyFile == "" {
		return &kiosk.Error{Code: kiosk.EInvalid, Op: "enroll", Message: "配置里 [center] 要写 url 和 key_file。", Hint: path + ": [center] needs url and key_file"}
	}
	trust, err := uplink.TLS(cfg.Center.CAFile, cfg.Center.CertSHA256)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o := uplink.ClientOpts{URL: cfg.Center.URL, Hall: kiosk.HallID(cfg.Kiosk.Hall), TLS: trust}
	id, err := uplink.Enroll(ctx, o, kiosk.KioskID(cfg.Kiosk.ID), left[0], cfg.Center.KeyFile)
	if err != nil {
		return err
	}
	fmt.Fprintf(m.Out, "已登记，密钥在 / enrolled, the key is in %s (%s)\n重新启动终端后生效 / it counts once the kiosk is restarted\n", cfg.Center.KeyFile, id)
	return nil
}
