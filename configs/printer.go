package configs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// flows are the ways in which a printer says that it can't take more.
var flows = []string{"none", "xonxoff", "rtscts"}

// Profile is what a printer model can do, from configs/printers/*.toml.
type Profile struct {
	Model   string `toml:"model"`   // for people
	Width   int    `toml:"width"`   // printable dots; 8 a millimetre
	Speed   int    `toml:"speed"`   // millimetres a second
	Scale   int    `toml:"scale"`   // the largest character magnification, 1 to 8
	QR      bool   `toml:"qr"`      // has GS ( k
	JobID   bool   `toml:"job_id"`  // answers GS ( H
	Chinese string `toml:"chinese"` // the characters it holds: gb2312 or gbk
	Flow    string `toml:"flow"`    // none, xonxoff or rtscts
	Clear   string `toml:"clear"`   // how its buffers are emptied: none, dc4 (DLE DC4) or enq (DLE ENQ)
	Eject   string `toml:"eject"`   // none, custom (GS e) or citizen (GS R)
	Retract int    `toml:"retract"` // seconds until a ticket that nobody takes is drawn in; 0 is never
}

// Paper is the width of the paper in millimetres, 80 or 58.
func (p Profile) Paper() int {
	if p.Width > 400 {
		return 80
	}
	return 58
}

// ProfileNames lists the shipped profiles, sorted.
func ProfileNames() []string {
	entries, err := fs.ReadDir(shipped, "printers")
	if err != nil {
		panic(err) // the folder is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	return names
}

// LoadProfile reads one shipped profile by its name, or a file of a technician's
// own, whose name ends in .toml.
func LoadProfile(name string) (Profile, error) {
	if strings.HasSuffix(name, ".toml") {
		p, problems := readProfile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
		for i := range problems {
			problems[i].File = name
		}
		if len(problems) > 0 {
			return p, problems
		}
		return p, nil
	}
	p, problems := readProfile(shipped, "printers/"+name+".toml")
	if len(problems) > 0 {
		return p, problems
	}
	return p, nil
}

func readProfile(fsys fs.FS, path string) (Profile, Problems) {
	var p Profile
	f, _ := decode(fsys, path, path, &p)
	if f.unread {
		return p, f.problems
	}
	for _, v := range []struct {
		key            string
		value, low, up int
	}{{"width", p.Width, 200, 832}, {"speed", p.Speed, 20, 500}, {"scale", p.Scale, 1, 8}, {"retract", p.Retract, 0, 600}} {
		if v.value < v.low || v.value > v.up {
			f.addf(v.key, "%s is %d. Write %d to %d.", "%s 是 %d，请写 %d 到 %d。", v.key, v.value, v.low, v.up)
		}
	}
	if p.Width%8 != 0 {
		f.addf("width", "width is %d dots. Write a multiple of 8.", "width 是 %d 点，请写 8 的倍数。", p.Width)
	}
	for _, v := range []struct {
		key, value string
		known      []string
	}{{"chinese", p.Chinese, []string{"gb2312", "gbk"}}, {"flow", p.Flow, flows},
		{"clear", p.Clear, []string{"none", "dc4", "enq"}}, {"eject", p.Eject, []string{"none", "custom", "citizen"}}} {
		if !slices.Contains(v.known, v.value) {
			f.addf(v.key, "%s is %q. Write one of %s.", "%s 是 %q，只能写 %s。", v.key, v.value, strings.Join(v.known, ", "))
		}
	}
	if p.Model == "" {
		f.add("", fmt.Sprintf("model is missing in %s. Write the printer's name.", path), "缺 model，请写打印机的名字。")
	}
	return p, f.problems.sorted()
}
