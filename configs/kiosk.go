package configs

import (
	"cmp"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a kiosk's image may have no zone files

	"hallkiosk/kiosk"
)

// Kiosk is a terminal's kiosk.toml. The shipped configs/kiosk.toml explains
// every key.
type Kiosk struct {
	Kiosk    Terminal    `toml:"kiosk"`
	Store    KioskStore  `toml:"store"`
	Catalog  CatalogRef  `toml:"catalog"`
	Calendar CalendarRef `toml:"calendar"`
	Printer  Printer     `toml:"printer"`
	Reader   Port        `toml:"reader"`
	Scanner  Scanner     `toml:"scanner"`
	Cabinet  Cabinet     `toml:"cabinet"`
	Center   CenterRef   `toml:"center"`
	Control  Control     `toml:"control"`
	Screen   Screen      `toml:"screen"`
	Voice    Voice       `toml:"voice"`
	Assist   Assist      `toml:"assist"`
	Priority Precedence  `toml:"priority"`

	layouts kiosk.Layouts
	here    *kiosk.Point
}

// Terminal says which kiosk this is.
type Terminal struct {
	ID        string `toml:"id"`
	Hall      string `toml:"hall"`
	Series    any    `toml:"series"` // 1 or "1": both are natural to write
	Timezone  string `toml:"timezone"`
	DayChange string `toml:"day_change"`
	Early     bool   `toml:"early_numbers"`

	At   any        `toml:"at"`   // where it stands on the catalog's map: [x, y], or a zone's letter
	Next kiosk.Text `toml:"next"` // where the next machine is, for when this one is out of service
}

// Store names the database file.
type Store struct {
	Path string `toml:"path"`
}

// KioskStore is the kiosk's database and how it is kept.
type KioskStore struct {
	Path    string `toml:"path"`
	Backups string `toml:"backups"` // folder; empty is beside the file
	Keep    int    `toml:"keep"`    // backups
	Days    int    `toml:"days"`    // that tickets are kept
}

// CatalogRef names the catalog's folder; empty is the shipped one.
type CatalogRef struct {
	Path string `toml:"path"`
}

// Port is a serial device; an empty port is not fitted.
type Port struct {
	Port string `toml:"port"`
	Baud int    `toml:"baud"`
}

// Scanner is the QR scanner.
type Scanner struct {
	Port   string `toml:"port"`
	Baud   int    `toml:"baud"`
	Family string `toml:"family"` // how it is triggered: "", gm65 or honeywell
}

// Cabinet names the GPIO lines of what the machine has on single wires; an
// empty name is not fitted. A name that begins with ! is active while the line
// is low, beyond the usual wiring.
type Cabinet struct {
	Ready    string `toml:"lamp_ready"`
	Help     string `toml:"lamp_help"`
	Fault    string `toml:"lamp_fault"`
	Lamp     string `toml:"lamp"`
	Buzzer   string `toml:"buzzer"`
	Presence string `toml:"presence"`
	Door     string `toml:"door"`
	Tamper   string `toml:"tamper"`
	Paper    string `toml:"paper_low"`
}

// Printer is the ticket printer.
type Printer struct {
	Port    string `toml:"port"`
	Baud    int    `toml:"baud"`
	Paper   int    `toml:"paper"` // millimetres: 80 or 58
	Profile string `toml:"profile"`
	Flow    string `toml:"flow"`   // empty is the profile's
	Papers  string `toml:"papers"` // folder of layouts; empty is the shipped ones
}

// CenterRef says where the center is; an empty URL is a kiosk on its own.
type CenterRef struct {
	URL       string `toml:"url"`
	TokenFile string `toml:"token_file"`
	Budget    int    `toml:"number_budget"` // milliseconds

	KeyFile    string `toml:"key_file"` // in place of TokenFile, once enrolled
	CAFile     string `toml:"ca_file"`
	CertSHA256 string `toml:"cert_sha256"`
}

// Control names the technician's socket.
type Control struct {
	Socket string `toml:"socket"`
}

