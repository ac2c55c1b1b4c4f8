// tickets.mjs DIR: reads DIR/tickets.json, [{ name, width, bytes (base64) }], and
// prints what each says and asks, as JSON; pictures go to DIR/NAME.png.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { code, read } from './read.mjs'
import { draw, render } from './draw.mjs'

const dir = process.argv[2]
const zoom = 2 // for the reader of letters

const results = JSON.parse(readFileSync(join(dir, 'tickets.json'))).map(({ name, width, bytes }) => {
  try {
    bytes = Buffer.from(bytes, 'base64')
    const parts = read(bytes)
    const { body, height } = draw(bytes, parts, width)
    writeFileSync(join(dir, `${name}.png`), render(width, height, body, zoom).asPng())
    const mode = {}
    const codes = parts.filter(p => p.command === 'GS (k').map(p => code(mode, p.args)).filter(Boolean)
    return { name, text: parts.map(p => p.text ?? '').join(''), codes: codes.map(c => c.data), commands: parts.filter(p => p.command).map(p => p.command) }
  } catch (e) {
    return { name, refused: e.message }
  }
})
console.log(JSON.stringify(results))
