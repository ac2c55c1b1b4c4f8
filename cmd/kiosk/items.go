package main

import (
	"context"
	"flag"
	"fmt"

	"hallkiosk/kiosk/catalog"
)

func (m *Main) items(_ context.Context, args []string) error {
	text := ""
	path, _, err := m.parse("items", args, 0, func(fs *flag.FlagSet) {
		fs.StringVar(&text, "find", "", "只列找到的：汉字、拼音、首字母、英文、编码 / only those that are found")
	})
	if err != nil {
		return err
	}
	_, offered, _, err := load(path)
	if err != nil {
		return err
	}
	if text == "" {
		for _, i := range offered.Items {
			fmt.Fprintf(m.Out, "%s\t%s\n", i.ID, i.Name.Zh)
		}
		return nil
	}
	hits := catalog.New(offered).Find(text).Hits
	for _, h := range hits {
		i, _ := offered.Item(h.Item)
		fmt.Fprintf(m.Out, "%s\t%s\t%s\n", i.ID, i.Name.Zh, h.By)
	}
	if len(hits) == 0 {
		return code{1, fmt.Errorf("没有找到 %q / nothing found", text)}
	}
	return nil
}
