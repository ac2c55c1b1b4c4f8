package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
	"hallkiosk/kiosk/sqlite"
)

// backupEvery is how often the store is backed up while the kiosk runs.
const backupEvery = time.Hour

// askCenter is how long a kiosk with a new store waits for the center to say
// whether it had another one.
const askCenter = 3 * time.Second

// openStore opens the local queue and says what became of an earlier one. A store
// that didn't pass its check at night is looked at more closely.
func (k *terminal) openStore(ctx context.Context) error {
	o := sqlite.DefaultOpts()
	o.Now = func() time.Time { return k.o.Now().In(k.cfg.Location()) }
	o.Backups, o.Keep = k.cfg.Store.Backups, k.cfg.Store.Keep
	_, err := os.Stat(k.doubted())
	o.Thorough = err == nil
	if k.store, err = sqlite.Open(ctx, k.cfg.Store.Path, o); err != nil {
		return err
	}
	if r, recovered := k.store.Recovered(); recovered {
		fmt.Fprintln(k.o.Out, "kiosk:", r)
	}
	if o.Thorough {
		return os.Remove(k.doubted())
	}
	return nil
}

// doubted is the file that asks the next start for a thorough check.
func (k *terminal) doubted() string { return k.cfg.Store.Path + ".doubted" }

// leap keeps a kiosk whose store is new from giving numbers of today twice, if it
// is one that lost all it had: the center knows, and when it can't be asked,
// numbers go on far above.
func (k *terminal) leap(ctx context.Context) error {
	if k.link.client == nil || !k.store.Fresh() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askCenter)
	defer cancel()
	known, err := k.link.client.Known(ctx)
	if err == nil && !known {
		return nil
	}
	above, err := k.store.Leap(context.WithoutCancel(ctx))
	if err == nil {
		fmt.Fprintf(k.o.Out, "kiosk: 数据库是新的，今天本机的号从 %d 以后数起 / the store is new: today's own numbers go on above %[1]d\n", above)
	}
	return err
}

// upkeep looks after the store at start and whenever every ticks, and backs it up
// then, until ctx is done. The error says that the store is damaged: the next start
// restores it.
func (k *terminal) upkeep(ctx context.Context, every <-chan time.Time) error {
	err := k.night(ctx)
	for err == nil {
		select {
		case <-every:
			if err = k.night(ctx); err == nil {
				k.backup(ctx)
			}
		case <-ctx.Done():
			last, enough := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer enough()
			k.backup(last)
			return nil
		}
	}
	return err
}

func (k *terminal) today() kiosk.Day {
	return kiosk.DayAt(k.clock.Time().In(k.cfg.Location()), k.cfg.DayChange())
}

// unsaved is why the store isn't backed up.
type unsaved struct {
	since time.Time // the first backup that failed
	err   error     // of the last
}

// backup backs the store up, or notes why it can't.
func (k *terminal) backup(ctx context.Context) {
	_, err := k.store.Backup(ctx, "")
	if err == nil {
		k.unsaved.Store(nil)
		return
	}
	fmt.Fprintln(k.o.Out, "kiosk:", err)
	u := &unsaved{since: k.clock.Time(), err: err}
	if before := k.unsaved.Load(); before != nil {
		u.since = before.since
	}
	k.unsaved.Store(u)
}

// night checks the store and deletes what needn't be kept, once every business day:
// in the hour after the day has changed, or at the next start of a kiosk that was
// switched off then. What fails is tried again at the next hour.
func (k *terminal) night(ctx context.Context) error {
	if !k.clock.Trusted() {
		return nil
	}
	today := k.today()
	tended, err := k.store.Tended(ctx)
	if err == nil && tended == today {
		return nil
	}
	if err = k.store.Check(ctx); kiosk.CodeOf(err) == kiosk.EDisk {
		if mark := os.WriteFile(k.doubted(), nil, 0o600); mark != nil {
			fmt.Fprintln(k.o.Out, "kiosk:", mark)
		}
		return err
	}
	if err == nil {
		err = k.clear(ctx, today)
	}
	if err == nil {
		err = k.store.Tend(ctx, today)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(k.o.Out, "kiosk:", err)
	}
	return nil
}

// clear deletes what needn't be kept on today.
func (k *terminal) clear(ctx context.Context, today kiosk.Day) error {
	if k.link.pump == nil { // nobody will ever ask for the events
		acked, unsent, err := k.store.Pending(ctx)
		if err == nil {
			err = k.store.Ack(ctx, acked+int64(unsent))
		}
		if err != nil {
			return err
		}
	}
	news := k.link.kept.Forget(today)
	kept, err := k.store.Retain(ctx, k.clock.Time().In(k.cfg.Location()), sqlite.Policy{DayChange: k.cfg.DayChange(), Days: k.cfg.Store.Days, Clear: sqlite.Traces})
	if kept.Tickets > 0 {
		fmt.Fprintf(k.o.Out, "kiosk: 清理 / cleared: %d tickets, %d events\n", kept.Tickets, kept.Events)
	}
	return errors.Join(news, err)
}

// catalogState tells the technician whether the center has the same catalog and
// calendar.
func (k *terminal) catalogState() control.Device {
	d := control.Device{Name: "catalog", State: "ready"}
	catalog, calendar := k.desk.Versions()
	switch {
	case catalog != "" && catalog != k.version:
		d.State, d.Hint = "differs", "事项目录和中心的不同，一张号不能走几个队列；请换成一样的 / the catalog isn't the center's: make them the same. Until then no number goes through several queues"
	case calendar != "" && calendar != k.catalog.Calendar.Version():
		d.State, d.Hint = "differs", "日历和中心的不同，请换成一样的 / the calendar isn't the center's: make them the same"
	}
	return d
}

// storeState tells the technician what became of the store, whether it is backed
// up, and whether its disk takes what is written now. The worst is its state; all has its hint.
func (k *terminal) storeState() control.Device {
	d := control.Device{Name: "store", Port: k.cfg.Store.Path, State: "ready"}
	var hints []string
	add := func(state, hint string) { d.State, hints = state, append([]string{hint}, hints...) }
	if r, recovered := k.store.Recovered(); recovered {
		add("recovered", r.String())
	}
	if u := k.unsaved.Load(); u != nil {
		add("backup", fmt.Sprintf("从 %s 起备份不了 / no backup since %[1]s: %s", u.since.In(k.cfg.Location()).Format("2006-01-02 15:04"), kiosk.HintOf(u.err)))
	}
	if !k.clock.Trusted() {
		add("clock", "时钟比上次取号还早，请校准；营业日先不变 / the clock is behind the last number: set it. The business day stands still")
	}
	if err := k.store.Trouble(); err != nil {
		d.Port = "" // the hint names the file
		add("disk", kiosk.HintOf(err))
	}
	d.Hint = strings.Join(hints, "; ")
	return d
}