// Screen is the touchscreen; sizes are in pixels, times in seconds.
type Screen struct {
	Fullscreen bool    `toml:"fullscreen"`
	Width      int     `toml:"width"`
	Height     int     `toml:"height"`
	PxPerMM    float64 `toml:"px_per_mm"` // 0 is for the screen to guess
	Language   string  `toml:"language"`
	IdleAsk    int     `toml:"idle_ask"`
	IdleReturn int     `toml:"idle_return"`
	RestAfter  int     `toml:"rest_after"`
}

// bauds are the line speeds that both the kernel and the devices know.
var bauds = []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)

// LoadKiosk reads and checks a kiosk.toml. Relative paths in it are taken from
// the file's own folder. The catalog, the calendar and the printer's profile that
// it names are checked with it; the catalog keeps the calendar. Problems that are not Fatal leave a usable config.
func LoadKiosk(path string) (Kiosk, *kiosk.Catalog, Problems) {
	k, f, ok := readKiosk(path)
	if !ok {
		return k, nil, f.problems
	}
	catalog, problems := k.loadCatalog(f)
	calendar, late := k.loadCalendar(f)
	if catalog != nil {
		catalog.Keep(calendar)
	}
	k.checkPlace(f, catalog)
	layouts, more := k.loadLayouts(f)
	k.layouts = layouts
	return k, catalog, slices.Concat(f.problems.sorted(), problems, late, more)
}

// Layouts returns how the papers look.
func (k *Kiosk) Layouts() kiosk.Layouts { return k.layouts }

func (k *Kiosk) loadLayouts(f *file) (kiosk.Layouts, Problems) {
	dir := k.Printer.Papers
	if dir == "" {
		return ShippedLayouts(), nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		f.addf("printer.papers", "%s is not a folder. Name the folder of the papers' layouts, or leave it empty for the shipped ones.", "%s 不是文件夹。请写小票样子的文件夹，或留空用自带的。", dir)
		return nil, nil
	}
	return LoadLayouts(os.DirFS(dir), dir)
}

