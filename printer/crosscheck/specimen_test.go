package crosscheck

import (
	"fmt"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/printer"
	"hallkiosk/printer/escpos"
)

// specimen is one paper of ours and what a reader must find on it.
type specimen struct {
	Name  string     `json:"name"`
	Lang  kiosk.Lang `json:"-"`
	Width int        `json:"width"`
	Bytes []byte     `json:"bytes"`
	Lines []string   `json:"-"` // what people read, from top to bottom
	QR    string     `json:"-"` // what the code carries

	// Sent as dots, which npos can't read: the code, or some of the lines.
	CodeDots, TextDots bool `json:"-"`
}

// kinds are the papers that there are. The lines are what they say in each
// language, written down here by hand and not by the layout's code: only names
// come from the catalog.
var kinds = []struct {
	name   string
	change func(*kiosk.PrintJob)
	opens  bool
	lines  map[kiosk.Lang][]string
}{
	{name: "plain", change: func(*kiosk.PrintJob) {}, lines: map[kiosk.Lang][]string{
		kiosk.Zh:   {"{hall}", "您的号", "{number}", "{items}", "去 C 区 21-26 号窗口", "{way}", "前面 5 人 · 约 10-18 分钟", "带好：身份证原件", "{foot}"},
		kiosk.Hant: {"{hall}", "您的籌號", "{number}", "{items}", "請到 C 區 21-26 號窗口", "{way}", "前面 5 人 · 約 10-18 分鐘", "須帶備：身份證正本", "{foot}"},
		kiosk.En:   {"{hall}", "Your number", "{number}", "{items}", "Zone C, windows 21-26", "{way}", "5 ahead of you, about 10-18 min", "Bring: ID card (original)", "{foot}"},
	}},
	{name: "reprint", change: func(j *kiosk.PrintJob) { j.Attempt, j.Earlier = 2, 1 }, lines: map[kiosk.Lang][]string{
		kiosk.Zh:   {"{hall}", "重印 第 2 张", "您的号", "{number}", "{items}", "去 C 区 21-26 号窗口", "{way}", "前面 5 人 · 约 10-18 分钟", "带好：身份证原件", "{foot}"},
		kiosk.Hant: {"{hall}", "重印 第 2 張", "您的籌號", "{number}", "{items}", "請到 C 區 21-26 號窗口", "{way}", "前面 5 人 · 約 10-18 分鐘", "須帶備：身份證正本", "{foot}"},
		kiosk.En:   {"{hall}", "REPRINT no. 2", "Your number", "{number}", "{items}", "Zone C, windows 21-26", "{way}", "5 ahead of you, about 10-18 min", "Bring: ID card (original)", "{foot}"},
	}},
	{name: "several", change: func(j *kiosk.PrintJob) { j.Ticket.Items, j.Ticket.Ahead = []kiosk.ItemID{"RS001", "RS002", "YB001"}, 0 }, lines: map[kiosk.Lang][]string{
		kiosk.Zh:   {"{hall}", "您的号", "{number}", "{items}", "去 C 区 21-26 号窗口", "{way}", "然后去 C 区 35-39 号窗口：医保综合业务", "前面没有人", "带好：身份证原件", "{foot}"},
		kiosk.Hant: {"{hall}", "您的籌號", "{number}", "{items}", "請到 C 區 21-26 號窗口", "{way}", "然後到 C 區 35-39 號窗口：醫保綜合業務", "前面沒有人", "須帶備：身份證正本", "{foot}"},
		kiosk.En:   {"{hall}", "Your number", "{number}", "{items}", "Zone C, windows 21-26", "{way}", "Then zone C, windows 35-39: General medical insurance services", "Nobody ahead", "Bring: ID card (original)", "{foot}"},
	}},
	{name: "early", change: func(*kiosk.PrintJob) {}, opens: true, lines: map[kiosk.Lang][]string{
		kiosk.Zh:   {"{hall}", "您的号", "{number}", "{items}", "去 C 区 21-26 号窗口", "{way}", "11-24 08:30 开始叫号", "前面 5 人", "带好：身份证原件", "{foot}"},
		kiosk.Hant: {"{hall}", "您的籌號", "{number}", "{items}", "請到 C 區 21-26 號窗口", "{way}", "11-24 08:30 開始叫號", "前面 5 人", "須帶備：身份證正本", "{foot}"},
		kiosk.En:   {"{hall}", "Your number", "{number}", "{items}", "Zone C, windows 21-26", "{way}", "Calling starts 11-24 08:30", "5 ahead of you", "Bring: ID card (original)", "{foot}"},
	}},
	{name: "promise", change: func(j *kiosk.PrintJob) {
		j.Ticket.Promise = kiosk.Promise{Papers: []string{"旧社保卡"}, By: "2026-11-30"}
	}, lines: map[kiosk.Lang][]string{
		kiosk.Zh: {"{hall}", "容缺预受理 · 您的号", "{number}", "{items}", "去 C 区 21-26 号窗口", "{way}", "前面 5 人 · 约 10-18 分钟", "请在 2026-11-30 前补齐：", "[  ] 旧社保卡",
			"材料补齐后办结；逾期未补，按未受理办。", "承诺人签名：", "{foot}"},
		kiosk.Hant: {"{hall}", "先受理後補文件 · 您的籌號", "{number}", "{items}", "請到 C 區 21-26 號窗口", "{way}", "前面 5 人 · 約 10-18 分鐘", "請於 2026-11-30 前補交：", "[  ] 舊社保卡",
			"文件補齊後才辦妥；逾期未補，當作未受理。", "承諾人簽名：", "{foot}"},
		kiosk.En: {"{hall}", "Papers to follow. Your number", "{number}", "{items}", "Zone C, windows 21-26", "{way}", "5 ahead of you, about 10-18 min", "To be brought by 2026-11-30:", "[  ] Old card",
			"Your case is finished when these papers are in. Without them it can't be accepted.", "Signature:", "{foot}"},
	}},
	{name: "plan", change: func(j *kiosk.PrintJob) { j.Ticket.Theme = "restaurant" }, lines: map[kiosk.Lang][]string{
		kiosk.Zh:   {"{hall}", "{theme}", "您的号", "{number}", "先去 C 区 21-26 号窗口", "{way}", "前面 5 人 · 约 10-18 分钟", "{steps}", "带好：身份证原件", "{foot}"},
		kiosk.Hant: {"{hall}", "{theme}", "您的籌號", "{number}", "請先到 C 區 21-26 號窗口", "{way}", "前面 5 人 · 約 10-18 分鐘", "{steps}", "須帶備：身份證正本", "{foot}"},
		kiosk.En:   {"{hall}", "{theme}", "Your number", "{number}", "First: zone C, windows 21-26", "{way}", "5 ahead of you, about 10-18 min", "{steps}", "Bring: ID card (original)", "{foot}"},
	}},
	{name: "receipt", change: func(j *kiosk.PrintJob) { j.Paper = kiosk.PaperReceipt }, lines: map[kiosk.Lang][]string{
		kiosk.Zh:   {"{hall}", "取号回执", "不能排队用", "号码 A1-023", "{items}", "窗口 C 区 21-26 号", "取号 2026-11-23 10:05:32", "机器 K1", "有事请拨 12345"},
		kiosk.Hant: {"{hall}", "取籌回執", "不能用作輪候", "籌號 A1-023", "{items}", "窗口 C 區 21-26 號", "取籌 2026-11-23 10:05:32", "機器 K1", "查詢請撥 12345"},
		kiosk.En:   {"{hall}", "Receipt", "Not a queue ticket", "Number A1-023", "{items}", "Zone C, windows 21-26", "Taken 2026-11-23 10:05:32", "Kiosk K1", "Questions? Call 12345"},
	}},
}

