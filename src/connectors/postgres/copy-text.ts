// Reads what COPY … TO STDOUT sends in its text format: a line a row, a tab between fields, \N for null, and a
// backslash before what else would be a tab, a line feed or a backslash. Fields are views of the bytes that came.
import { corrupt } from '../../base/errors.ts'

const tab = 0x09
const lineFeed = 0x0a
const backslash = 0x5c
const capitalN = 0x4e
/** A row of more is refused: a server that never ends a line must not fill the memory. */
const rowBytesMax = 512 << 20

export type CopyRow = (Uint8Array | null)[]

/** Batches of rows as they come. @throws VarveError VARVE_CORRUPT when a row has another number of fields */
export async function* copyRows(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  fieldCount: number,
): AsyncGenerator<CopyRow[]> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (const chunk of chunks) {
    const lastEnd = chunk.lastIndexOf(lineFeed)
    if (lastEnd < 0) {
      held.push(chunk)
      heldBytes += chunk.length
      if (heldBytes > rowBytesMax) throw corrupt('the server sends a row without end')
      continue
    }
    const lines =
      held.length === 0
        ? chunk.subarray(0, lastEnd + 1)
        : Buffer.concat([...held, chunk.subarray(0, lastEnd + 1)])
    const rest = chunk.subarray(lastEnd + 1)
    held = rest.length === 0 ? [] : [rest]
    heldBytes = rest.length
    // A plain view: taking parts of a Buffer costs several times as much.
    yield rowsOf(new Uint8Array(lines.buffer, lines.byteOffset, lines.length), fieldCount)
  }
  if (heldBytes > 0) throw corrupt('the server ended in the middle of a row')
}

/** `lines` ends with a line feed. */
function rowsOf(lines: Uint8Array, fieldCount: number): CopyRow[] {
  const rows: CopyRow[] = []
  for (let at = 0; at < lines.length;) {
    const row: CopyRow = []
    for (let field = 0; field < fieldCount; field++) {
      let end = at
      let isEscaped = false
      for (; ; end++) {
        const byte = lines[end]!
        if (byte === tab || byte === lineFeed) break
        if (byte === backslash) {
          isEscaped = true
          end++
        }
      }
      const isLast = field === fieldCount - 1
      if ((lines[end] === lineFeed) !== isLast)
        throw corrupt('the server sent a row with another number of fields')
      row.push(isEscaped ? unescaped(lines.subarray(at, end)) : lines.subarray(at, end))
      at = end + 1
    }
    rows.push(row)
  }
  return rows
}

const named: ReadonlyMap<number, number> = new Map([
  [0x62, 8],
  [0x66, 12],
  [0x6e, lineFeed],
  [0x72, 13],
  [0x74, tab],
  [0x76, 11],
])

function unescaped(field: Uint8Array): Uint8Array | null {
  if (field.length === 2 && field[1] === capitalN) return null
  const bytes = new Uint8Array(field.length)
  let length = 0
  for (let i = 0; i < field.length; i++) {
    const byte = field[i]!
    if (byte !== backslash) bytes[length++] = byte
    else {
      const next = field[++i]!
      bytes[length++] = named.get(next) ?? next
    }
  }
  return bytes.subarray(0, length)
}
