// Reads a ticket's bytes with npos, and refuses what npos doesn't know.
import iconv from 'iconv-lite'
import npos from 'npos'

// npos has no rule for GS ( k, the two-dimensional codes: two bytes of length,
// then so many, as in the rest of the GS ( family that it has.
const rules = { ...npos.rules, [npos.symbols.GS]: { ...npos.rules[npos.symbols.GS], '(k': [0, 'data16'] } }

// read returns what the bytes say, in order: { text } or { command, args, node }.
export function read(bytes) {
  const ast = new npos.Parser(rules).analyze(bytes)
  if (ast.error) throw ast.error
  return ast.tree.map(node => {
    const end = node.offset + node.length
    // npos lets a command at the end lack its arguments.
    if (end > bytes.length) throw new Error(`${node.ascii} ${node.fn} at ${node.offset} lacks ${end - bytes.length} bytes`)
    if (node.ascii === 'STX') return { text: decode(bytes.subarray(node.offset, end), node.offset) }
    const head = 1 + node.fn.length
    return { command: `${node.ascii} ${node.fn}`, args: bytes.subarray(node.offset + head, end), node }
  })
}

// decode is strict where iconv-lite and npos are lax: printers hold no codes of
// four bytes, and any other control character than a line feed is a stray byte.
function decode(bytes, offset) {
  const text = iconv.decode(bytes, 'gb18030')
  for (const c of text) {
    if (c === '\ufffd' || c < ' ' && c !== '\n' || c === '\x7f' || iconv.encode(c, 'gb18030').length > 2) {
      throw new Error(`no text at ${offset}: ${JSON.stringify(text.slice(0, 40))}`)
    }
  }
  return text
}

// code gathers the data of the last GS ( k that stores some, and how it is to be
// drawn (Epson's reference, GS ( k <Function 167, 169, 180, 181>).
export function code(state, args) {
  const [fn, ...rest] = args.subarray(3)
  if (args[2] !== 0x31) throw new Error('not a QR code')
  switch (fn) {
    case 0x41: return null // model
    case 0x43: state.dots = rest[0]; return null
    case 0x45: state.level = 'LMQH'[rest[0] - 0x30]; return null
    case 0x50: state.data = Buffer.from(rest.slice(1)).toString(); return null
    case 0x51: return { ...state }
  }
  throw new Error(`GS ( k function ${fn}`)
}

// picture is a GS v 0 as npos decodes it.
export function picture(bytes, node) {
  return npos.codecs.raster.decode(bytes, [{ offset: node.offset }])
}