// readKiosk reads the file alone. ok is false when there was nothing to read.
func readKiosk(path string) (k Kiosk, f *file, ok bool) {
	k = Kiosk{
		Kiosk:    Terminal{Timezone: defaultZone, DayChange: "04:00", Early: true},
		Printer:  Printer{Baud: 9600, Paper: 80},
		Reader:   Port{Baud: 115200},
		Scanner:  Scanner{Baud: 9600},
		Store:    KioskStore{Keep: 7, Days: 90},
		Center:   CenterRef{Budget: 150},
		Screen:   Screen{Fullscreen: true, Width: 1080, Height: 1920, Language: "zh", IdleAsk: 30, IdleReturn: 15, RestAfter: 600},
		Voice:    Voice{On: true, Zh: "mandarin", Hant: "cantonese", Speed: 100, Volume: []string{"07:00 80", "22:00 40"}},
		Assist:   Assist{Idle: 60},
		Priority: Precedence{ElderAge: 65, Ask: true},
	}
	dir, base := filepath.Split(path)
	f, _ = decode(os.DirFS(orDot(dir)), base, path, &k)
	if f.unread {
		return k, f, false
	}
	k.resolve(orDot(dir))
	k.check(f)
	k.Voice.check(f)
	k.checkAssist(f)
	k.checkPaths(f)
	k.checkPorts(f)
	return k, f, true
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

func (k *Kiosk) check(f *file) {
	k.checkTerminal(f)
	if k.Store.Path == "" {
		f.add("store.path", "[store] path is missing. Name the database file, such as /var/lib/hallkiosk/kiosk.db.",
			"[store] 缺 path，请写数据库文件的路径。")
	}
	checkBaud(f, "printer", k.Printer.Baud)
	checkBaud(f, "reader", k.Reader.Baud)
	checkBaud(f, "scanner", k.Scanner.Baud)
	if k.Printer.Paper != 80 && k.Printer.Paper != 58 {
		f.addf("printer.paper", "paper is %d mm. Write 80 or 58.", "纸宽是 %d 毫米，只能写 80 或 58。", k.Printer.Paper)
	}
	if name := k.Printer.Profile; strings.HasSuffix(name, ".toml") {
		if _, err := LoadProfile(name); err != nil {
			f.addf("printer.profile", "the printer's file can't be used: %v.", "打印机型号的文件不能用：%v。", err)
		}
	} else if name != "" {
		if names := ProfileNames(); !slices.Contains(names, k.Printer.Profile) {
			f.addf("printer.profile", "no profile %q. Known: %s.", "没有 %q 这个打印机型号，可用：%s。", k.Printer.Profile, strings.Join(names, ", "))
		}
	}
	if f1 := k.Printer.Flow; f1 != "" && !slices.Contains(flows, f1) {
		f.addf("printer.flow", "flow is %q. Write one of %s, or leave it empty.", "flow 是 %q，只能写 %s，或留空。", f1, strings.Join(flows, ", "))
	}
	if name := k.Printer.Profile; k.Printer.Paper == 80 || k.Printer.Paper == 58 {
		if p, err := LoadProfile(k.Printer.ProfileName()); err == nil && p.Paper() != k.Printer.Paper {
			f.addf("printer.profile", "profile %q is for %d mm paper, paper is %d. Change one of them.", "型号 %q 用 %d 毫米的纸，而 paper 是 %d，请改一个。", name, p.Paper(), k.Printer.Paper)
		}
	}
	if u, err := url.Parse(k.Center.URL); k.Center.URL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		f.addf("center.url", "%q is no address. Write http:// or https:// and the center's name.", "%q 不是网址，请写 http:// 或 https:// 开头的中心地址。", k.Center.URL)
	}
	if v := k.Scanner.Family; v != "" && v != "gm65" && v != "honeywell" {
		f.addf("scanner.family", "family is %q. Write gm65 or honeywell, or leave it empty for a scanner that triggers itself.", "family 是 %q，只能写 gm65、honeywell，自己感应的留空。", v)
	}
	k.checkCabinet(f)
	if n := k.Store.Keep; n < 1 || n > 1000 {
		f.addf("store.keep", "keep is %d backups. Write 1 to 1000.", "keep 是 %d 份备份，请写 1 到 1000。", n)
	}
	if n := k.Store.Days; n < 0 || n > 3650 {
		f.addf("store.days", "days is %d. Write 0 to 3650; 0 keeps all.", "days 是 %d 天，请写 0 到 3650，0 是一直留着。", n)
	}
	if b := k.Center.Budget; b < 0 || b > 2000 {
		f.addf("center.number_budget", "number_budget is %d ms. Write 0 to 2000; 0 never asks.", "number_budget 是 %d 毫秒，请写 0 到 2000，0 是从不问中心。", b)
	}
	if !slices.Contains(kiosk.Langs, kiosk.Lang(k.Screen.Language)) {
		f.addf("screen.language", "language is %q. Write \"zh\", \"zh-Hant\" or \"en\".", "语言是 %q，只能写 \"zh\"、\"zh-Hant\" 或 \"en\"。", k.Screen.Language)
	}
	if d := k.Screen.PxPerMM; d != 0 && !(d >= 1 && d <= 20) {
		f.addf("screen.px_per_mm", "px_per_mm is %v. Divide the panel's width in pixels by its width in millimetres, such as 3.2, or write 0.", "px_per_mm 是 %v，请用屏幕宽的像素数除以毫米数，例如 3.2，或写 0。", k.Screen.PxPerMM)
	}
	for _, v := range []struct {
		key            string
		value, low, up int
		unit, zh       string
	}{
		{"width", k.Screen.Width, 320, 7680, "pixels", "像素"}, {"height", k.Screen.Height, 320, 7680, "pixels", "像素"},
		{"idle_ask", k.Screen.IdleAsk, 5, 600, "seconds", "秒"}, {"idle_return", k.Screen.IdleReturn, 5, 600, "seconds", "秒"},
		{"rest_after", k.Screen.RestAfter, 0, 86400, "seconds", "秒"},
	} {
		if v.value < v.low || v.value > v.up {
			f.add("screen."+v.key, fmt.Sprintf("%s is %d %s. Write a number from %d to %d.", v.key, v.value, v.unit, v.low, v.up),
				fmt.Sprintf("%s 是 %d %s，请写 %d 到 %d。", v.key, v.value, v.zh, v.low, v.up))
		}
	}
}

