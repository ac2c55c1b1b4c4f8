package escpos

import (
	"bytes"
	"fmt"
	"testing"
)

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{"A1-007", "41312D303037"},
		{"社保", "C9E7B1A3"},
		{"€", "A2E3"},        // GBK would make it a lone 80
		{"¥", "A1FE"},        // four bytes: 〓 stands there
		{"㐀", "A1FE"},        // a rare character
		{"a\nb", "61A1FE62"}, // no command can come in by a text
		{"\x1b@", "A1FE40"},
	} {
		if got := fmt.Sprintf("%X", Encode(c.text)); got != c.want {
			t.Errorf("%q is %s, want %s", c.text, got, c.want)
		}
	}
	if got := Cells("社保 A1"); got != 7 {
		t.Errorf("cells %d, want 7", got)
	}
}

// Raster data never holds the pairs that printers take for real-time commands.
func TestRasterHazards(t *testing.T) {
	var b Builder
	rows := bytes.Repeat([]byte{0x10, 0x04, 0x10, 0x05, 0x10, 0x14, 0x10, 0x10, 0x04, 0x10, 0x14, 0x04, 0x10, 0x14, 0x14, 0x05, 0xFF, 0xFF}, 72)
	b.Raster(576, rows)
	data := b.Bytes()[8:]
	if len(data) != len(rows) {
		t.Fatalf("%d bytes became %d", len(rows), len(data))
	}
	for i := 1; i < len(data); i++ {
		if data[i-1] == 0x10 && (data[i] == 4 || data[i] == 5 || data[i] == 0x14) {
			t.Fatalf("byte %d is a real-time command", i)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		n    int
		b    byte
		want Fault
	}{
		{1, 0x12, 0}, {1, 0x16, 0}, {1, 0x1A, Offline}, {2, 0x12, 0}, {2, 0x16, Cover}, {2, 0x32, PaperOut}, {3, 0x12, 0}, {3, 0x16, Jam}, {3, 0x1A, Cutter},
		{3, 0x32, Fatal}, {3, 0x52, Hot}, {4, 0x12, 0}, {4, 0x1E, NearEnd}, {4, 0x72, PaperOut}, {4, 0x7E, PaperOut | NearEnd}, {9, 0xFF, 0},
	} {
		if got := RealTimeFault(c.n, c.b); got != c.want {
			t.Errorf("DLE EOT %d, %02X: %b, want %b", c.n, c.b, got, c.want)
		}
	}
	if got := AutomaticFault([]byte{0x3C, 0x08, 0x0F, 0x00}); got != Offline|Cover|Cutter|PaperOut|NearEnd {
		t.Errorf("automatic status: %b", got)
	}
	if NearEnd.Serious() != 0 || (NearEnd|Jam).Serious() != Jam {
		t.Error("a roll that is nearly used up stops printing")
	}
}

// Whatever a line carries, the sorter keeps little and never fails.
func FuzzSorter(f *testing.F) {
	f.Add([]byte{0x16, 0x12, 0x12, 0x12, 0x00})
	f.Add([]byte{0x14, 0x00, 0x00, 0x0F})
	f.Add([]byte{0x37, 0x22, 'A', 'B', 'C', 'D', 0})
	f.Add(append([]byte{0x5F}, bytes.Repeat([]byte{'x'}, 300)...))
	f.Fuzz(func(t *testing.T, line []byte) {
		var s Sorter
		for _, c := range line {
			r, ok := s.Byte(c)
			if ok && (len(r.Data) > maxBlock || r.Kind == JobDone && len(r.Data) != 4 || r.Kind == Automatic && len(r.Data) != 4 || (r.Kind == RealTime || r.Kind == Queued) && len(r.Data) != 1) {
				t.Fatalf("%c with %d bytes", r.Kind, len(r.Data))
			}
			if len(s.auto) > 4 || len(s.block) > maxBlock {
				t.Fatalf("it keeps %d and %d bytes", len(s.auto), len(s.block))
			}
		}
	})
}
