package configs

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hallkiosk/kiosk"
)

// Center is the center server's center.toml.
type Center struct {
	Listen     string       `toml:"listen"`
	TokensFile string       `toml:"tokens_file"`
	Timezone   string       `toml:"timezone"`
	DayChange  string       `toml:"day_change"`
	Store      CenterStore  `toml:"store"`
	TLS        TLS          `toml:"tls"`
	Calls      Calls        `toml:"calls"`
	Retention  Retention    `toml:"retention"`
	Halls      []CenterHall `toml:"hall"`
}

// CenterStore is where the center keeps its ledger: one file, or a PostgreSQL that
// several centers share.
type CenterStore struct {
	Path string `toml:"path"`
	URL  string `toml:"url"`
}

// Calls are the rules of calling; times are in minutes.
type Calls struct {
	Priority   []int `toml:"priority"`
	Aged       []int `toml:"aged"`
	AgeLimit   int   `toml:"age_limit"`
	LookAhead  int   `toml:"look_ahead"`
	Grace      int   `toml:"grace"`
	OfferAgain int   `toml:"offer_again"`
	Misses     int   `toml:"misses"`
}

// Retention is after how many days things are forgotten; 0 is never.
type Retention struct {
	Events  int `toml:"events"`
	Tickets int `toml:"tickets"`
	Numbers int `toml:"numbers"`
	Alarms  int `toml:"alarms"`
	Audit   int `toml:"audit"`
}

// CenterHall is one hall that the center knows beforehand.
type CenterHall struct {
	ID      string              `toml:"id"`
	Folder  string              `toml:"catalog"`
	Days    string              `toml:"calendar"`
	Windows map[string][]string `toml:"windows"`
	Slots   map[string]int      `toml:"slot_capacity"`

	Catalog  *kiosk.Catalog `toml:"-"` // of Folder; nil when it has none
	Version  string         `toml:"-"` // of Catalog
	Calendar string         `toml:"-"` // the version of that in Days
}

// LoadCenter reads and checks a center.toml and the catalogs that it names.
// Relative paths in it are taken from the file's own folder. The error is
// Problems.
func LoadCenter(path string) (Center, error) {
	r := kiosk.DefaultCallRules()
	c := Center{Listen: "127.0.0.1:8080", Timezone: defaultZone, DayChange: "04:00",
		Calls: Calls{Priority: []int{r.Priority.Ahead, r.Priority.Rest}, Aged: []int{r.Aged.Ahead, r.Aged.Rest}, AgeLimit: int(r.AgeLimit.Minutes()),
			LookAhead: int(r.LookAhead.Minutes()), Grace: int(r.Grace.Minutes()), OfferAgain: int(r.OfferAgain.Minutes()), Misses: r.Misses},
		Retention: Retention{Events: 400, Tickets: 400, Numbers: 40, Alarms: 400, Audit: 1100}}
	dir, base := filepath.Split(path)
	f, _ := decode(os.DirFS(orDot(dir)), base, path, &c)
	paths := []*string{&c.TokensFile, &c.Store.Path, &c.TLS.CertFile, &c.TLS.KeyFile}
	for i := range c.Halls {
		paths = append(paths, &c.Halls[i].Folder, &c.Halls[i].Days)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(orDot(dir), *p)
		}
	}
	if !f.unread {
		c.check(f)
		c.checkTLS(f, time.Now())
	}
	problems := append(f.problems.sorted(), c.loadHalls(f)...)
	if len(problems) > 0 {
		return c, problems
	}
	return c, nil
}

func (c *Center) check(f *file) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || host == "" {
		f.addf("listen", "listen is %q. Write an address and a port, such as 127.0.0.1:8080.", "listen 是 %q，请写地址和端口，例如 127.0.0.1:8080。", c.Listen)
	}
	switch {
	case c.Store.Path == "" && c.Store.URL == "":
		f.add("store.path", "[store] path is missing. Name the database file, or write url for PostgreSQL.", "[store] 缺 path，请写数据库文件的路径，或用 url 写 PostgreSQL 的地址。")
	case c.Store.Path != "" && c.Store.URL != "":
		f.add("store.url", "[store] has path and url. Use path for one file or url for PostgreSQL, not both.", "[store] 同时写了 path 和 url，只能用一个。")
	case c.Store.URL != "" && !strings.HasPrefix(c.Store.URL, "postgres://"):
		f.add("store.url", "url is no PostgreSQL address. Write postgres://USER@HOST/DATABASE?passfile=FILE.", "url 不是 PostgreSQL 的地址，请写 postgres://用户@主机/数据库?passfile=文件。") // not repeated: it may hold a password
	}
	checkZone(f, "timezone", c.Timezone)
	checkDayChange(f, "day_change", c.DayChange)
	c.checkCalls(f)
	for _, v := range []struct {
		key  string
		days int
		low  int
	}{{"events", c.Retention.Events, 7}, {"tickets", c.Retention.Tickets, 7}, {"numbers", c.Retention.Numbers, 7}, {"alarms", c.Retention.Alarms, 7}, {"audit", c.Retention.Audit, AuditDays}} {
		if v.days != 0 && (v.days < v.low || v.days > 36_500) {
			f.addf("retention."+v.key, "%s is %d days. Write %d to 36500, or 0 to keep all.", "%s 是 %d 天，请写 %d 到 36500，或写 0 永久保留。", v.key, v.days, v.low)
		}
	}
}

// AuditDays are the days for which the audit trail is kept at the least: the
// tables themselves refuse to forget younger entries.
const AuditDays = 180

