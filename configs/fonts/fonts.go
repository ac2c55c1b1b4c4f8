// Package fonts holds the letters of the house: Noto Sans CJK SC in two
// weights, cut down to GB 2312 and what the catalog and the texts use, so that
// the screen, the virtual paper and the tests draw the same everywhere; and for
// traditional Chinese the forms of Hong Kong, of GB 2312, level 1 of Big5 and what
// catalog and texts use.
//
// The files are made by `make fonts` from Debian's fonts-noto-cjk and are under
// the SIL Open Font License 1.1, see OFL.txt.
package fonts

import _ "embed"

// Regular and Bold are OpenType fonts with CFF outlines; those of Hong Kong have
// more characters and the same widths.
var (
	//go:embed NotoSansSC-Regular.otf
	Regular []byte
	//go:embed NotoSansSC-Bold.otf
	Bold []byte
	//go:embed NotoSansHK-Regular.otf
	RegularHK []byte
	//go:embed NotoSansHK-Bold.otf
	BoldHK []byte
)
