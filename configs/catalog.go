package configs

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hallkiosk/kiosk"
)

// hallFile is catalog/hall.toml.
type hallFile struct {
	Hall    kiosk.Text        `toml:"hall"`
	Promise int               `toml:"promise_days"`
	Hours   map[string]string `toml:"hours"`
	Zones   []struct {
		ID   string     `toml:"id"`
		Name kiosk.Text `toml:"name"`
		Way  kiosk.Text `toml:"way"`
		Self bool       `toml:"self_service"`
	} `toml:"zone"`
	Wanted []struct {
		Item string     `toml:"item"`
		Name kiosk.Text `toml:"name"`
		Icon string     `toml:"icon"`
	} `toml:"wanted"`
	Services []service `toml:"service"`
	Plan     *plan     `toml:"map"`
}

// themeFile is catalog/themes.toml; it may be missing.
type themeFile struct {
	Themes []struct {
		ID    string     `toml:"id"`
		Name  kiosk.Text `toml:"name"`
		Item  string     `toml:"item"`
		Icon  string     `toml:"icon"`
		Steps []struct {
			Name kiosk.Text `toml:"name"`
			Item string     `toml:"item"`
			Note kiosk.Text `toml:"note"`
		} `toml:"steps"`
	} `toml:"theme"`
}

// deptFile is every other file of the catalog: one department.
type deptFile struct {
	Department struct {
		ID    string     `toml:"id"`
		Name  kiosk.Text `toml:"name"`
		Words []string   `toml:"words"`
		Hant  []string   `toml:"words_hant"`
		Zone  string     `toml:"zone"`
	} `toml:"department"`
	Queues []struct {
		ID      string     `toml:"id"`
		Name    kiosk.Text `toml:"name"`
		Zone    string     `toml:"zone"`
		Windows string     `toml:"windows"`
		Count   int        `toml:"count"`
		Hours   string     `toml:"hours"`
	} `toml:"queue"`
	Items []struct {
		Code      string     `toml:"code"`
		Name      kiosk.Text `toml:"name"`
		Words     []string   `toml:"words"`
		Hant      []string   `toml:"words_hant"`
		Queue     string     `toml:"queue"`
		Minutes   int        `toml:"minutes"`
		Self      kiosk.Text `toml:"self"`
		Online    bool       `toml:"online"`
		Materials []struct {
			Zh        string `toml:"zh"`
			Hant      string `toml:"hant"`
			En        string `toml:"en"`
			Essential bool   `toml:"essential"`
		} `toml:"materials"`
	} `toml:"item"`
}

var queuePattern = regexp.MustCompile(`^[A-Z]{1,2}$`)

// catalogReader gathers the files of a catalog. Where a thing was defined is
// kept, so that a second definition can name the first.
type catalogReader struct {
	shown    string
	out      *kiosk.Catalog
	hours    map[string]kiosk.Hours
	defined  map[string]string
	files    []*file
	problems Problems
}

const themesName = "themes.toml"