// where is how a plan names the place of a step.
var where = map[kiosk.Lang]string{kiosk.Zh: "%s 区 %s 号窗口", kiosk.Hant: "%s 區 %s 號窗口", kiosk.En: "Zone %s, windows %s"}

// specimens makes one paper of each kind, in each language and width, and of
// printers that need dots. All that knows how papers are made is in this file.
func specimens(t testing.TB) []specimen {
	t.Helper()
	var all []specimen
	for _, width := range []int{576, 384} {
		p := printer.DefaultOpts().Profile
		p.Width = width
		for i := range kinds {
			for _, lang := range []kiosk.Lang{kiosk.Zh, kiosk.Hant, kiosk.En} {
				all = append(all, paper(t, i, lang, p))
			}
		}
	}
	clone := printer.DefaultOpts().Profile
	clone.QR, clone.Width = false, 384
	s := paper(t, 0, kiosk.Zh, clone)
	s.Name, s.CodeDots = s.Name+"-codeless", true
	all = append(all, s)
	simple := printer.DefaultOpts().Profile
	simple.Chinese = escpos.GB2312
	s = paper(t, 0, kiosk.Hant, simple)
	s.Name, s.TextDots = s.Name+"-gb2312", true
	return append(all, s)
}

// input is what a ticket is made of; the benchmark makes many of one.
func input(t testing.TB, kind int, lang kiosk.Lang, p printer.Profile) (printer.Setting, kiosk.PrintJob, time.Time) {
	t.Helper()
	_, catalog, problems := configs.LoadKiosk("../../configs/kiosk.toml")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	shanghai := time.FixedZone("CST", 8*3600)
	j := kiosk.PrintJob{Attempt: 1, State: kiosk.PrintQueued, Ticket: kiosk.Ticket{ID: "01a2061f-3593-767b-82e3-336d26cacaea",
		Number: kiosk.Number{Queue: "A", Series: "1", N: 23}, Day: "2026-11-23", Queue: "A", Items: []kiosk.ItemID{"RS001"}, Lang: lang, Ahead: 5,
		Taken: kiosk.Stamp{Wall: time.Date(2026, 11, 23, 10, 5, 32, 0, shanghai).UnixMilli()}}}
	kinds[kind].change(&j)
	var opens time.Time
	if kinds[kind].opens {
		opens = time.Date(2026, 11, 24, 8, 30, 0, 0, shanghai)
	}
	return printer.Setting{Catalog: catalog, Profile: p, Kiosk: "K1", Location: shanghai}, j, opens
}

