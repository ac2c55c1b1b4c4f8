package screen_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"image"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"hallkiosk/display/screen"
	"hallkiosk/display/text"
	"hallkiosk/display/theme"
	"hallkiosk/display/widget"
	"hallkiosk/kiosk"
)

// specimen is a part that screens are made of, as its picture shows it. of is the
// function whose doc comment tells of it.
type specimen struct {
	name, of string
	w, h     float32
	draw     func() fyne.CanvasObject
}

// specimens are all parts; several pictures may tell of one function.
func specimens() []specimen {
	p := zhTall.page()
	nop := func() {}
	three := 3
	at := func(name, of string, w, h float32, draw func() fyne.CanvasObject) specimen {
		return specimen{name, of, w, h, draw}
	}
	plan := widget.Map{W: 12, H: 7, Here: &widget.Square{X: 1, Y: 6}, Route: []widget.Square{{X: 1, Y: 6}, {X: 1, Y: 3}, {X: 9, Y: 3}, {X: 9, Y: 2}},
		Areas: []widget.MapArea{{Letter: "A", Label: "A", X: 0, Y: 0, W: 4, H: 2, Act: nop}, {Letter: "B", Label: "B", X: 4, Y: 0, W: 4, H: 2, Act: nop}, {Letter: "C", Label: "C", X: 8, Y: 0, W: 4, H: 2, Goal: true, Act: nop}}}
	notice := widget.Notice{Tone: widget.Bad, Icon: "clock", Head: "窗口现在没开", Body: "现在取的号，明天 9:00 开后按顺序叫。"}
	tick := widget.Tick{Icon: "file-text", Name: "身份证原件", Label: "必须", Other: "没带", Warn: true, Act: nop}
	steps := widget.Stepper{Names: []string{"选事项", "确认", "取号"}, At: 1, Aloud: "第 2 步，共 3 步：确认"}
	line := p.Fit("取一张号，先去 A 区 8-13 号窗口", 40, 28, 700, 1, true)
	out := []specimen{
		at("big button", "Button", 700, 190, func() fyne.CanvasObject { return p.Button(widget.Main, "ticket", "取号", 72, 700, 190, nop) }),
		at("button", "Button", 700, 100, func() fyne.CanvasObject {
			return p.Button(widget.Plain, "list-details", "材料和说明", 40, 700, 100, nop)
		}),
		at("choice card", "Card", 500, 210, func() fyne.CanvasObject {
			return p.Card(widget.Card{Icon: "cards", Title: "社保卡", Second: "等 12 人 · 约 20–35 分", Act: nop}, 500, 210)
		}),
		at("closed card", "Card", 500, 210, func() fyne.CanvasObject {
			return p.Card(widget.Card{Style: widget.Shut, Icon: "car", Title: "驾驶证", Second: "明天 9:00 开", Act: nop}, 500, 210)
		}),
		at("button without room for words", "IconButton", 120, 100, func() fyne.CanvasObject { return p.IconButton(widget.Plain, "user-heart", "优先", 120, 100, nop) }),
		at("button of the frame", "FrameButton", 240, 100, func() fyne.CanvasObject { return p.FrameButton(widget.Bar, "letter-case", "大字", 240, 100, nop) }),
		at("key", "Key", 92, 92, func() fyne.CanvasObject { return p.Key("", "S", p.KeySize("S", 92, 92), 92, 92, nop) }),
		at("pinyin keyboard", "keyboard", 984, 434, func() fyne.CanvasObject { return p.Keyboard(984, 434) }),
		at("keypad", "Identify", p.W, p.H, func() fyne.CanvasObject {
			return screen.Identify(p, screen.Ways{Card: true}, "004", false, func(string) {}, nop, nop)
		}),
		at("pager", "pagerAt", 984, 108, func() fyne.CanvasObject { return p.Pager(984, 108) }),
		at("stepper", "Stepper", 700, 60, func() fyne.CanvasObject { return p.Stepper(steps) }),
		at("notice", "Notice", 984, p.NoticeHeight(notice, 984), func() fyne.CanvasObject { return p.Notice(notice, 984, p.NoticeHeight(notice, 984)) }),
		at("ground of a notice", "NoticeGround", 984, 120, func() fyne.CanvasObject { return p.NoticeGround(widget.Bad, 0, 0, 984, 120) }),
		at("countdown", "leaves", 500, 50, func() fyne.CanvasObject { return p.Countdown(500) }),
		at("paper, coming out", "Paper", 200, 200, func() fyne.CanvasObject { return p.Paper(three, 200) }),
		at("paper, out", "Paper", 200, 200, func() fyne.CanvasObject { return p.Paper(widget.PaperOut, 200) }),
		at("tick", "Tick", 984, 96, func() fyne.CanvasObject { return p.Tick(tick, 984, 96) }),
		at("map", "Map", 984, 574, func() fyne.CanvasObject { return p.Map(plan, 984, 574) }),
		at("where one stands, on a map", "MapHere", 60, 60, func() fyne.CanvasObject { return p.MapHere(0, 0, 60) }),
		at("line of text", "Left", 720, 60, func() fyne.CanvasObject { return line.Left(0, 0, p.Ink) }),
		at("line of text", "Center", 720, 60, func() fyne.CanvasObject { return line.Center(0, 0, 720, p.Ink) }),
		at("line of text", "Right", 720, 60, func() fyne.CanvasObject { return line.Right(720, 0, p.Ink) }),
		at("panel", "Panel", 300, 120, func() fyne.CanvasObject { return p.Panel(0, 0, 300, 120) }),
		at("box", "Box", 300, 120, func() fyne.CanvasObject { return p.Box(p.WarmGround, p.WarmLine, p.Edge) }),
		at("icon", "Icon", 104, 104, func() fyne.CanvasObject { return p.Icon("heart-handshake", p.Touch, 0, 0, 104) }),
		at("ring of the focus", "Ring", 340, 160, func() fyne.CanvasObject {
			return &fyne.Container{Objects: []fyne.CanvasObject{widget.Put(p.Button(widget.Plain, "", "返回", 40, 300, 120, nop), 20, 20, 300, 120), p.Ring(20, 20, 300, 120)}}
		}),
		at("whole screen", "Whole", 300, 160, func() fyne.CanvasObject { return p.Kit.Whole("轻触屏幕取号", p.Touch, 300, 160, nop) }),
	}
	return out
}