// LoadCatalog reads a catalog's folder: hall.toml, themes.toml if it is there,
// and one file for each department, in the order of their names. shown is how problems name the
// folder.
func LoadCatalog(fsys fs.FS, shown string) (*kiosk.Catalog, Problems) {
	r := &catalogReader{shown: shown, out: &kiosk.Catalog{}, hours: map[string]kiosk.Hours{}, defined: map[string]string{}}
	var hall hallFile
	hf := r.decode(fsys, "hall.toml", &hall)
	r.hall(hf, hall)

	names, err := fs.Glob(fsys, "*.toml")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	type dept struct {
		f *file
		d deptFile
	}
	var depts []dept
	for _, name := range names {
		if name == "hall.toml" || name == themesName {
			continue
		}
		var d deptFile
		f := r.decode(fsys, name, &d)
		depts = append(depts, dept{f, d})
		r.queues(f, d)
	}
	r.out.Index()
	for _, d := range depts {
		r.items(d.f, d.d)
	}
	r.out.Index()
	r.wanted(hf, hall)
	r.plan(hf, hall.Plan)
	r.services(hf, hall.Services)
	if _, err := fs.Stat(fsys, themesName); err == nil {
		var themes themeFile
		r.themes(r.decode(fsys, themesName, &themes), themes)
	}
	for _, f := range r.files {
		r.problems = append(r.problems, f.problems.sorted()...)
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return r.out, nil
}

func (r *catalogReader) decode(fsys fs.FS, name string, v any) *file {
	f, _ := decode(fsys, name, path.Join(r.shown, name), v)
	r.files = append(r.files, f)
	return f
}

// define notes that an id of a kind is defined at a place, and complains when
// it was before.
func (r *catalogReader) define(f *file, key, kind, zh, id string) bool {
	name := kind + " " + id
	if first, twice := r.defined[name]; twice {
		f.add(key, fmt.Sprintf("%s %s is defined twice, first at %s. Give one of them another code.", kind, id, first),
			fmt.Sprintf("%s %s 重复了，第一次在 %s，请改一个。", zh, id, first))
		return false
	}
	at := f.places[key]
	r.defined[name] = fmt.Sprintf("%s:%d:%d", f.name, at.line, at.col)
	return true
}

func (r *catalogReader) hall(f *file, h hallFile) {
	r.out.Hall, r.out.PromiseDays = h.Hall, h.Promise
	if h.Promise == 0 {
		r.out.PromiseDays = 5
	} else if h.Promise < 0 || h.Promise > 90 {
		f.addf("promise_days", "promise_days is %d. Write 1 to 90 opening days.", "promise_days 是 %d，请写 1 到 90 个工作日。", h.Promise)
	}
	if h.Hall.Zh == "" {
		f.add("hall", "[hall] zh is missing. Write the hall's name.", "[hall] 缺 zh，请写大厅的名字。")
	}
	for name, text := range h.Hours {
		hours, err := kiosk.ParseHours(text)
		if err != nil {
			f.addf("hours."+name, "%v.", "营业时间写得不对：%v。", err)
		}
		r.hours[name] = hours
	}
	for i, z := range h.Zones {
		at := fmt.Sprintf("zone[%d]", i)
		if z.ID == "" || z.Name.Zh == "" {
			f.add(at, "this zone has no id or no name. Write both.", "这个区缺 id 或名字，请补上。")
			continue
		}
		if r.define(f, at+".id", "zone", "区", z.ID) {
			r.out.Zones = append(r.out.Zones, kiosk.Zone{ID: kiosk.ZoneID(z.ID), Name: z.Name, Way: z.Way, Self: z.Self})
		}
	}
	r.out.Index()
}

func (r *catalogReader) zone(f *file, key, id string) {
	if _, ok := r.out.Zone(kiosk.ZoneID(id)); !ok {
		f.addf(key, "no zone %q in hall.toml. Use one that is there.", "hall.toml 里没有 %q 这个区，请用已有的。", id)
	}
}

func (r *catalogReader) queues(f *file, d deptFile) {
	dep := d.Department
	if dep.ID == "" || dep.Name.Zh == "" {
		f.add("department", "[department] has no id or no name. Write both.", "[department] 缺 id 或名字，请补上。")
	} else if r.define(f, "department.id", "department", "部门", dep.ID) {
		r.zone(f, "department.zone", dep.Zone)
		r.words(f, "department.words", dep.ID, dep.Name, dep.Words, dep.Hant)
		r.out.Departments = append(r.out.Departments, kiosk.Department{ID: kiosk.DeptID(dep.ID), Name: dep.Name, Words: dep.Words, WordsHant: dep.Hant, Zone: kiosk.ZoneID(dep.Zone)})
	}
	for i, q := range d.Queues {
		at := fmt.Sprintf("queue[%d].", i)
		if !queuePattern.MatchString(q.ID) {
			f.addf(at+"id", "queue %q: its id begins the numbers. Write one or two capital letters.", "队列 %q：id 是号码的开头，请写一到两个大写字母。", q.ID)
			continue
		}
		if !r.define(f, at+"id", "queue", "队列", q.ID) {
			continue
		}
		r.zone(f, at+"zone", q.Zone)
		hours, ok := r.hours[q.Hours]
		if !ok {
			f.addf(at+"hours", "no hours %q in hall.toml. Use one that is there.", "hall.toml 里没有 %q 这个营业时间，请用已有的。", q.Hours)
		}
		if q.Name.Zh == "" || q.Windows == "" || q.Count < 1 {
			f.addf(at+"id", "queue %s needs a name, windows and a count of 1 or more.", "队列 %s 缺名字、窗口或窗口数。", q.ID)
		}
		r.out.Queues = append(r.out.Queues, kiosk.Queue{ID: kiosk.QueueID(q.ID), Name: q.Name, Zone: kiosk.ZoneID(q.Zone),
			Windows: q.Windows, Count: q.Count, Hours: hours})
	}
}

// Words to find a thing by are short and few: they are typed letter by letter.
const (
	mostWords   = 20
	longestWord = 20 // characters
)

// words checks what else a thing is called, and that in traditional characters.
func (r *catalogReader) words(f *file, key, id string, name kiosk.Text, words, hant []string) {
	if len(hant) > 0 && len(hant) != len(words) || slices.Contains(hant, "") {
		f.addf(key+"_hant", "%s has %d words and %d in traditional characters. Write each of words in words_hant, in the same order, or leave it out.", "%s 有 %d 个别名，繁体写了 %d 个，请在 words_hant 按同样的顺序逐个写，或不写。", id, len(words), len(hant))
	}
	if len(words) > mostWords {
		f.addf(key, "%s has %d words, at most %d. Remove those that nobody uses.", "%s 有 %d 个别名，最多 %d 个，请删掉没人用的。", id, len(words), mostWords)
	}
	for i, word := range words {
		switch {
		case !findable(word):
			f.addf(key, "the word %q of %s can't be typed. Write 1 to %d characters, none of them a control character.", "%[2]s 的别名 %[1]q 打不出来，请写 1 到 %[3]d 个字。", word, id, longestWord)
		case word == name.Zh || word == name.Hant || word == name.En || slices.Contains(words[:i], word):
			f.addf(key, "the word %q of %s is its name, or is written twice. Remove it.", "%[2]s 的别名 %[1]q 就是它的名字，或写了两遍，请删掉。", word, id)
		}
	}
}

// findable says whether a word has anything that can be typed.
func findable(word string) bool {
	said := false
	for _, r := range word {
		if unicode.IsControl(r) {
			return false
		}
		said = said || unicode.IsLetter(r) || unicode.IsNumber(r)
	}
	return said && word == strings.TrimSpace(word) && utf8.RuneCountInString(word) <= longestWord
}

func (r *catalogReader) items(f *file, d deptFile) {
	for i, v := range d.Items {
		at := fmt.Sprintf("item[%d].", i)
		if strings.TrimSpace(v.Code) == "" || strings.ContainsAny(v.Code, " \t\n") || v.Name.Zh == "" {
			f.add(strings.TrimSuffix(at, "."), "this item has no name, or a code that is empty or has spaces. Write both.", "这个事项缺名字，或编码是空的、有空格，请改好。")
			continue
		}
		if !r.define(f, at+"code", "item", "事项", v.Code) {
			continue
		}
		if _, ok := r.out.Queue(kiosk.QueueID(v.Queue)); !ok {
			f.addf(at+"queue", "item %s is in queue %q, which no file defines. Define the queue or use another.", "事项 %s 的队列 %q 没有定义，请先定义队列或换一个。", v.Code, v.Queue)
		}
		if v.Minutes < 1 || v.Minutes > 240 {
			f.addf(at+"minutes", "item %s takes %d minutes. Write 1 to 240.", "事项 %s 的办理时间是 %d 分钟，请写 1 到 240。", v.Code, v.Minutes)
		}
		r.words(f, at+"words", v.Code, v.Name, v.Words, v.Hant)
		item := kiosk.Item{ID: kiosk.ItemID(v.Code), Name: v.Name, Words: v.Words, WordsHant: v.Hant, Dept: kiosk.DeptID(d.Department.ID), Queue: kiosk.QueueID(v.Queue),
			Minutes: v.Minutes, Self: v.Self, Online: v.Online}
		for _, m := range v.Materials {
			item.Materials = append(item.Materials, kiosk.Material{Name: kiosk.Text{Zh: m.Zh, Hant: m.Hant, En: m.En}, Essential: m.Essential})
		}
		r.out.Items = append(r.out.Items, item)
	}
}

func (r *catalogReader) wanted(f *file, h hallFile) {
	if len(h.Wanted) > 10 {
		f.add("wanted[10]", "the first screen has room for ten wanted things. Remove the rest.", "首页只放得下十件事，请删掉多的。")
	}
	for i, w := range h.Wanted {
		if _, ok := r.out.Item(kiosk.ItemID(w.Item)); !ok {
			f.addf(fmt.Sprintf("wanted[%d].item", i), "no item %q. Use an item's code.", "没有 %q 这个事项，请写事项编码。", w.Item)
		}
		r.out.Wanted = append(r.out.Wanted, kiosk.Wanted{Item: kiosk.ItemID(w.Item), Name: w.Name, Icon: w.Icon})
	}
}

// mostSteps keeps a theme's paper short.
const mostSteps = 12

func (r *catalogReader) themes(f *file, t themeFile) {
	item := func(key, id string) {
		if _, ok := r.out.Item(kiosk.ItemID(id)); !ok {
			f.addf(key, "no item %q. Use an item's code.", "没有 %q 这个事项，请写事项编码。", id)
		}
	}
	for i, th := range t.Themes {
		at := fmt.Sprintf("theme[%d]", i)
		if th.ID == "" || th.Name.Zh == "" || len(th.Steps) == 0 || len(th.Steps) > mostSteps {
			f.addf(at, "a theme needs an id, a name and 1 to %d steps. Write them.", "主题要有 id、名字和 1 到 %d 步，请补上。", mostSteps)
			continue
		}
		if !r.define(f, at+".id", "theme", "主题", th.ID) {
			continue
		}
		item(at+".item", th.Item)
		theme := kiosk.Theme{ID: kiosk.ThemeID(th.ID), Name: th.Name, Item: kiosk.ItemID(th.Item), Icon: th.Icon}
		for n, s := range th.Steps {
			if s.Name.Zh == "" {
				f.addf(at+".steps", "step %d has no name. Write one.", "第 %d 步没有名字，请写上。", n+1)
			}
			if s.Item != "" {
				item(at+".steps", s.Item)
			}
			theme.Steps = append(theme.Steps, kiosk.Step{Name: s.Name, Item: kiosk.ItemID(s.Item), Note: s.Note})
		}
		r.out.Themes = append(r.out.Themes, theme)
	}
}
