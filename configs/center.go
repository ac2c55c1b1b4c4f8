package configs

import (
	"net"
	"os"
	"path/filepath"
	"time"
)

// Center is the center server's center.toml.
type Center struct {
	Listen     string `toml:"listen"`
	TokensFile string `toml:"tokens_file"`
	Timezone   string `toml:"timezone"`
	Store      Store  `toml:"store"`
}

// LoadCenter reads and checks a center.toml. Relative paths in it are taken
// from the file's own folder. The error is Problems.
func LoadCenter(path string) (Center, error) {
	c := Center{Listen: "127.0.0.1:8080", Timezone: defaultZone}
	dir, base := filepath.Split(path)
	f, _ := decode(os.DirFS(orDot(dir)), base, path, &c)
	if !f.unread {
		c.check(f)
	}
	for _, p := range []*string{&c.TokensFile, &c.Store.Path} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(orDot(dir), *p)
		}
	}
	if len(f.problems) > 0 {
		return c, f.problems.sorted()
	}
	return c, nil
}

func (c *Center) check(f *file) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || host == "" {
		f.addf("listen", "listen is %q. Write an address and a port, such as 127.0.0.1:8080.", "listen 是 %q,请写地址和端口,例如 127.0.0.1:8080。", c.Listen)
	}
	if c.Store.Path == "" {
		f.add("store.path", "[store] path is missing. Name the database file.", "[store] 缺 path,请写数据库文件的路径。")
	}
	checkZone(f, "timezone", c.Timezone)
	if c.TokensFile == "" {
		f.add("tokens_file", "tokens_file is missing. Name the file of the kiosks' tokens.", "缺 tokens_file,请写各终端令牌的文件。")
	}
}

// Location returns the city's time zone. Only for a checked config.
func (c *Center) Location() *time.Location { return location(c.Timezone) }
