package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io/fs"
	"os"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"hallkiosk/configs"
)

// badge makes a guide's badge: a picture of its code to print, and the line by
// which the config knows it. The code itself is written nowhere else.
func (m *Main) badge(_ context.Context, args []string) error {
	out := "badge.png"
	path, _, err := m.parse("badge", args, 0, func(flags *flag.FlagSet) {
		flags.StringVar(&out, "o", out, "二维码图片的文件名 / file of the QR code's picture")
	})
	if err != nil {
		return err
	}
	cfg, _, _, err := load(path)
	if err != nil {
		return err
	}
	text := configs.NewBadge()
	picture, err := badgePicture(text)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // whoever has the picture has the badge
	if errors.Is(err, fs.ErrExist) {
		return code{2, fmt.Errorf("%s 已经有了，请用 -o 换一个文件名 / is there already: name another file with -o", out)}
	}
	if err != nil {
		return code{1, fmt.Errorf("图片写不了 / can't write the picture: %w", err)}
	}
	if err := errors.Join(png.Encode(f, picture), f.Close()); err != nil {
		return code{1, fmt.Errorf("图片写不了 / can't write the picture: %w", err)}
	}
	var hashes []string
	for _, h := range append(cfg.Assist.Badges, configs.BadgeHash(text)) {
		hashes = append(hashes, fmt.Sprintf("%q", h))
	}
	fmt.Fprintf(m.Out, "%s: 印出来就是工作牌，印好后删掉 / print it for the guide, then delete it\n%s 的 [assist] 改成 / in [assist] of it write:\nbadges = [%s]\n重新启动终端后生效 / it counts once the kiosk is restarted\n", out, path, strings.Join(hashes, ", "))
	return nil
}

// badgePicture draws a code with 12 dots a module, and four modules of white around
// it, which scanners need (ISO/IEC 18004, quiet zone).
func badgePicture(code string) (image.Image, error) {
	symbol, err := qr.Encode(code, qr.Q, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("draw the badge: %w", err)
	}
	const module = 12
	const quiet = 4 * module
	side := symbol.Bounds().Dx() * module
	if symbol, err = barcode.Scale(symbol, side, side); err != nil {
		return nil, fmt.Errorf("draw the badge: %w", err)
	}
	picture := image.NewGray(image.Rect(0, 0, side+2*quiet, side+2*quiet))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(picture, picture.Bounds().Inset(quiet), symbol, image.Point{}, draw.Src)
	return picture, nil
}
