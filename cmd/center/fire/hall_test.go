package fire

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	kioskrun "hallkiosk/cmd/kiosk/terminal"
	"hallkiosk/configs"
	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center/pgtest"
)

// patient bounds every wait for an event; it is no measure of speed.
const patient = 3 * time.Minute

// asKiosk names the config of a kiosk that this program is to be.
const asKiosk = "KIOSK_FIRE_CONFIG"

// asCenter has jumping be a center, whose clock is off by what the file that
// clockOf names says.
const asCenter, clockOf = "HALLKIOSK_CENTER_MAIN=1", "HALLKIOSK_CENTER_CLOCK="

var bin string // where TestMain built the center

// jumping is the center as its own tests build it: its clock can be set.
var jumping = sync.OnceValues(func() (program string, err error) {
	program = filepath.Join(bin, "jumping-center")
	out, err := exec.Command("go", "test", "-c", "-o", program, "hallkiosk/cmd/center").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return program, err
})

func TestMain(m *testing.M) {
	if config := os.Getenv(asKiosk); config != "" {
		os.Exit(runKiosk(config))
	}
	dir, err := os.MkdirTemp("", "hallkiosk-fire")
	if err != nil {
		panic(err)
	}
	build := exec.Command("go", "build", "-o", dir+"/", "hallkiosk/cmd/center")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s", out)
		os.Exit(1)
	}
	bin = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// clockFile lies beside a config and says how far that machine's clock is off.
const clockFile = "clock"

