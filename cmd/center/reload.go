package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk/center"
)

// reloadEvery is how often run looks whether the files have changed. A change
// counts when they look the same twice, for a folder isn't copied in an instant.
const reloadEvery = 2 * time.Second

// reload reads what the config says of halls, their catalogs and their calendars
// anew, on a signal and when the files change. What is wrong is refused, and what
// was read before stays in force. The rest of the config counts from the start.
type reload struct {
	path   string
	config configs.Center // in force
	server *center.Server
	log    *slog.Logger
}

// run looks and reads until ctx ends.
func (r *reload) run(ctx context.Context, asked <-chan os.Signal) {
	look := time.NewTicker(reloadEvery)
	defer look.Stop()
	files := filesOf(r.path, r.config) // of what was read last, also when it was refused
	done := looks(files)
	before := done
	for {
		select {
		case <-ctx.Done():
			return
		case <-asked:
		case <-look.C:
			now := looks(files)
			still := now == before
			if before = now; !still || now == done {
				continue
			}
		}
		done = looks(files) // first: what changes meanwhile is read the next time
		config, err := configs.LoadCenter(r.path)
		if named := filesOf(r.path, config); !slices.Equal(named, files) {
			files = named
			done = looks(files)
			config, err = configs.LoadCenter(r.path)
		}
		r.take(ctx, config, err)
	}
}

// take puts in force what was read, unless err or the store is against it.
func (r *reload) take(ctx context.Context, config configs.Center, err error) {
	if err == nil {
		err = r.server.SetHalls(ctx, halls(config))
	}
	if err != nil {
		r.server.RefuseHalls(err)
		r.log.Error("the halls were read again and refused; the old ones stay in force", "config", r.path, "err", err)
		return
	}
	if rest(config) != rest(r.config) {
		r.log.Warn("the config has changed outside [[hall]]; restart the center to put that in force", "config", r.path)
	}
	r.config = config
	for _, h := range config.Halls {
		r.log.Info("hall read again", "hall", h.ID, "catalog", h.Version, "calendar", h.Calendar)
	}
}

// rest is what a config says beside its halls.
func rest(c configs.Center) string {
	c.Halls = nil
	return fmt.Sprintf("%+v", c)
}

// filesOf are the files and folders that a config is read from.
func filesOf(path string, c configs.Center) []string {
	all := []string{path}
	for _, h := range c.Halls {
		all = append(all, h.Folder, h.Days)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// looks tells whether anything below files has changed: it is another then.
func looks(files []string) string {
	var b strings.Builder
	for _, f := range files {
		if f == "" {
			continue
		}
		// A link to a folder is followed: that is how some put a new one in place.
		if to, err := filepath.EvalSymlinks(f); err == nil {
			f = to
		}
		filepath.WalkDir(f, func(name string, d fs.DirEntry, err error) error { //nolint:errcheck // what can't be seen looks so
			if err == nil {
				if info, err := os.Stat(name); err == nil {
					fmt.Fprintln(&b, name, info.Size(), info.ModTime().UnixNano(), info.Mode())
					return nil
				}
			}
			fmt.Fprintln(&b, name, "?")
			return nil
		})
	}
	return b.String()
}
