// Command gen makes the tables of package catalog, for what GB 2312 can write:
// pinyin.txt from mozillazg/go-pinyin (MIT), which knows ancient readings too,
// parted by the dictionary of 2013 in Unicode's Unihan (Debian's unicode-data);
// and simple.txt from OpenCC's command (Debian's opencc, Apache-2.0). It is a
// module of its own, so that the programs depend on none. Usage: go run . FOLDER
package main

import (
	"bufio"
	"compress/bzip2"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/unicode/norm"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run . FOLDER")
	}
	chars := gb2312()
	today, err := modern("/usr/share/unicode/Unihan_Readings.txt.bz2")
	if err != nil {
		log.Fatal(err)
	}
	write("pinyin.txt", pinyins(chars, today))
	table, err := simple(chars)
	if err != nil {
		log.Fatal(err)
	}
	write("simple.txt", table)
}

func write(name, text string) {
	if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

// gb2312 returns the Chinese characters of GB 2312: rows 16 to 87.
func gb2312() []rune {
	var chars []rune
	for high := byte(0xB0); high <= 0xF7; high++ {
		for low := byte(0xA1); low <= 0xFE; low++ {
			text, err := simplifiedchinese.GBK.NewDecoder().Bytes([]byte{high, low})
			if r := []rune(string(text)); err == nil && len(r) == 1 && r[0] >= 0x4E00 && r[0] <= 0x9FFF {
				chars = append(chars, r[0])
			}
		}
	}
	return chars
}

// modern reads the syllables that 通用规范汉字字典 (2013) gives each character.
func modern(name string) (map[rune][]string, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all := map[rune][]string{}
	lines := bufio.NewScanner(bzip2.NewReader(file))
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 3 || fields[1] != "kTGHZ2013" {
			continue
		}
		r, err := strconv.ParseInt(strings.TrimPrefix(fields[0], "U+"), 16, 32)
		if err != nil {
			return nil, err
		}
		for _, entry := range strings.Fields(fields[2]) { // 482.140:zhòng
			_, syllable, _ := strings.Cut(entry, ":")
			all[rune(r)] = append(all[rune(r)], toneless(syllable))
		}
	}
	return all, lines.Err()
}

// toneless writes a syllable as it is typed, ü as v.
func toneless(syllable string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ReplaceAll(norm.NFC.String(syllable), "ü", "v")) {
		switch {
		case r == '\u0308': // the dots of ǘ
			text := strings.TrimSuffix(b.String(), "u") + "v"
			b.Reset()
			b.WriteString(text)
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// pinyins has a line for each syllable: the syllable, the characters that are
// read so first of all, those that are read so too, and those that once were.
func pinyins(chars []rune, today map[rune][]string) string {
	args := pinyin.NewArgs()
	args.Heteronym = true
	table := map[string]*[3][]rune{}
	for _, r := range chars {
		read := pinyin.SinglePinyin(r, args)
		now := today[r]
		if len(now) == 0 {
			now = read
		}
		// What is read so today comes first, in go-pinyin's order.
		var order []string
		for _, s := range slices.Concat(read, now) {
			if slices.Contains(now, s) && !slices.Contains(order, s) {
				order = append(order, s)
			}
		}
		current := len(order)
		for _, s := range read {
			if !slices.Contains(order, s) {
				order = append(order, s)
			}
		}
		for i, s := range order {
			column := 1
			if i == 0 {
				column = 0
			} else if i >= current {
				column = 2
			}
			if table[s] == nil {
				table[s] = &[3][]rune{}
			}
			table[s][column] = append(table[s][column], r)
		}
	}
	var lines []string
	for s, chars := range table {
		lines = append(lines, strings.Join([]string{s, string(chars[0]), string(chars[1]), string(chars[2])}, "\t"))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

// simple has a line for each simplified character that others stand for: the
// character and the others, as China, Hong Kong and Taiwan write them.
func simple(chars []rune) (string, error) {
	known := map[rune]bool{}
	for _, r := range chars {
		known[r] = true
	}
	var all []string
	for r := rune(0x4E00); r <= 0x9FFF; r++ {
		all = append(all, string(r))
	}
	others := map[rune][]rune{}
	for _, way := range []string{"t2s", "hk2s", "tw2s"} {
		cmd := exec.Command("opencc", "-c", way)
		cmd.Stdin = strings.NewReader(strings.Join(all, "\n"))
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("opencc -c %s: %w", way, err)
		}
		for i, line := range strings.Fields(string(out)) {
			from, to := []rune(all[i])[0], []rune(line)[0]
			if from != to && !known[from] && known[to] && !slices.Contains(others[to], from) {
				others[to] = append(others[to], from)
			}
		}
	}
	var lines []string
	for to, from := range others {
		slices.Sort(from)
		lines = append(lines, string(to)+string(from))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n", nil
}