// render makes the bytes of a paper, as the kiosk does.
func render(s printer.Setting, l kiosk.Layouts, j kiosk.PrintJob, opens time.Time) []byte {
	return printer.Render(l[j.Kind()], printer.NewSlip(s, j, opens)).Bytes
}

func paper(t testing.TB, kind int, lang kiosk.Lang, p printer.Profile) specimen {
	t.Helper()
	setting, j, opens := input(t, kind, lang, p)
	c := setting.Catalog
	zone, _ := c.Zone("C")
	theme, _ := c.Theme(j.Ticket.Theme)
	s := specimen{Name: fmt.Sprintf("%s-%s-%d", kinds[kind].name, lang, p.Width), Lang: lang, Width: p.Width, QR: string(j.Ticket.ID),
		Bytes: render(setting, configs.ShippedLayouts(), j, opens)}
	for _, line := range kinds[kind].lines[lang] {
		switch line {
		case "{hall}":
			s.Lines = append(s.Lines, c.Hall.In(lang))
		case "{number}":
			s.Lines = append(s.Lines, "A1-023")
		case "{way}":
			s.Lines = append(s.Lines, zone.Way.In(lang))
		case "{foot}":
			s.Lines = append(s.Lines, "2026-11-23 10:05:32 K1")
		case "{theme}":
			s.Lines = append(s.Lines, theme.Name.In(lang))
		case "{items}":
			for _, id := range j.Ticket.Items {
				item, _ := c.Item(id)
				s.Lines = append(s.Lines, item.Name.In(lang))
			}
		case "{steps}":
			for i, step := range theme.Steps {
				item, _ := c.Item(step.Item)
				q, _ := c.Queue(item.Queue)
				s.Lines = append(s.Lines, fmt.Sprintf("%d. %s", i+1, step.Name.In(lang)), fmt.Sprintf(where[lang], q.Zone, q.Windows))
			}
		default:
			s.Lines = append(s.Lines, line)
		}
	}
	return s
}
