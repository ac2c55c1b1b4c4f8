package configs

import (
	"errors"
	"io/fs"
	"strings"
)

// Profile is what a printer model can do, from configs/printers/*.toml.
type Profile struct {
	Model string `toml:"model"` // for people
	Width int    `toml:"width"` // printable dots; 8 a millimetre
	Speed int    `toml:"speed"` // millimetres a second
	Scale int    `toml:"scale"` // the largest character magnification, 1 to 8
	QR    bool   `toml:"qr"`    // has GS ( k
	JobID bool   `toml:"job_id"`
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

// LoadProfile reads one shipped profile.
func LoadProfile(name string) (Profile, error) {
	var p Profile
	f, ok := decode(shipped, "printers/"+name+".toml", "printers/"+name+".toml", &p)
	if !ok {
		return p, f.problems
	}
	if p.Width%8 != 0 || p.Width < 200 || p.Width > 832 || p.Speed < 20 || p.Speed > 500 || p.Scale < 1 || p.Scale > 8 {
		return p, errors.New("printers/" + name + ".toml: width, speed or scale is out of range")
	}
	return p, nil
}
