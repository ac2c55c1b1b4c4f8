// Draws what read.mjs has read: text by resvg, codes by qr-image, pictures dot
// by dot. What it can't draw is an error, not a blank.
import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import qr from 'qr-image'
import { code, picture } from './read.mjs'

const file = weight => fileURLToPath(new URL(`../../configs/fonts/NotoSansSC-${weight}.otf`, import.meta.url))
const font = { fontFiles: [file('Regular'), file('Bold')], loadSystemFonts: false, defaultFontFamily: 'Noto Sans CJK SC' }
const svg = (width, height, body) => `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
  `<rect width="100%" height="100%" fill="white"/>${body}</svg>`
const rect = (x, y, w, h) => `<rect x="${x}" y="${y}" width="${w}" height="${h}" shape-rendering="crispEdges"/>`

export const render = (width, height, body, zoom = 1) => new Resvg(svg(width, height, body), { font, fitTo: { mode: 'zoom', value: zoom } }).render()

// State commands that put nothing on the paper.
const silent = new Set(['GS a', 'GS r', 'GS (H', 'FS &', 'DLE \x04'])

// draw returns an SVG's body and its height.
export function draw(bytes, parts, width) {
  let body = '', y = 0, x = 0, line = []
  let mode, qrMode = {}
  const reset = () => { mode = { w: 1, h: 1, bold: false, align: 0, spacing: 30, reverse: false, underline: 0 } }
  reset()
  const indent = w => Math.max(0, width - w) * mode.align / 2
  const end = feed => {
    const top = Math.max(0, ...line.map(c => c.h))
    const x0 = indent(x)
    for (const c of line) body += glyph(c, x0 + c.x, y + top)
    y += Math.max(feed, top)
    line = []
    x = 0
  }
  const put = c => {
    const w = (c < '\x80' ? 12 : 24) * mode.w
    if (x + w > width) end(mode.spacing)
    line.push({ ...mode, c, x, w, h: 24 * mode.h })
    x += w
  }
  const bits = (w, h, black) => { // runs of dots, as printed
    if (w > width) throw new Error(`a picture or code of ${w} dots on paper of ${width}`) // printers cut it off, or print no code at all
    const x0 = indent(w)
    for (let j = 0; j < h; j++) {
      for (let i = 0; i < w; i++) {
        const from = i
        while (i < w && black(i, j)) i++
        if (i > from) body += rect(x0 + from, y + j, i - from, 1)
      }
    }
    y += h
  }
  for (const { text, command, args, node } of parts) {
    if (text !== undefined) {
      for (const c of text) c === '\n' ? end(mode.spacing) : put(c)
      continue
    }
    const n = args[0]
    switch (command) {
      case 'ESC @': reset(); break
      case 'ESC a': mode.align = n % 48; break
      case 'ESC E': mode.bold = n % 2 === 1; break
      case 'ESC -': mode.underline = n % 48; break
      case 'ESC 2': mode.spacing = 30; break
      case 'ESC 3': mode.spacing = n; break
      case 'ESC d': end(n * mode.spacing); break
      case 'ESC J': end(n); break
      case 'ESC $': x = args.readUInt16LE(); break
      case 'GS !': mode.w = (n >> 4) + 1; mode.h = n % 16 + 1; break
      case 'GS B': mode.reverse = n % 2 === 1; break
      case 'GS V': end(args[1] ?? 0); break
      case 'GS v0': {
        const p = picture(bytes, node)
        bits(p.width, p.height, (i, j) => p.getPixel(i, j) === 0)
        break
      }
      case 'GS (k': {
        const q = code(qrMode, args)
        if (!q) break
        const m = qr.matrix(q.data, q.level)
        bits(m.length * q.dots, m.length * q.dots, (i, j) => m[Math.trunc(j / q.dots)][Math.trunc(i / q.dots)])
        break
      }
      default:
        if (!silent.has(command)) throw new Error(`can't draw ${command}`)
    }
  }
  return { body, height: y }
}

// glyph is one character in its cell: hanzi fill it, letters that are wider are
// squeezed, as a printer's own are.
function glyph({ c, x, w, h, bold, reverse, underline }, left, base) {
  let out = reverse ? rect(left, base - h, w, h) : ''
  if (underline) out += rect(left, base - underline, w, underline)
  if (c === ' ') return out
  const latin = c < '\x80'
  const em = h / 24, cell = latin ? 12 : 24, below = latin ? 5 : 3 // dots below the base line
  const high = latin ? 0.92 : 1 // so that p and l of two lines don't touch
  const sx = w / cell * Math.min(1, (cell - 1) / ink(c, bold))
  return out + `<text transform="translate(${left + w / 2} ${base - below * em}) scale(${sx} ${em * high})" font-size="24" text-anchor="middle"` +
    ` font-weight="${bold ? 700 : 400}" fill="${reverse ? 'white' : 'black'}">${escape(c)}</text>`
}

const escape = c => ({ '<': '&lt;', '&': '&amp;' })[c] ?? c

const inks = new Map()
function ink(c, bold) {
  const key = c + bold
  if (!inks.has(key)) {
    const text = `<text y="24" font-size="24" font-weight="${bold ? 700 : 400}">${escape(c)}</text>`
    const box = new Resvg(`<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48">${text}</svg>`, { font }).getBBox()
    if (!box) throw new Error(`the font has no ${c}`)
    inks.set(key, box.width)
  }
  return inks.get(key)
}
