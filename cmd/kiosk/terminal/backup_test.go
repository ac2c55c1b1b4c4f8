package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkiosk/configs"
	"hallkiosk/kiosk"
)

// A backup that fails is told to the technician, with the time of the first and
// the reason, until one succeeds.
func TestFailedBackup(t *testing.T) {
	dir := t.TempDir()
	backups := filepath.Join(dir, "backups")
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	var out bytes.Buffer
	k := &terminal{o: Opts{Now: clock, Out: &out}, clock: &kiosk.Clock{Now: clock}}
	k.cfg.Kiosk.Timezone = "Asia/Shanghai"
	k.cfg.Store = configs.KioskStore{Path: filepath.Join(dir, "kiosk.db"), Backups: backups, Keep: 3}
	if err := k.openStore(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer k.store.Close()
	if err := os.WriteFile(backups, nil, 0o600); err != nil { // in the folder's place
		t.Fatal(err)
	}
	told := func(state string, hints ...string) {
		t.Helper()
		d := k.storeState()
		if d.State != state || len(hints) == 0 && d.Hint != "" {
			t.Errorf("%+v, want %s", d, state)
		}
		for _, want := range hints {
			if !strings.Contains(d.Hint, want) {
				t.Errorf("no %q in %q", want, d.Hint)
			}
		}
	}
	told("ready")
	since := now.In(k.cfg.Location()).Format("2006-01-02 15:04")
	for range 2 {
		k.backup(t.Context())
		told("backup", "从 "+since+" 起备份不了", "no backup since "+since, backups+" 这里放不了文件", "mend [store] backups")
		now = now.Add(time.Hour)
	}
	if strings.Count(out.String(), backups) == 0 {
		t.Errorf("said %q", &out)
	}
	if err := os.Remove(backups); err != nil {
		t.Fatal(err)
	}
	k.backup(t.Context())
	told("ready")
}