// checkCabinet finds a line that two parts claim.
func (k *Kiosk) checkCabinet(f *file) {
	c, used := &k.Cabinet, map[string]string{}
	for _, v := range []struct{ key, line string }{{"lamp_ready", c.Ready}, {"lamp_help", c.Help}, {"lamp_fault", c.Fault}, {"lamp", c.Lamp}, {"buzzer", c.Buzzer},
		{"presence", c.Presence}, {"door", c.Door}, {"tamper", c.Tamper}, {"paper_low", c.Paper}} {
		line := strings.TrimPrefix(v.line, "!")
		if line == "" {
			continue
		}
		if other, taken := used[line]; taken {
			f.addf("cabinet."+v.key, "%s and %s are both on line %s. Give each a line of its own.", "%s 和 %s 用了同一根线 %s，请分开。", other, v.key, line)
		}
		used[line] = v.key
	}
}

func (k *Kiosk) checkTerminal(f *file) {
	t := &k.Kiosk
	for _, v := range []struct{ key, value string }{{"id", t.ID}, {"hall", t.Hall}} {
		if !idPattern.MatchString(v.value) {
			f.addf("kiosk."+v.key, "[kiosk] %s is %q. Write 1 to 32 letters, digits, - or _.", "[kiosk] %s 是 %q，请写 1 到 32 个字母、数字、- 或 _。", v.key, v.value)
		}
	}
	switch s := t.Series.(type) {
	case nil:
		t.Series = ""
	case int64:
		t.Series = strconv.FormatInt(s, 10)
	case string:
	default:
		t.Series = fmt.Sprint(s)
	}
	series := k.Series()
	n, err := strconv.Atoi(series)
	if series != "" && (err != nil || n < 1 || n > 99 || strconv.Itoa(n) != series) {
		f.addf("kiosk.series", "[kiosk] series is %q. Write this kiosk's own number in the hall, 1 to 99.", "[kiosk] series 是 %q，请写本机在大厅里的编号，1 到 99。", series)
	}
	if series == "" && k.Center.URL != "" {
		f.add("kiosk.series", "[kiosk] series is missing. With a center every kiosk of a hall needs a number of its own, 1 to 99.",
			"[kiosk] 缺 series。接了中心时，同一大厅的每台机器都要有自己的编号，1 到 99。")
	}
	checkZone(f, "kiosk.timezone", t.Timezone)
	checkDayChange(f, "kiosk.day_change", t.DayChange)
}

func checkBaud(f *file, table string, baud int) {
	if !slices.Contains(bauds, baud) {
		f.addf(table+".baud", "baud %d is no line speed. Write one of %s.", "波特率 %d 不对，可用：%s。", baud, strings.Trim(fmt.Sprint(bauds), "[]"))
	}
}

// resolve makes paths absolute or relative to the working directory.
func (k *Kiosk) resolve(dir string) {
	for _, p := range []*string{&k.Store.Path, &k.Store.Backups, &k.Catalog.Path, &k.Calendar.Path, &k.Printer.Papers, profileFile(&k.Printer), &k.Center.TokenFile, &k.Center.KeyFile, &k.Center.CAFile, &k.Control.Socket, &k.Printer.Port, &k.Reader.Port, &k.Scanner.Port} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	k.Voice.resolve(dir)
	if k.Control.Socket == "" && k.Store.Path != "" {
		k.Control.Socket = filepath.Join(filepath.Dir(k.Store.Path), "kiosk.sock")
	}
}

// profileFile is where a config names a printer's own file; a shipped model's
// name is no path.
func profileFile(p *Printer) *string {
	if strings.HasSuffix(p.Profile, ".toml") {
		return &p.Profile
	}
	return new(string)
}

// longestSocket is the longest path of a Unix socket on Linux, in bytes.
const longestSocket = 107

