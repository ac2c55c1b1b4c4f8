"""Prints the code points a font of the house carries: ASCII, general
punctuation and every character of the files named on the command line; with
--gb2312 before them also all of GB 2312."""
import sys

names = sys.argv[1:]
keep = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | set(range(0x2010, 0x2027)) | {0x2039, 0x203A, 0x20AC, 0x2190, 0x2191, 0x2192, 0x2193, 0x2713}
if names[0] == "--gb2312":
    names = names[1:]
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                keep.add(ord(bytes((high, low)).decode("gb2312")))
            except UnicodeDecodeError:
                pass
for name in names:
    keep |= {ord(c) for c in open(name, encoding="utf-8").read() if c >= " "}
print("\n".join("U+%04X" % c for c in sorted(keep)))
