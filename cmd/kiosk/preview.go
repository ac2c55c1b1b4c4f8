package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"slices"
	"time"

	"hallkiosk/cmd/kiosk/terminal"
	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/printer"
	"hallkiosk/printer/printertest"
)

// preview draws papers as the configured printer would print them: the bytes
// go through the virtual printer.
func (m *Main) preview(_ context.Context, args []string) error {
	all, values := false, false
	kind, lang := string(kiosk.PaperTicket), string(kiosk.Zh)
	rest := 1
	if slices.Contains(args, "-values") || slices.Contains(args, "--values") {
		rest = 0
	}
	path, left, err := m.parse("preview", args, rest, func(fs *flag.FlagSet) {
		fs.StringVar(&kind, "paper", kind, "哪种小票：ticket、promise、plan、receipt / which paper")
		fs.StringVar(&lang, "lang", lang, "语言：zh、zh-Hant、en / language")
		fs.BoolVar(&all, "all", false, "每种小票、每种语言、两种纸宽，画在一张图上 / all of them on one sheet")
		fs.BoolVar(&values, "values", false, "列出大括号里能写的值 / list the values for braces")
	})
	if err != nil {
		return err
	}
	if values {
		for _, name := range slices.Sorted(maps.Keys(kiosk.PaperValues)) {
			fmt.Fprintf(m.Out, "{%s}\t%s\n", name, kiosk.PaperValues[name])
		}
		return nil
	}
	cfg, catalog, _, err := load(path)
	if err != nil {
		return err
	}
	var sheet image.Image
	if all {
		sheet, err = wholeSheet(cfg, catalog)
	} else if !slices.Contains(kiosk.PaperKinds, kiosk.PaperKind(kind)) || !slices.Contains(kiosk.Langs, kiosk.Lang(lang)) {
		return code{2, fmt.Errorf("没有这种小票或语言 / no such paper or language: %q, %q; %v, %v", kind, lang, kiosk.PaperKinds, kiosk.Langs)}
	} else {
		var p configs.Profile
		if p, err = configs.LoadProfile(cfg.Printer.ProfileName()); err == nil {
			sheet, err = drawPaper(cfg, catalog, terminal.Profile(p), printer.Specimen(catalog, kiosk.PaperKind(kind), kiosk.Lang(lang)))
		}
	}
	if err != nil {
		return err
	}
	f, err := os.Create(left[0])
	if err != nil {
		return code{1, fmt.Errorf("图片写不了 / can't write the picture: %w", err)}
	}
	return errors.Join(png.Encode(f, sheet), f.Close())
}

// drawPaper puts one job on virtual paper.
func drawPaper(cfg configs.Kiosk, catalog *kiosk.Catalog, p printer.Profile, job kiosk.PrintJob) (image.Image, error) {
	setting := printer.Setting{Catalog: catalog, Profile: p, Kiosk: kiosk.KioskID(cfg.Kiosk.ID), Location: cfg.Location()}
	v := printertest.New(printertest.Opts{Width: p.Width, NoQR: !p.QR})
	if _, err := v.Write(printer.Render(cfg.Layouts()[job.Kind()], printer.NewSlip(setting, job, time.Time{})).Bytes); err != nil {
		return nil, err
	}
	papers := v.Papers()
	if len(papers) != 1 || !papers[0].Whole || len(v.Unknown()) > 0 {
		return nil, &kiosk.Error{Code: kiosk.EInternal, Op: "preview", Message: "小票画不出来。", Hint: fmt.Sprintf("%d papers, unknown commands %v", len(papers), v.Unknown())}
	}
	return papers[0].Image(), nil
}

// wholeSheet draws every kind of paper, a row for each language, in 80 mm and
// in 58 mm.
func wholeSheet(cfg configs.Kiosk, catalog *kiosk.Catalog) (image.Image, error) {
	const gap = 24
	rows := map[kiosk.Lang][]image.Image{}
	for _, name := range []string{"generic-80", "pos-58"} {
		shipped, err := configs.LoadProfile(name)
		if err != nil {
			return nil, err
		}
		for _, job := range printer.Specimens(catalog) {
			img, err := drawPaper(cfg, catalog, terminal.Profile(shipped), job)
			if err != nil {
				return nil, err
			}
			rows[job.Ticket.Lang] = append(rows[job.Ticket.Lang], img)
		}
	}
	size := image.Pt(gap, gap)
	at := map[image.Image]image.Point{}
	for _, lang := range kiosk.Langs {
		x, h := gap, 0
		for _, img := range rows[lang] {
			at[img] = image.Pt(x, size.Y)
			x += img.Bounds().Dx() + gap
			h = max(h, img.Bounds().Dy())
		}
		size = image.Pt(max(size.X, x), size.Y+h+gap)
	}
	sheet := image.NewNRGBA(image.Rectangle{Max: size})
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.NRGBA{0x7C, 0x8A, 0xA3, 0xFF}), image.Point{}, draw.Src)
	for img, p := range at {
		draw.Draw(sheet, img.Bounds().Add(p), img, image.Point{}, draw.Over)
	}
	return sheet, nil
}
