package catalog_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/catalog"
	"hallkiosk/kiosk/kiosktest"
)

// asked are the texts of the lookups that are measured: what a person types for
// 200 items, letter by letter, in initials, pinyin and characters.
func asked(c *kiosk.Catalog) []string {
	random := rand.New(rand.NewPCG(1, 2))
	var texts []string
	for range 200 {
		name := c.Items[random.IntN(len(c.Items))].Name.Zh
		for _, s := range []string{typed(name, func(r rune) string { return readings()[r][0][:1] }), typed(name, func(r rune) string { return readings()[r][0] }), name} {
			runes := []rune(s)
			for to := 1; to <= min(len(runes), 8); to++ {
				texts = append(texts, string(runes[:to]))
			}
		}
	}
	return texts
}

// BenchmarkFind measures a lookup among 1,038 items beside the plainest one
// there is, a scan of the names for the text as it stands, which knows neither
// pinyin nor order.
func BenchmarkFind(b *testing.B) {
	shipped, _ := shipped()
	c := kiosktest.City(shipped)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	x := catalog.New(c)
	built := time.Since(begin)
	runtime.GC()
	runtime.ReadMemStats(&after)
	texts := asked(c)
	var took []time.Duration
	measure := func(b *testing.B, name string, find func(text string) int) time.Duration {
		took = took[:0]
		found := 0
		for range b.N {
			for _, text := range texts {
				best := time.Hour // of three: the machine has other work
				for range 3 {
					begin := time.Now()
					found += find(text)
					best = min(best, time.Since(begin))
				}
				took = append(took, best)
			}
		}
		slices.Sort(took)
		at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))] }
		b.ReportMetric(0, "ns/op")
		b.Logf("%s: %d lookups, p50 %v, p99 %v, longest %v, %d found each", name, len(took), at(0.5), at(0.99), at(1), found/len(took)/3)
		b.ReportMetric(float64(at(0.5).Nanoseconds())/1e3, "p50-µs")
		b.ReportMetric(float64(at(0.99).Nanoseconds())/1e3, "p99-µs")
		return at(0.99)
	}
	b.Run("index", func(b *testing.B) {
		if p99 := measure(b, "index", func(text string) int { return len(x.Find(text).Hits) }); p99 > time.Millisecond {
			b.Errorf("a lookup took %v at the 99th percentile, want at most 1 ms", p99)
		}
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1024, "KiB")
		b.ReportMetric(float64(built.Microseconds())/1e3, "build-ms")
	})
	b.Run("scan", func(b *testing.B) {
		measure(b, "scan", func(text string) int {
			n := 0
			for _, i := range c.Items {
				if strings.Contains(i.Name.Zh, text) {
					n++
				}
			}
			return n
		})
	})
	runtime.KeepAlive(x)
}

// BenchmarkLetters tells how many letters the wanted ten and 50 random items
// need until they stand on the first page of six: of their initials, of their
// pinyin, and of the short name that the first screen has for the wanted.
func BenchmarkLetters(b *testing.B) {
	shipped, _ := shipped()
	c := kiosktest.City(shipped)
	x := catalog.New(c)
	random := rand.New(rand.NewPCG(3, 4))
	needed := func(id kiosk.ItemID, text string) int {
		for n := 1; n <= len(text); n++ {
			if at := rank(x, text[:n], id); at >= 0 && at < 6 {
				return n
			}
		}
		return len(text) + 1
	}
	row := func(id kiosk.ItemID, name string) (short, full int) {
		initials := typed(name, func(r rune) string { return readings()[r][0][:1] })
		pinyin := typed(name, func(r rune) string { return readings()[r][0] })
		short, full = needed(id, initials), needed(id, pinyin)
		b.Logf("%-8s %2d of %-14s %2d of %-40s %s", id, short, initials, full, pinyin, name)
		return short, full
	}
	for range b.N {
		worst := 0
		for _, w := range c.Wanted {
			short, full := row(w.Item, w.Name.Zh)
			worst = max(worst, short, full)
		}
		if worst > 3 {
			b.Errorf("a wanted item needs %d letters, want 3 at most", worst)
		}
		sum, within := 0, 0
		for _, n := range random.Perm(len(c.Items))[:50] {
			i := c.Items[n]
			short, _ := row(i.ID, i.Name.Zh)
			sum += short
			if short <= 3 {
				within++
			}
		}
		first, page, right, wrong := 0, 0, 0, 0 // of all items, after three initials
		for _, i := range c.Items {
			initials := typed(i.Name.Zh, func(r rune) string { return readings()[r][0][:1] })
			f := x.Find(initials[:min(3, len(initials))])
			at := slices.Index(ids(f), i.ID)
			if at == 0 {
				first++
			}
			if at < 6 {
				page++
			}
			if g, ok := f.Guess(); ok && g.Item == i.ID {
				right++
			} else if ok {
				wrong++
			}
		}
		b.Logf("after three initials, of %d items: %d first, %d on the first page; guessed %d rightly, %d wrongly", len(c.Items), first, page, right, wrong)
		b.ReportMetric(float64(worst), "wanted-letters")
		b.ReportMetric(float64(sum)/50, "letters")
		b.ReportMetric(float64(within)*2, "%-within-3")
		b.ReportMetric(0, "ns/op")
	}
}
