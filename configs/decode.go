package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxFile is the largest file that is read, in bytes. A config of a hall is
// some ten thousand.
const maxFile = 1 << 20

// file is one file on its way from disk to values: what it is called, where
// its keys stand, and what is wrong with it so far.
type file struct {
	name     string
	places   map[string]place // by path, such as printer.paper or item[3].code
	mistyped map[int]bool     // lines whose value had the wrong type: enough was said
	problems Problems
	unread   bool // there is nothing to check: it can't be read or is no TOML
}

type place struct{ line, col int }

// add records a problem at a key's place, or its table's when the key is
// missing.
func (f *file) add(path, en, zh string) {
	at, ok := f.places[path]
	for !ok && strings.Contains(path, ".") {
		path = path[:strings.LastIndexByte(path, '.')]
		at, ok = f.places[path]
	}
	if f.mistyped[at.line] {
		return
	}
	f.problems = append(f.problems, Problem{File: f.name, Line: at.line, Col: at.col, En: en, Zh: zh})
}

func (f *file) addf(path, en, zh string, args ...any) {
	f.add(path, fmt.Sprintf(en, args...), fmt.Sprintf(zh, args...))
}

// mild is add for what is worth knowing, but no reason not to run.
func (f *file) mild(path, en, zh string) {
	n := len(f.problems)
	f.add(path, en, zh)
	for ; n < len(f.problems); n++ {
		f.problems[n].Mild = true
	}
}

// decode reads path into v, strictly. shown is how problems name the file. It
// says whether all was well.
func decode(fsys fs.FS, path, shown string, v any) (*file, bool) {
	f := &file{name: shown, places: map[string]place{}}
	data, ok := f.read(fsys, path)
	if !ok {
		f.unread = true
		return f, false
	}
	f.locate(data)
	return f, f.unmarshal(data, v)
}

func (f *file) read(fsys fs.FS, path string) ([]byte, bool) {
	fail := func(en, zh string) ([]byte, bool) {
		f.add("", en, zh)
		return nil, false
	}
	info, err := fs.Stat(fsys, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail("no such file. Check the path.", "没有这个文件，请检查路径。")
	case err != nil:
		return fail(fmt.Sprintf("can't be read: %v. Check its owner and mode.", err), "文件读不了，请检查权限。")
	case info.IsDir():
		return fail("is a directory, not a file. Name the file inside it.", "这是一个文件夹，请写里面的文件名。")
	case info.Size() > maxFile:
		return fail(fmt.Sprintf("has %d bytes, more than %d: this is no config file. Name the right one.", info.Size(), maxFile),
			"文件太大，不像是配置文件，请检查路径。")
	}
	r, err := fsys.Open(path)
	if err != nil {
		return fail(fmt.Sprintf("can't be opened: %v. Check its owner and mode.", err), "文件打不开，请检查权限。")
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil || len(data) > maxFile {
		return fail(fmt.Sprintf("can't be read: %v. Check the disk.", err), "文件读不了，请检查磁盘。")
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			line := 1 + bytes.Count(data[:i], []byte("\n"))
			f.places["?"] = place{line, i - bytes.LastIndexByte(data[:i], '\n')}
			f.add("?", "is not UTF-8 text from here on. Save the file as UTF-8.", "从这里起不是 UTF-8 文字，请另存为 UTF-8 编码。")
			return nil, false
		}
		i += n
	}
	return data, true
}

// locate notes where every key stands. A file with a fault of syntax is
// noted up to the fault.
func (f *file) locate(data []byte) {
	var p unstable.Parser
	p.Reset(data)
	counts := map[string]int{}
	table := ""
	line, start, seen := 1, 0, 0 // the parser goes forward, and so does the counting
	for p.NextExpression() {
		e := p.Expression()
		keys, first := keyOf(e)
		if first == nil && e.Kind != unstable.KeyValue {
			continue
		}
		offset := int(first.Raw.Offset)
		for ; seen < offset; seen++ {
			if data[seen] == '\n' {
				line, start = line+1, seen+1
			}
		}
		at := place{line, offset - start + 1}
		if e.Kind == unstable.Table && counts[keys[0]] > 0 { // of the array's last table
			keys[0] = fmt.Sprintf("%s[%d]", keys[0], counts[keys[0]]-1)
		}
		path := strings.Join(keys, ".")
		switch e.Kind {
		case unstable.Table:
			table = path
			f.places[table] = at
		case unstable.ArrayTable:
			table = fmt.Sprintf("%s[%d]", path, counts[path])
			counts[path]++
			f.places[table] = at
		case unstable.KeyValue:
			if table != "" {
				path = table + "." + path
			}
			f.places[path] = at
		}
	}
}