func (k *Kiosk) checkPaths(f *file) {
	if n := len(k.Control.Socket); n > longestSocket {
		f.addf("control.socket", "the socket's path has %d bytes, at most %d are possible. Write a shorter one.", "套接字的路径有 %d 字节，最多 %d，请写短一点。", n, longestSocket)
	}
	if k.Store.Path == "" {
		return
	}
	for dir := filepath.Dir(k.Store.Path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			f.addf("store.path", "%s is a file, so nothing can be stored below it. Write another path.", "%s 是文件，下面存不了东西，请改路径。", dir)
		}
		if err == nil || dir == filepath.Dir(dir) {
			return
		}
	}
}

func (k *Kiosk) checkPorts(f *file) {
	used := map[string]string{}
	for _, d := range []struct{ table, port string }{
		{"printer", k.Printer.Port}, {"reader", k.Reader.Port}, {"scanner", k.Scanner.Port},
	} {
		if d.port == "" {
			continue
		}
		real, err := filepath.EvalSymlinks(d.port)
		if err != nil {
			real = filepath.Clean(d.port)
		}
		key := d.table + ".port"
		if other, taken := used[real]; taken {
			f.addf(key, "[%s] and [%s] are both on %s. Give each a port of its own.", "[%s] 和 [%s] 用了同一个端口 %s，请分开。", other, d.table, d.port)
			continue
		}
		used[real] = d.table
		info, err := os.Stat(real)
		at := f.places[key]
		p := Problem{File: f.name, Line: at.line, Col: at.col, Mild: true}
		switch {
		case err != nil:
			p.En = fmt.Sprintf("port %s is not there. Plug the device in, or look in /dev/serial/by-id.", d.port)
			p.Zh = fmt.Sprintf("端口 %s 不存在。请接好设备，或到 /dev/serial/by-id 里找。", d.port)
		case info.Mode()&fs.ModeCharDevice == 0:
			p.En = fmt.Sprintf("%s is not a serial device. Look in /dev/serial/by-id.", d.port)
			p.Zh = fmt.Sprintf("%s 不是串口设备，请到 /dev/serial/by-id 里找。", d.port)
			p.Mild = false
		default:
			continue
		}
		f.problems = append(f.problems, p)
	}
	k.Center.checkTrust(f, time.Now())
	if k.Center.checkKey(f) {
		return // it is used, and no token
	}
	if name := k.Center.TokenFile; k.Center.URL != "" && name == "" {
		f.add("center.key_file", "[center] key_file or token_file is missing. With a center every kiosk needs a key: name a file and run kiosk enroll.",
			"[center] 缺 key_file。接了中心就要有密钥，请写文件名并运行 kiosk enroll；或写 token_file。")
		f.problems[len(f.problems)-1].Mild = true // numbers are given all the same
	} else if k.Center.URL != "" {
		if _, err := os.ReadFile(name); err != nil {
			f.addf("center.token_file", "the token file can't be read: %v. Put the center's token there.", "令牌文件读不了：%v。请把中心发的令牌放进去。", err)
		}
	}
}

func (k *Kiosk) loadCatalog(f *file) (*kiosk.Catalog, Problems) {
	fsys, ok := folder(f, "catalog", k.Catalog.Path)
	if !ok {
		return nil, nil
	}
	return LoadCatalog(fsys, cmp.Or(k.Catalog.Path, "catalog"))
}

// folder opens the folder that a table names, or the shipped one.
func folder(f *file, table, dir string) (fs.FS, bool) {
	if dir == "" {
		sub, err := fs.Sub(shipped, table)
		if err != nil {
			panic(err) // the folder is embedded
		}
		return sub, true
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		f.addf(table+".path", "%s is not a folder. Name the %s's folder, or leave path empty for the shipped one.", "%s 不是文件夹。请写 %s 的文件夹，或留空用自带的。", dir, table)
		return nil, false
	}
	return os.DirFS(dir), true
}

// Series returns the kiosk's own digits, "" when none are set.
func (k *Kiosk) Series() string {
	s, _ := k.Kiosk.Series.(string)
	return s
}

// ProfileName returns the printer's profile, by the paper's width when the
// config names none.
func (p Printer) ProfileName() string {
	if p.Profile != "" {
		return p.Profile
	}
	return fmt.Sprintf("generic-%d", p.Paper)
}