// paintPart draws a specimen on the screens' ground.
func paintPart(v specimen) image.Image {
	ground := canvas.NewRectangle(theme.Normal.Ground)
	const white = 12 // around it
	drawn := v.draw()
	if drawn.Size().IsZero() {
		drawn.Resize(fyne.NewSize(v.w, v.h))
	}
	around := widget.Put(&fyne.Container{Objects: []fyne.CanvasObject{drawn}}, white, white, v.w, v.h)
	v.w, v.h = v.w+2*white, v.h+2*white
	o := &fyne.Container{Objects: []fyne.CanvasObject{widget.Put(ground, 0, 0, v.w, v.h), around}}
	w := test.NewWindow(o)
	defer w.Close()
	w.SetPadded(false)
	w.Resize(fyne.NewSize(v.w, v.h))
	return software.RenderCanvas(w.Canvas(), theme.Fyne{})
}

// partPicture is one of the sheet.
type partPicture struct {
	File, Name, Says string
	W                int // as shown
}

func saveParts(t *testing.T, dir string) (list []partPicture) {
	says := documented(t)
	for _, v := range specimens() {
		p := partPicture{File: "part_" + strings.NewReplacer(" ", "-", ",", "").Replace(v.name) + "_" + v.of + ".png", Name: v.name, Says: says[v.of], W: int(v.w / 2)}
		if err := save(filepath.Join(dir, p.File), paintPart(v)); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// functions calls f for each function of a package's folder, without its tests.
func functions(t *testing.T, dir string, f func(*ast.FuncDecl)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v (%v)", dir, files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				f(fn)
			}
		}
	}
}

// documented are the first sentences of what functions say of themselves; a
// widget's goes before a screen's.
func documented(t *testing.T) map[string]string {
	t.Helper()
	says := map[string]string{}
	for _, dir := range []string{".", "../widget"} {
		functions(t, dir, func(fn *ast.FuncDecl) {
			if fn.Doc != nil {
				says[fn.Name.Name] = new(doc.Package).Synopsis(fn.Doc.Text())
			}
		})
	}
	return says
}

// Every function of package widget that makes something to be seen has its picture
// on the sheet, under a sentence that tells what it is.
func TestPartsHavePictures(t *testing.T) {
	hall(t)
	makers := map[string]bool{}
	functions(t, "../widget", func(fn *ast.FuncDecl) {
		if !fn.Name.IsExported() || fn.Type.Results == nil || fn.Recv != nil && !slices.Contains([]string{"Kit", "Block"}, receiver(fn)) {
			return
		}
		for _, r := range fn.Type.Results.List {
			if v, ok := r.Type.(*ast.SelectorExpr); ok && v.Sel.Name == "CanvasObject" {
				makers[fn.Name.Name] = true
			} else if p, ok := r.Type.(*ast.StarExpr); ok {
				if _, ok := p.X.(*ast.SelectorExpr); ok {
					makers[fn.Name.Name] = true
				}
			}
		}
	})
	delete(makers, "Put") // it makes nothing
	if len(makers) < 15 {
		t.Fatalf("only %d makers: %v", len(makers), makers)
	}
	says := documented(t)
	for _, v := range specimens() {
		delete(makers, v.of)
		if says[v.of] == "" {
			t.Errorf("%s: nothing is said of %s", v.name, v.of)
		}
		img, seen := paintPart(v), map[any]bool{}
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				seen[img.At(x, y)] = true
			}
		}
		if len(seen) < 2 && v.of != "Whole" {
			t.Errorf("%s: the picture is empty", v.name)
		}
	}
	if len(makers) > 0 {
		t.Errorf("no picture of %v", slices.Sorted(maps.Keys(makers)))
	}
}

// receiver is the name of a method's type.
func receiver(fn *ast.FuncDecl) string {
	if v, ok := fn.Recv.List[0].Type.(*ast.Ident); ok {
		return v.Name
	}
	return ""
}

// The stepper is said as one sentence after the question, not as it is written.
func TestStepperAloud(t *testing.T) {
	hall(t)
	p := screen.NewPage(text.In(kiosk.Zh), screen.Modes{}, 1080, 1920, 0)
	s := widget.Survey(p.Stepper(widget.Stepper{Names: []string{"选事项", "确认"}, At: 0, Aloud: "第 1 步"}))
	if len(s.Words) != 4 || s.Words[0].Aloud != "第 1 步" || s.Words[0].Mute {
		t.Fatalf("words %+v", s.Words)
	}
	for _, w := range s.Words[1:] {
		if !w.Mute || w.Aloud != "" {
			t.Errorf("%q is said as well", w.Text)
		}
	}
}
