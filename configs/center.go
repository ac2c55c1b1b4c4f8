package configs

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Center is the center server's center.toml.
type Center struct {
	Listen     string      `toml:"listen"`
	TokensFile string      `toml:"tokens_file"`
	Timezone   string      `toml:"timezone"`
	Store      CenterStore `toml:"store"`
	TLS        TLS         `toml:"tls"`
}

// CenterStore is where the center keeps its ledger: one file, or a PostgreSQL that
// several centers share.
type CenterStore struct {
	Path string `toml:"path"`
	URL  string `toml:"url"`
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
	for _, p := range []*string{&c.TokensFile, &c.Store.Path, &c.TLS.CertFile, &c.TLS.KeyFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(orDot(dir), *p)
		}
	}
	if !f.unread {
		c.checkTLS(f, time.Now())
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
	switch {
	case c.Store.Path == "" && c.Store.URL == "":
		f.add("store.path", "[store] path is missing. Name the database file, or write url for PostgreSQL.", "[store] 缺 path,请写数据库文件的路径,或用 url 写 PostgreSQL 的地址。")
	case c.Store.Path != "" && c.Store.URL != "":
		f.add("store.url", "[store] has path and url. Use path for one file or url for PostgreSQL, not both.", "[store] 同时写了 path 和 url,只能用一个。")
	case c.Store.URL != "" && !strings.HasPrefix(c.Store.URL, "postgres://"):
		f.add("store.url", "url is no PostgreSQL address. Write postgres://USER@HOST/DATABASE?passfile=FILE.", "url 不是 PostgreSQL 的地址,请写 postgres://用户@主机/数据库?passfile=文件。") // not repeated: it may hold a password
	}
	checkZone(f, "timezone", c.Timezone)
}

// Location returns the city's time zone. Only for a checked config.
func (c *Center) Location() *time.Location { return location(c.Timezone) }
