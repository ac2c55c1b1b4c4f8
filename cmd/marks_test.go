package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// halfMark finds a half-width mark of a Chinese sentence: after a character, or
// after something else before one. Times, lists of keys and what is quoted keep
// theirs.
var halfMark = regexp.MustCompile(`\p{Han}[,:;?!(]|[^\s"'\]},:;?!(]\)?[,:;?!]\p{Han}|\(\p{Han}|\p{Han}\)`)

// quoted is what stands among the words and is none: an address, a list of a
// config, names on cards.
var quoted = strings.NewReplacer("数据库?passfile", "", "[x, y, 宽, 高]", "", "(样本)", "")

// What the programs say in Chinese has the marks of Chinese.
func TestChineseMarks(t *testing.T) {
	said := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		path = filepath.ToSlash(path)
		if err != nil {
			return err
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == "../display/voice/words/rules.go" { // it reads any marks
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			l, ok := n.(*ast.BasicLit)
			if !ok || l.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(path, l.Value, err)
			}
			said++
			if m := halfMark.FindString(quoted.Replace(s)); m != "" {
				t.Errorf("%s: %q in %q", path, m, s)
			}
			return true
		})
		return nil
	})
	if err != nil || said < 3000 {
		t.Fatalf("%d texts, %v", said, err)
	}
}
