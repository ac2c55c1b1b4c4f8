// Command gen makes the tables of package catalog: pinyin.txt from
// mozillazg/go-pinyin (MIT) and simple.txt from OpenCC's command (Debian's
// package opencc, Apache-2.0), both for what GB 2312 can write. It is a module
// of its own, so that the programs depend on neither. Usage: go run . FOLDER
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run . FOLDER")
	}
	chars := gb2312()
	write("pinyin.txt", pinyins(chars))
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

// pinyins has a line for each syllable: the syllable, the characters that are
// read so first of all, and those that are read so too.
func pinyins(chars []rune) string {
	args := pinyin.NewArgs()
	args.Heteronym = true
	first, other := map[string][]rune{}, map[string][]rune{}
	for _, r := range chars {
		for i, s := range slices.Compact(pinyin.SinglePinyin(r, args)) {
			switch {
			case i == 0:
				first[s] = append(first[s], r)
			case !slices.Contains(first[s], r) && !slices.Contains(other[s], r):
				other[s] = append(other[s], r)
			}
		}
	}
	var lines []string
	for s := range first {
		lines = append(lines, s+"\t"+string(first[s])+"\t"+string(other[s]))
	}
	for s := range other {
		if first[s] == nil {
			lines = append(lines, s+"\t\t"+string(other[s]))
		}
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
