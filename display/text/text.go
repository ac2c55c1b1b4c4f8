// Package text holds what the touchscreen says, in the hall's languages.
//
// The messages are in one active.*.toml for each of kiosk.Langs, read by
// go-i18n, and what is only spoken in a spoken.*.toml. Traditional Chinese is
// written anew in the words of Hong Kong and Macao, not converted. The language
// belongs to a Loc and not to the process, so that it can be switched on any
// screen.
package text

import (
	"embed"
	"fmt"
	"maps"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"

	"hallkiosk/kiosk"
)

//go:embed active.*.toml spoken.*.toml
var files embed.FS

var bundle = load()

func load() *i18n.Bundle {
	b := i18n.NewBundle(language.Chinese)
	b.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, lang := range kiosk.Langs {
		for _, kind := range []string{"active.", "spoken."} {
			if _, err := b.LoadMessageFileFS(files, kind+string(lang)+".toml"); err != nil {
				panic(err) // the files are embedded and a test loads them
			}
		}
	}
	return b
}

// Loc says things in one language.
type Loc struct {
	Lang kiosk.Lang
	loc  *i18n.Localizer
}

// In returns the words of a language.
func In(lang kiosk.Lang) Loc {
	lang = lang.Known()
	return Loc{lang, i18n.NewLocalizer(bundle, string(lang))}
}

// Data fills the gaps of a message.
type Data map[string]any

// Say returns the message id with its gaps filled. N counts, and so do Windows:
// 21-26 is more than one, and gets a dash. An unknown id is a mistake of the
// program and panics; a test says every one.
func (l Loc) Say(id string, data ...Data) string {
	c := &i18n.LocalizeConfig{MessageID: id}
	if len(data) > 0 {
		c.TemplateData = data[0]
		c.PluralCount = data[0]["N"]
		if w, ok := data[0]["Windows"]; ok {
			signs, d := fmt.Sprint(w), maps.Clone(data[0])
			d["Windows"] = strings.ReplaceAll(signs, "-", "–")
			c.TemplateData, c.PluralCount = d, 1
			if strings.ContainsAny(signs, "-,") {
				c.PluralCount = 2
			}
		}
	}
	s, err := l.loc.Localize(c)
	if err != nil {
		panic(fmt.Sprintf("text: %s in %s: %v", id, l.Lang, err))
	}
	return s
}

// Of picks a catalog text's language.
func (l Loc) Of(t kiosk.Text) string { return t.In(l.Lang) }
