// others.mjs DIR: makes the ticket of DIR/tickets.json, as npos reads it, with two
// other encoders, and prints the bytes and the time of each way, as JSON.
//
// White of any height is an empty line here, and a style is set only when it
// changes, as in our own; so theirs are as short as their commands allow.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Encoder from '@point-of-sale/receipt-printer-encoder'
import iconv from 'iconv-lite'
import thermal from 'node-thermal-printer'
import { code, read } from './read.mjs'
import { draw, render } from './draw.mjs'

const [{ width, bytes: base64 }] = JSON.parse(readFileSync(join(process.argv[2], 'tickets.json')))
const bytes = Buffer.from(base64, 'base64')
const parts = read(bytes)
const ticket = layout(parts)

// layout is what is on the paper: { text, w, h, bold }, { qr, dots, level } or
// { white }, all of it in the middle.
function layout(parts) {
  const out = [], qr = {}
  let w = 1, h = 1, bold = false
  for (const { text, command, args } of parts) {
    if (text !== undefined) out.push(...text.replace(/\n$/, '').split('\n').map(text => ({ text, w, h, bold })))
    if (command === 'GS !') [w, h] = [(args[0] >> 4) + 1, args[0] % 16 + 1]
    if (command === 'ESC E') bold = args[0] % 2 === 1
    if (command === 'ESC J') out.push({ white: true })
    if (command === 'ESC a' && args[0] !== 1) throw new Error('not in the middle')
    const q = command === 'GS (k' && code(qr, args)
    if (q) out.push({ qr: q.data, dots: q.dots, level: q.level })
  }
  return out
}

// picture draws one line as wide as its text.
const ascii = text => /^[ -~]*$/.test(text)
const chinese = ticket.filter(p => p.text && !ascii(p.text))
function picture({ text, w, h, bold }) {
  const cells = [...text].reduce((n, c) => n + (c < '\x80' ? 1 : 2), 0)
  const wide = Math.ceil(cells * 12 * w / 8) * 8
  return render(wide, 24 * h, draw(bytes, [
    { command: 'GS !', args: [(w - 1) << 4 | h - 1] }, { command: 'ESC E', args: [bold ? 1 : 0] }, { text: text + '\n' }], wide).body)
}
const png = r => r.asPng()
const pixels = r => ({ data: r.pixels, width: r.width, height: r.height })

// node-thermal-printer has Chinese, in EUC-CN, which iconv-lite takes for GBK.
async function thermalPrinter(pictures) {
  const p = new thermal.ThermalPrinter({ type: thermal.PrinterTypes.EPSON, width: width / 12, characterSet: thermal.CharacterSet.CHINA, breakLine: thermal.BreakLine.NONE })
  p.alignCenter()
  let size, heavy = false
  for (const part of ticket) {
    if (part.white) p.newLine()
    else if (part.qr) p.printQR(part.qr, { cellSize: part.dots, correction: part.level, model: 2 })
    else if (pictures && !ascii(part.text)) await p.printImageBuffer(pictures.get(part))
    else {
      const { text, w, h, bold } = part
      if (bold !== heavy) p.bold(heavy = bold)
      if (size !== `${w}x${h}`) p.setTextSize(w - 1, h - 1) // its first factor is the high half, the width
      size = `${w}x${h}`
      p.println(text)
    }
  }
  p.partialCut({ verticalTabAmount: 0 })
  return p.getBuffer()
}

// receipt-printer-encoder has no Chinese code page; its raw command takes bytes.
function receiptEncoder(pictures) {
  const e = new Encoder({ language: 'esc-pos', columns: width / 12, imageMode: 'raster', newline: '\n', feedBeforeCut: 0, feedAfterBlock: false })
  e.initialize()
  // It centres text with spaces, for which it must know how wide it is; raw bytes
  // have no width, so there the printer centres. It also turns Chinese off.
  if (pictures) e.align('center')
  else e.raw([0x1c, 0x26, 0x1b, 0x61, 1])
  let size, heavy = false
  for (const part of ticket) {
    if (part.white) e.newline()
    else if (part.qr) e.qrcode(part.qr, { model: 2, size: part.dots, errorlevel: part.level.toLowerCase() })
    else if (pictures && !ascii(part.text)) {
      const p = pictures.get(part)
      e.image(p, p.width, p.height, 'threshold', 128)
    } else {
      const { text, w, h, bold } = part
      if (bold !== heavy) e.bold(heavy = bold)
      if (size !== `${w}x${h}`) e.size(w, h)
      size = `${w}x${h}`
      if (pictures) e.line(text)
      else e.raw([...iconv.encode(text, 'gb18030')]).newline()
    }
  }
  return Buffer.from(e.cut('partial').encode())
}

// whole makes one picture of the whole ticket, code and all.
const drawn = () => { const { body, height } = draw(bytes, parts, width); return render(width, height, body) }
async function wholeThermal(p) {
  const t = new thermal.ThermalPrinter({ type: thermal.PrinterTypes.EPSON, width: width / 12 })
  await t.printImageBuffer(p)
  t.partialCut({ verticalTabAmount: 0 })
  return t.getBuffer()
}
const wholeEncoder = p => Buffer.from(new Encoder({ language: 'esc-pos', columns: width / 12, imageMode: 'raster', newline: '\n', feedBeforeCut: 0, feedAfterBlock: false })
  .initialize().image(p, p.width, p.height, 'threshold', 128).cut('partial').encode())

const lines = as => new Map(chinese.map(part => [part, as(picture(part))]))
const ways = [
  { name: 'node-thermal-printer/text', rounds: 2000, encode: () => thermalPrinter() },
  { name: 'node-thermal-printer/raster-lines', rounds: 50, pictures: () => lines(png), encode: thermalPrinter },
  { name: 'node-thermal-printer/raster-whole', rounds: 20, pictures: () => png(drawn()), encode: wholeThermal },
  { name: 'receipt-printer-encoder/text-as-raw-bytes', rounds: 2000, encode: () => receiptEncoder() },
  { name: 'receipt-printer-encoder/raster-lines', rounds: 50, pictures: () => lines(pixels), encode: receiptEncoder },
  { name: 'receipt-printer-encoder/raster-whole', rounds: 20, pictures: () => pixels(drawn()), encode: wholeEncoder },
]

// mean is the time of one round in microseconds, after a fifth as many to warm up.
async function mean(rounds, f) {
  for (let i = 0; i < rounds / 5; i++) await f()
  const began = process.hrtime.bigint()
  for (let i = 0; i < rounds; i++) await f()
  return Number(process.hrtime.bigint() - began) / 1000 / rounds
}

const results = []
for (const { name, rounds, pictures, encode } of ways) {
  const ready = pictures?.()
  const wire = await encode(ready)
  results.push({
    name, bytes: wire.toString('base64'), rounds,
    drawing: pictures ? await mean(Math.min(rounds, 20), pictures) : 0,
    encoding: await mean(rounds, () => encode(ready)),
  })
}
console.log(JSON.stringify(results))