// jump sets how far the clock of the machine in dir is off.
func jump(t *testing.T, dir string, off time.Duration) {
	t.Helper()
	name := filepath.Join(dir, clockFile)
	write(t, name+".new", off.String())
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// runKiosk is a kiosk whose clock is off by what the file clock beside its config
// says.
func runKiosk(config string) int {
	cfg, catalog, problems := configs.LoadKiosk(config)
	if len(problems.Fatal()) > 0 {
		fmt.Println(problems)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	file := filepath.Join(filepath.Dir(config), clockFile)
	now := func() time.Time {
		text, err := os.ReadFile(file)
		off, bad := time.ParseDuration(string(text))
		if err != nil || bad != nil {
			off = 0
		}
		return time.Now().Add(off)
	}
	if err := kioskrun.Run(ctx, kioskrun.Opts{Config: cfg, Catalog: catalog, Headless: true, Out: os.Stdout, Now: now}); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// hall is everything that burns.
type hall struct {
	t       *testing.T
	pg      *pgtest.Server
	url     string
	centers []*centerServer
	windows []*proxy // the lines of some windows each to the centers; nil: windows are beside them
	kiosks  []*terminal
	queues  []kiosk.QueueID // of the items that are wanted
	zone    string          // of newHall: see night
}

// newHall is a hall where all may burn: the lines of kiosks, windows and the
// database are proxies, and every machine has a clock of its own. Half of the
// kiosks have a key, the others a token.
func newHall(t *testing.T, kiosks, centers int) *hall {
	t.Helper()
	program, err := jumping()
	if err != nil {
		t.Fatal(err)
	}
	catalog := allDay(t)
	h := newDatabase(t, catalog)
	h.zone = night()
	tokens := ""
	for i := 0; i < kiosks; i += 2 {
		tokens += tokenLine(i)
	}
	for range centers {
		o := centerOpts{program: program, tokens: tokens, top: fmt.Sprintf("timezone = %q\n", h.zone),
			tables: fmt.Sprintf("[calls]\noffer_again = 0\n[[hall]]\nid = \"center\"\ncatalog = %q\n", catalog)}
		o.line, o.database = toDatabase(t, h.url)
		h.centers = append(h.centers, newCenter(t, o))
	}
	h.watch()
	for i := range kiosks {
		h.kiosks = append(h.kiosks, newTerminal(t, h, i, catalog))
	}
	for i := range 4 {
		h.windows = append(h.windows, toCenters(t, h, i))
	}
	return h
}

// newCenters is a hall whose kiosks aren't there yet, and whose lines are always
// well. The centers have env beside the test's own environment.
func newCenters(t *testing.T, catalog string, kiosks, centers int, env ...string) *hall {
	t.Helper()
	h := newDatabase(t, catalog)
	tokens := ""
	for i := range kiosks {
		tokens += tokenLine(i)
	}
	for range centers {
		h.centers = append(h.centers, newCenter(t, centerOpts{program: filepath.Join(bin, "center"), env: env, database: h.url, tokens: tokens}))
	}
	return h
}

// newDatabase is a hall with no more than its PostgreSQL.
func newDatabase(t *testing.T, catalog string) *hall {
	t.Helper()
	h := &hall{t: t}
	var err error
	if h.pg, err = pgtest.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.pg.Stop(); err != nil {
			t.Error(err)
		}
	})
	if h.url, err = h.pg.NewDatabase(t.Context()); err != nil {
		t.Fatal(err)
	}
	offered, problems := configs.LoadCatalog(os.DirFS(catalog), "catalog")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, id := range wanted {
		item, _ := offered.Item(id)
		h.queues = append(h.queues, item.Queue)
	}
	return h
}

// watch calls the witness.
func (h *hall) watch() {
	h.t.Helper()
	db := h.open(h.t.Context())
	defer db.Close(context.Background())
	if _, err := db.Exec(h.t.Context(), witness); err != nil {
		h.t.Fatal(err)
	}
}

// open connects to the database, past all lines that burn.
func (h *hall) open(ctx context.Context) *pgx.Conn {
	h.t.Helper()
	db, err := pgx.Connect(ctx, h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	return db
}

// tokenOf is the token of kiosk i, from 0, and tokenLine its line in the centers'
// file.
func tokenOf(i int) string   { return fmt.Sprintf("a-token-of-kiosk-%d-for-tests", i+1) }
func tokenLine(i int) string { return fmt.Sprintf("K%d %s center\n", i+1, tokenOf(i)) }

// allDay is the shipped catalog with every queue open around the clock.
func allDay(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "catalog")
	if err := os.CopyFS(dir, os.DirFS("../../../configs/catalog")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "hall.toml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(data), "[hours]")
	hours, rest, _ := strings.Cut(rest, "[[zone]]")
	hours = regexp.MustCompile(`(?m)^([a-z]+) = ".*"`).ReplaceAllString(hours, `$1 = "24/7"`)
	write(t, name, head+"[hours]"+hours+"[[zone]]"+rest)
	return dir
}

// night names a time zone in which it is between two and three at night now. At
// four the business day changes, so a clock that is two hours ahead is in the next.
func night() string {
	offset := 2 - time.Now().UTC().Hour()
	if offset < -12 {
		offset += 24
	}
	if offset == 0 {
		return "Etc/GMT"
	}
	return fmt.Sprintf("Etc/GMT%+d", -offset) // POSIX counts westward
}

// days are the business days that the machines of the hall may be in.
func (h *hall) days() []kiosk.Day {
	h.t.Helper()
	l, err := time.LoadLocation(h.zone)
	if err != nil {
		h.t.Fatal(err)
	}
	const change = 4 * time.Hour // the configs leave it
	now := time.Now().In(l)
	return []kiosk.Day{kiosk.DayAt(now, change), kiosk.DayAt(now.Add(2*time.Hour), change)}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (h *hall) killDatabase() {
	h.t.Helper()
	if err := h.pg.Kill(); err != nil {
		h.t.Fatal(err)
	}
	if err := h.pg.Up(); err != nil {
		h.t.Fatal(err)
	}
}

// heal makes everything well again.
func (h *hall) heal() {
	for _, k := range h.kiosks {
		k.line.set(open)
		jump(h.t, k.dir, 0)
	}
	for _, c := range h.centers {
		c.o.line.set(open)
		jump(h.t, c.dir, 0)
	}
	for _, w := range h.windows {
		w.set(open)
	}
}
