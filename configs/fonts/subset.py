"""Prints the code points a font of the house carries: ASCII, general
punctuation, all of GB 2312 and every character of the files named on the command
line; with --hk before them also the common characters of Hong Kong and Macao:
level 1 of Big5, and the forms and words of their own."""
import sys

OWN = "户衞税説裏綫枱着麪牀羣峯滙匯邨啓産粧祕羗鈎鷄媪脱悦閲鋭蛻喺嘅咗唔冇啲嗰哋嘢嚟攞搵瞓咁噉啱嘥揸掟劏仔佢乜嘞囉喎喇咩吖嗱嗌攰氹凼咭𨋢"


def all_of(encoding, highs, lows):
    for high in highs:
        for low in lows:
            try:
                yield ord(bytes((high, low)).decode(encoding))
            except UnicodeDecodeError:
                pass


names = sys.argv[1:]
keep = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | set(range(0x2010, 0x2027)) | {0x2039, 0x203A, 0x20AC, 0x2190, 0x2191, 0x2192, 0x2193, 0x2713}
keep |= set(all_of("gb2312", range(0xA1, 0xF8), range(0xA1, 0xFF)))
if names[0] == "--hk":
    names = names[1:]
    keep |= set(all_of("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)])) | {ord(c) for c in OWN}
for name in names:
    keep |= {ord(c) for c in open(name, encoding="utf-8").read() if c >= " "}
print("\n".join("U+%04X" % c for c in sorted(keep)))
