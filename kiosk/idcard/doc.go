// Package idcard reads Chinese identity cards through an SDT reader, the kind
// with a SAM_V module of the Ministry of Public Security on a serial line at
// 115200 8N1.
//
// It knows the four kinds of card that such a module opens: the resident
// identity card, the residence permit of Hong Kong, Macao and Taiwan people,
// and the foreigner's permanent residence card in its editions of 2017 and
// 2023. Only a name, a number, the kind and the expiry leave it, and of the day of
// birth whether it makes somebody so many years old. The rest of the card is never
// put together: the photo and the address are dropped piece by piece as they come
// in, and what held the text is zeroed before Read returns.
//
// What is said here of bytes and times rests on the devices' notes
// (devices.md, section 3), which gather GA 467, the SDT manuals and independent
// implementations; privacy rests on section 6.
//
// The port is handed in as periph's conn.Conn. Its Tx must give up waiting for
// a reply after about 100 ms with os.ErrDeadlineExceeded and keep what came so
// far for the next Tx; any other error of it means that the line is gone.
package idcard
