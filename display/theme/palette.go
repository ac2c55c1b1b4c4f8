package theme

import "image/color"

// Palette is the colours of the screen, as one value: the citizen chooses
// between Normal and HighContrast. A part of the screen takes its colours from
// the palette that its widget.Kit carries, and names none itself.
//
// Text on its ground has a contrast of 7:1 or more, edges of what can be
// touched 3:1; a test measures it over every screen.
type Palette struct {
	Ground color.NRGBA // behind everything
	Card   color.NRGBA // behind what belongs together
	Ink    color.NRGBA // text
	Sub    color.NRGBA // second text
	Line   color.NRGBA // edges of what can be touched
	Rule   color.NRGBA // mere separators

	Touch       color.NRGBA // what can be touched, and icons
	TouchGround color.NRGBA // behind icons, and small labels
	TouchDown   color.NRGBA // a card under the finger
	MainText    color.NRGBA // on Touch
	MainDown    color.NRGBA // Touch under the finger
	Busy        color.NRGBA // the main thing while it is being done
	BusyText    color.NRGBA // on Busy

	Warm, WarmGround, WarmLine color.NRGBA // the number, essential papers, trouble, help
	OK, OKGround, OKLine       color.NRGBA // good news
	Shut, ShutGround, ShutIcon color.NRGBA // closed things, and what is behind their icon
	Night, Dim                 color.NRGBA // the screen at rest, and text on it

	Edge   float32 // of a card, in pixels of the design
	Strong float32 // edge of a button and of the number
	Bare   bool    // nothing can be greyed: what is not possible here is left out, or is drawn thinner where it holds the place of others
}

// Normal is the house's own.
var Normal = Palette{
	Ground: rgb(0xF4F6FA), Card: rgb(0xFFFFFF), Ink: rgb(0x14213D), Sub: rgb(0x43506B), Line: rgb(0x7C8AA3), Rule: rgb(0xE4E9F1),
	Touch: rgb(0x0B4EA2), TouchGround: rgb(0xE8F0FB), TouchDown: rgb(0xE8F0FB), MainText: rgb(0xFFFFFF), MainDown: rgb(0x083A7A),
	Busy: rgb(0x083A7A), BusyText: rgb(0xFFFFFF),
	Warm: rgb(0x8A2D0F), WarmGround: rgb(0xFFF3E8), WarmLine: rgb(0xB5651D),
	OK: rgb(0x0F5C2E), OKGround: rgb(0xE7F5EC), OKLine: rgb(0x3E8E5E),
	Shut: rgb(0x3F4A5A), ShutGround: rgb(0xECEFF4), ShutIcon: rgb(0xDDE2EB),
	Night: rgb(0x0A1B3D), Dim: rgb(0xB8C4DA),
	Edge: 2, Strong: 4,
}

// HighContrast is black on white with strong edges and no grey. Only what is
// under the finger or being done has another colour.
var HighContrast = Palette{
	Ground: white, Card: white, Ink: black, Sub: black, Line: black, Rule: black,
	Touch: black, TouchGround: white, TouchDown: rgb(0xFFE680), MainText: white, MainDown: rgb(0x00308F),
	Busy: rgb(0xFFE680), BusyText: black,
	Warm: black, WarmGround: white, WarmLine: black,
	OK: black, OKGround: white, OKLine: black,
	Shut: black, ShutGround: white, ShutIcon: white,
	Night: black, Dim: white,
	Edge: 4, Strong: 8, Bare: true,
}

var black, white = rgb(0), rgb(0xFFFFFF)

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xFF}
}
