package idcardtest

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// Card is what a card gives the reader. All cards here are of invented people,
// with the numbers of official specimens or ones made up by the same rule.
type Card struct {
	Kind    string    // resident, hmt, foreign2017 or foreign2023; for tests, not on the card
	Text    [256]byte // UTF-16LE padded with blanks, laid out by kind
	Photo   []byte    // 1024 bytes on a real card
	Address string    // the latest address, at most 35 characters; empty is none
}

// NewCard returns a card with blank text and a photo that isn't one.
func NewCard(kind string) *Card {
	c := &Card{Kind: kind, Photo: photo()}
	for i := 0; i < len(c.Text); i += 2 {
		c.Text[i] = ' '
	}
	return c
}

// Set writes s into the field of size bytes at offset; what is too long is cut.
func (c *Card) Set(offset, size int, s string) *Card {
	copy(c.Text[offset:offset+size], encode(s, size))
	return c
}

// encode is UTF-16LE, padded with blanks to size bytes.
func encode(s string, size int) []byte {
	b := bytes.Repeat([]byte{' ', 0}, size/2)
	for i, u := range utf16.Encode([]rune(s)) {
		if 2*i == len(b) {
			break
		}
		binary.LittleEndian.PutUint16(b[2*i:], u)
	}
	return b
}

// photo is a pattern of 1024 bytes with a frame's beginning in it: a driver that
// looks for one inside a frame finds it here.
func photo() []byte {
	p := make([]byte, 1024)
	for i := range p {
		p[i] = byte(i * 7)
	}
	copy(p[500:], "\xaa\xaa\xaa\x96\x69\x00\x04\x00\x00\x90\x94")
	return p
}

// Resident is a resident identity card, with the number that GB 11643 gives as its
// example.
func Resident() *Card {
	c := NewCard("resident").
		Set(0, 30, "张三(样本)").Set(30, 2, "2").Set(32, 4, "01").Set(36, 16, "19491231").
		Set(52, 70, "北京市朝阳区样本路1号").Set(122, 36, "11010519491231002X").
		Set(158, 30, "北京市公安局样本分局").Set(188, 16, "20180913").Set(204, 16, "长期")
	c.Address = "中山市东区样本路2号"
	return c
}

// HMT is a residence permit for Hong Kong, Macao and Taiwan people.
func HMT() *Card {
	return NewCard("hmt").
		Set(0, 30, "李四(样本)").Set(30, 2, "2").Set(36, 16, "19940823").
		Set(52, 70, "广东省中山市石岐区样本街3号").Set(122, 36, "810000199408230021").
		Set(158, 30, "中山市公安局样本分局").Set(188, 16, "20240601").Set(204, 16, "20290601").
		Set(220, 18, "H00000000").Set(238, 4, "01").Set(248, 2, "J")
}

// Foreign2017 is a foreigner's permanent residence card, 2017 edition. Its country
// is ICAO's Utopia.
func Foreign2017() *Card {
	return NewCard("foreign2017").
		Set(0, 120, "SPECIMEN, JOHN").Set(120, 2, "1").Set(122, 30, "UTO110080010101").
		Set(152, 6, "UTO").Set(158, 30, "样本约翰").Set(188, 16, "20220601").Set(204, 16, "20320601").
		Set(220, 16, "19800101").Set(236, 4, "01").Set(240, 8, "1500").Set(248, 2, "I")
}

// Foreign2023 is a foreigner's permanent residence card, 2023 edition. The name
// goes on in its second field, with a blank as the last character of the first:
// a driver that trims before it joins loses it.
func Foreign2023() *Card {
	const name = "SPECIMEN ALEXANDRA MARIA VICTORIA, JANE"
	return NewCard("foreign2023").
		Set(0, 30, "样本简").Set(30, 2, "2").Set(32, 4, "00").Set(36, 16, "19810803").
		Set(52, 70, name[:35]).Set(220, 22, name[35:]).Set(122, 36, "911124198108030024").
		Set(158, 30, "国家移民管理局").Set(188, 16, "20240601").Set(204, 16, "20340601").
		Set(242, 6, "UTO").Set(248, 2, "Y").Set(250, 6, "000")
}

// Cards returns the four specimens.
func Cards() []*Card { return []*Card{Resident(), HMT(), Foreign2017(), Foreign2023()} }