func (c *Center) checkCalls(f *file) {
	for key, pair := range map[string][]int{"priority": c.Calls.Priority, "aged": c.Calls.Aged} {
		if len(pair) != 2 {
			f.addf("calls."+key, "%s is %v. Write two numbers, such as [1, 2].", "%s 是 %v，请写两个数，例如 [1, 2]。", key, pair)
			return
		}
	}
	// CallRules names its fields in Go.
	keys := map[string]string{"Priority": "priority", "Aged": "aged", "AgeLimit": "age_limit", "LookAhead": "look_ahead", "Grace": "grace", "OfferAgain": "offer_again", "Misses": "misses"}
	for _, bad := range c.Rules().Check() {
		f.add("calls."+keys[bad.Op], keys[bad.Op]+": "+bad.Hint+".", keys[bad.Op]+":"+bad.Message)
	}
}

// Rules returns the rules of calling. Only for a checked config.
func (c *Center) Rules() kiosk.CallRules {
	v := c.Calls
	minutes := func(n int) time.Duration { return time.Duration(min(max(n, -1), 1_000_000)) * time.Minute }
	return kiosk.CallRules{Priority: kiosk.Ratio{Ahead: v.Priority[0], Rest: v.Priority[1]}, Aged: kiosk.Ratio{Ahead: v.Aged[0], Rest: v.Aged[1]},
		AgeLimit: minutes(v.AgeLimit), LookAhead: minutes(v.LookAhead), Grace: minutes(v.Grace), OfferAgain: minutes(v.OfferAgain), Misses: v.Misses}
}

// loadHalls reads the halls' catalogs, each folder once, and calendars, and checks
// the halls against them.
func (c *Center) loadHalls(f *file) Problems {
	type loaded struct {
		catalog *kiosk.Catalog
		version string
	}
	read := map[string]loaded{}
	seen := map[string]bool{}
	var problems Problems
	before := len(f.problems)
	for i := range c.Halls {
		h, at := &c.Halls[i], fmt.Sprintf("hall[%d]", i)
		switch {
		case !idPattern.MatchString(h.ID):
			f.addf(at+".id", "[[hall]] id is %q. Write the id of kiosk.toml's [kiosk] hall: letters, digits and hyphens.", "[[hall]] 的 id 是 %q，请写 kiosk.toml 里 [kiosk] 的 hall：字母、数字和短横。", h.ID)
		case seen[h.ID]:
			f.addf(at+".id", "hall %s stands here twice. Remove one.", "大厅 %s 写了两次，请删掉一个。", h.ID)
		}
		seen[h.ID] = true
		if h.Folder != "" {
			l, known := read[h.Folder]
			if !known {
				var bad Problems
				fsys := os.DirFS(h.Folder)
				if l.catalog, bad = LoadCatalog(fsys, h.Folder); len(bad) > 0 {
					problems = append(problems, bad...)
				} else {
					l.version = l.catalog.Version()
				}
				read[h.Folder] = l
			}
			h.Catalog, h.Version = l.catalog, l.version
		}
		if h.Days != "" {
			calendar, bad := LoadCalendar(os.DirFS(h.Days), h.Days)
			problems = append(problems, bad...)
			h.Calendar = calendar.Version()
		}
		c.checkWindows(f, at+".windows.", h)
		checkSlots(f, at+".slot_capacity.", h)
	}
	return append(f.problems[before:].sorted(), problems...)
}

func (c *Center) checkWindows(f *file, at string, h *CenterHall) {
	for _, w := range slices.Sorted(maps.Keys(h.Windows)) {
		if w == "" || len(w) > 64 {
			f.addf(at+w, "a window's name is %q. Write it as it is signposted, such as 21.", "窗口名是 %q，请按指示牌写，例如 21。", w)
		}
		given := map[string]bool{}
		for _, q := range h.Windows[w] {
			if !h.knows(q) {
				f.addf(at+w, "window %s: no queue %q. Use one of the catalog, in capital letters.", "窗口 %s：没有 %q 这个队列，请用目录里的，大写字母。", w, q)
			}
			if given[q] {
				f.addf(at+w, "window %s: queue %s stands there twice.", "窗口 %s：队列 %s 写了两次。", w, q)
			}
			given[q] = true
		}
	}
}

// knows says whether a queue may be of the hall.
func (h *CenterHall) knows(queue string) bool {
	known := queuePattern.MatchString(queue)
	if known && h.Catalog != nil {
		_, known = h.Catalog.Queue(kiosk.QueueID(queue))
	}
	return known
}

func checkSlots(f *file, at string, h *CenterHall) {
	for _, q := range slices.Sorted(maps.Keys(h.Slots)) {
		if q != everyQueue && !h.knows(q) {
			f.addf(at+q, "slot_capacity: no queue %q. Use one of the catalog, in capital letters, or \"*\" for all others.", "slot_capacity：没有 %q 这个队列，请用目录里的，大写字母，或用 \"*\" 代表其余队列。", q)
		}
		if n := h.Slots[q]; n < 0 || n > 1000 {
			f.addf(at+q, "slot_capacity: queue %s has %d places. Write 0 to 1000.", "slot_capacity：队列 %s 是 %d 人，请写 0 到 1000。", q, n)
		}
	}
}

// everyQueue stands for the other queues in slot_capacity.
const everyQueue = "*"

// Location returns the city's time zone. Only for a checked config.
func (c *Center) Location() *time.Location { return location(c.Timezone) }

// Change returns how long after midnight the business day begins. Only for a
// checked config.
func (c *Center) Change() time.Duration { return dayChange(c.DayChange) }
