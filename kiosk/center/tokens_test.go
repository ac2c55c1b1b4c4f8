package center_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hallkiosk/kiosk"
	"hallkiosk/kiosk/center"
)

func TestTokens(t *testing.T) {
	t.Run("OK", func(t *testing.T) {
		tokens, err := center.ReadTokens(strings.NewReader("\ufeff# 终端 令牌\n\nk1 "+token1+"\r\n\tk2\t"+token2+"  h2 \nk1 another-token-of-k1\n"), "tokens")
		if err != nil {
			t.Fatal(err)
		}
		for token, want := range map[string]center.Bearer{token1: {Kiosk: "k1"}, token2: {Kiosk: "k2", Hall: "h2"}, "another-token-of-k1": {Kiosk: "k1"}, "": {}, token1 + " ": {}, "k1": {}} {
			if got, ok := tokens.Bearer(token); got != want || ok != (want.Kiosk != "") {
				t.Errorf("token %q is of %q, %v; want %q", token, got, ok, want)
			}
		}
		if got := tokens.Kiosks(); !reflect.DeepEqual(got, []kiosk.KioskID{"k1", "k2"}) {
			t.Errorf("kiosks %v", got)
		}
	})
	t.Run("Bad", func(t *testing.T) {
		text := "k1 " + token1 + "\nlonely\n# note\nk2 short\nk/3 " + token2 + "\nk4  " + token1 + "\nk5 " + token2 + " more words\nk6 令牌令牌令牌令牌\nk7 of-a-hall-with-a-slash h/1\n"
		_, err := center.ReadTokens(strings.NewReader(text), "tokens")
		if err == nil {
			t.Fatal("no error")
		}
		lines := strings.Split(err.Error(), "\n")
		for i, want := range []string{"tokens:2:1: this is not KIOSK TOKEN", "tokens:4:4: the token is shorter", "tokens:5:1: the kiosk's id",
			"tokens:6:5: the token stands in line 1 already", "tokens:7:1: this is not", "tokens:8:4: the token has characters", "tokens:9:27: the hall has other"} {
			if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
				t.Fatalf("problems:\n%s\nline %d should begin %q", err, i+1, want)
			}
		}
		if len(lines) != 7 || strings.Contains(err.Error(), token1) || strings.Contains(err.Error(), "short ") {
			t.Fatalf("problems:\n%s", err)
		}
	})
	t.Run("LongLine", func(t *testing.T) {
		_, err := center.ReadTokens(strings.NewReader("k1 "+token1+"\nk2 "+strings.Repeat("x", 1<<20)), "tokens")
		if err == nil || !strings.HasPrefix(err.Error(), "tokens:2:1: ") {
			t.Fatalf("err = %v", err)
		}
	})
	t.Run("File", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "tokens")
		fails := func(want string) {
			t.Helper()
			if _, err := center.LoadTokens(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
				t.Fatalf("err = %v, want %q", err, want)
			}
		}
		fails("can't be read")
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		fails("not a plain file")
		os.Remove(path)
		if err := os.WriteFile(path, []byte("k1 "+token1), 0o644); err != nil {
			t.Fatal(err)
		}
		fails("chmod 600")
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if tokens, err := center.LoadTokens(path); err != nil || len(tokens.Kiosks()) != 1 {
			t.Fatalf("%v, %v", tokens, err)
		}
	})
}
