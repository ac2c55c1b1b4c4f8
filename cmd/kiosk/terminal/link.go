package terminal

import (
	"context"
	"fmt"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/control"
	"hallkiosk/kiosk/uplink"
)

// link is the line to the center; pump is nil without one.
type link struct {
	client *uplink.Client
	pump   *uplink.Pump
	feed   *uplink.Feed
	kept   uplink.Kept
}

func (k *terminal) linkUp() error {
	if k.cfg.Center.URL == "" {
		return nil
	}
	token := uplink.Token("")
	if name := k.cfg.Center.TokenFile; name != "" {
		token = uplink.TokenFile(name)
	}
	c := uplink.ClientOpts{URL: k.cfg.Center.URL, Hall: kiosk.HallID(k.cfg.Kiosk.Hall), Token: token}
	if name := k.cfg.Center.KeyFile; name != "" {
		key, err := uplink.LoadKey(name, c.Hall, kiosk.KioskID(k.cfg.Kiosk.ID))
		if err != nil { // the center will refuse us, and numbers are given all the same
			fmt.Fprintln(k.o.Out, "kiosk:", kiosk.HintOf(err))
		}
		c.Key = key
	}
	var err error
	if c.TLS, err = uplink.TLS(k.cfg.Center.CAFile, k.cfg.Center.CertSHA256); err != nil {
		return err
	}
	if k.link.client, err = uplink.NewClient(c); err != nil {
		return err
	}
	o := uplink.DefaultOpts()
	o.Hall, o.Kiosk, o.Now = kiosk.HallID(k.cfg.Kiosk.Hall), kiosk.KioskID(k.cfg.Kiosk.ID), k.o.Now
	o.Double = k.double
	if r, recovered := k.store.Recovered(); recovered {
		o.Prior = r.Epoch
	}
	k.link.pump = uplink.NewPump(k.store, k.link.client, o)
	f := uplink.DefaultFeedOpts()
	f.Hall = o.Hall
	k.link.feed = uplink.NewFeed(k.link.client, f)
	k.link.kept.Path = k.cfg.Store.Path + ".news"
	return nil
}

// listen hears the center's news until ctx is done. Until there are any, what was
// kept of the last ones holds.
func (k *terminal) listen(ctx context.Context) {
	if k.link.feed == nil {
		return
	}
	say := func(err error) {
		if err != nil {
			fmt.Fprintln(k.o.Out, "kiosk:", err)
		}
	}
	old, err := k.link.kept.Load(k.today())
	say(err)
	k.hear(old)
	k.link.feed.Run(ctx, func(n *kiosk.News) {
		k.hear(n)
		if n != nil {
			say(k.link.kept.Save(n, k.today()))
		}
	})
}

// hear hands the news on.
func (k *terminal) hear(n *kiosk.News) { k.desk.News(n) }

func (k *terminal) wake() {
	if k.link.pump != nil {
		k.link.pump.Wake()
	}
}

// send moves events until ctx is done.
func (k *terminal) send(ctx context.Context) {
	if k.link.pump == nil {
		return
	}
	k.link.pump.Run(ctx)
	k.link.client.Close()
}

// double locks the machine while the center hears another one by its id: both would
// give the same numbers of their own series. What the center said last is kept in the
// store: a line or a power supply that breaks makes neither of them the only one. It is
// over when a batch is taken in, or the id is another.
func (k *terminal) double(on bool) {
	var id kiosk.KioskID
	if on {
		id = kiosk.KioskID(k.cfg.Kiosk.ID)
	}
	k.devices.mu.Lock()
	changed := k.devices.double != on
	k.devices.double = on
	k.devices.mu.Unlock()
	if changed {
		k.lock()
	}
	ctx := context.Background()
	kept, err := k.store.Double(ctx)
	if err == nil && kept != id {
		err = k.store.SetDouble(ctx, id)
	}
	if err != nil { // the next answer tries again
		fmt.Fprintln(k.o.Out, "kiosk:", err)
	}
}

func (k *terminal) centerState(ctx context.Context) (control.Center, error) {
	c := control.Center{URL: k.cfg.Center.URL, State: "none"}
	if k.link.pump == nil {
		return c, nil
	}
	s, err := k.link.pump.State(ctx)
	c.Since = s.Success
	switch {
	case s.Refused:
		c.State = "refused"
	case s.Err != nil:
		c.State = "away"
	case s.Success.IsZero():
		c.State = "connecting"
	default:
		c.State = "ok"
	}
	if s.Err != nil {
		c.Error = kiosk.HintOf(s.Err)
	}
	return c, err
}