func keyOf(e *unstable.Node) (keys []string, first *unstable.Node) {
	for it := e.Key(); it.Next(); {
		if first == nil {
			first = it.Node()
		}
		keys = append(keys, string(it.Node().Data))
	}
	return keys, first
}

// unmarshal decodes data strictly into v. The decoder stops at the first wrong
// type, so each such line is noted, blanked and the rest decoded again.
func (f *file) unmarshal(data []byte, v any) bool {
	data = bytes.Clone(data)
	f.mistyped = map[int]bool{}
	for {
		err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(v)
		var missing *toml.StrictMissingError
		var wrong *toml.DecodeError
		switch {
		case err == nil:
			return len(f.problems) == 0
		case errors.As(err, &missing):
			for i := range missing.Errors {
				f.unknown(&missing.Errors[i], v)
			}
			return false
		case errors.As(err, &wrong):
			line, col := wrong.Position()
			if f.mistyped[line] {
				return false
			}
			if len(f.mistyped) > 0 && wrong.Key() == nil {
				return false // blanking a line broke what spans several
			}
			f.unread = wrong.Key() == nil && len(f.mistyped) == 0
			f.wrong(wrong, line, col, v)
			f.mistyped[line] = true
			if wrong.Key() == nil {
				return false
			}
			blank(data, line)
		default:
			f.add("", err.Error()+". Compare with the shipped example.", "文件内容有误，请对照随附的示例。")
			return false
		}
	}
}

func blank(data []byte, line int) {
	start := 0
	for ; line > 1; line-- {
		start += bytes.IndexByte(data[start:], '\n') + 1
	}
	for i := start; i < len(data) && data[i] != '\n'; i++ {
		data[i] = ' '
	}
}

// wrong reports a fault of syntax or of type.
func (f *file) wrong(e *toml.DecodeError, line, col int, v any) {
	f.places["?"] = place{line, col}
	key := e.Key()
	if len(key) == 0 {
		text := strings.TrimPrefix(e.Error(), "toml: ")
		f.addf("?", "not valid TOML: %s. Write key = value, text in double quotes.", "语法不对：%s。请写成 键 = 值，文字要加双引号。", text)
		return
	}
	want, zh := "a value of another type", "另一种类型的值"
	if t := fieldType(reflect.TypeOf(v), key); t != nil {
		want, zh = kindName(t)
	}
	f.add("?", fmt.Sprintf("%q has the wrong type. Write %s.", strings.Join(key, "."), want),
		fmt.Sprintf("%q 的类型不对，请写%s。", strings.Join(key, "."), zh))
}

func kindName(t reflect.Type) (en, zh string) {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false", " true 或 false"
	case reflect.Int:
		return "a whole number without quotes", "不加引号的整数"
	case reflect.String:
		return "text in double quotes", "加双引号的文字"
	case reflect.Slice:
		return "a list in square brackets", "方括号里的列表"
	}
	return "a table", "一个表"
}

// unknown reports a key that nobody reads.
func (f *file) unknown(e *toml.DecodeError, v any) {
	key := []string(e.Key())
	line, col := e.Position()
	f.places["?"] = place{line, col}
	word, parent := key[len(key)-1], key[:len(key)-1]
	inEn, inZh := "", ""
	if len(parent) > 0 {
		inEn = fmt.Sprintf(" in [%s]", strings.Join(parent, "."))
		inZh = fmt.Sprintf("[%s] 里", strings.Join(parent, "."))
	}
	en := fmt.Sprintf("unknown key %q%s.", word, inEn)
	zh := fmt.Sprintf("%s没有 %q 这个键。", inZh, word)
	known := keysOf(fieldType(reflect.TypeOf(v), parent))
	if meant := closest(word, known); meant != "" {
		en += fmt.Sprintf(" Did you mean %q?", meant)
		zh += fmt.Sprintf("是不是要写 %q?", meant)
	} else {
		en += fmt.Sprintf(" Known keys are %s.", strings.Join(known, ", "))
		zh += fmt.Sprintf("可用的键：%s。", strings.Join(known, ", "))
	}
	f.add("?", en, zh)
}

// fieldType walks from a struct type along TOML keys; nil when it leaves it.
func fieldType(t reflect.Type, keys []string) reflect.Type {
	t = elem(t)
	for _, key := range keys {
		if t.Kind() == reflect.Map {
			t = t.Elem()
			continue
		}
		if t.Kind() != reflect.Struct {
			return nil
		}
		next := reflect.Type(nil)
		for i := range t.NumField() {
			if t.Field(i).Tag.Get("toml") == key {
				next = t.Field(i).Type
			}
		}
		if next == nil {
			return nil
		}
		if t = next; t.Kind() == reflect.Slice && elem(t.Elem()).Kind() == reflect.Struct {
			t = t.Elem()
		}
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
	}
	return t
}

func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func keysOf(t reflect.Type) []string {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("toml"); key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}
