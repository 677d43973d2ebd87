// Packed rows back into the bytes of a CSV file: the inverse of parse.ts, and its judge, since a file is taken as a
// table only when this gives its bytes again. Straight rows of short cells are copied in one loop; a cell that needs
// quotes, or anything else out of the ordinary, sends its row through the careful path.
import { emptyBytes, grownLength, viewOf } from '../../base/bytes.ts'
import { VarveError, corrupt } from '../../base/errors.ts'
import { ByteReader } from '../../encoding/varint.ts'
import { intLengthOf, writeIntText } from '../../table/int-key.ts'
import { keyElementEnd, keyTag } from '../../table/key.ts'
import { cellTag, lineEnds, rowFlag, shortTextMax } from '../../table/row.ts'
import type { RowSource } from '../interface.ts'
import { byteClass, cr, type CsvPlan, lf } from './plan.ts'
import { cellMark, isQuoted } from './record.ts'
import { type Stops, bytesBefore, quotesIn, stopsIn, stopsOf, wordBytes } from './stops.ts'

type Rows = Omit<RowSource, 'contents' | 'contentEnds'>

const intTextMax = 40
const none: readonly Uint8Array[] = []

export class RowRenderer {
  /** Rendered bytes are out[0..length). */
  out: Uint8Array<ArrayBuffer>
  length = 0
  readonly #plan: CsvPlan
  /** Classes of bytes within quotes. */
  readonly #quoteOnly = new Uint8Array(256)
  /** By place in the row: offset of its cell or -1, and which of the contents is its own or -1. */
  readonly #cellAt: Int32Array
  readonly #contentOf: Int32Array
  readonly #keyAt: Int32Array
  readonly #stops: Stops
  #outWords: DataView
  /** The values of the rows in hand, with the bytes behind them, read by words. */
  #valueWords: DataView = viewOf(emptyBytes)
  #contents: readonly Uint8Array[] = none
  #contentAt = 0

  /** `out` may be a buffer of an earlier renderer. */
  constructor(plan: CsvPlan, out: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 16)) {
    this.#plan = plan
    this.out = out
    this.#outWords = viewOf(out)
    this.#stops = stopsOf(plan)
    if (plan.quote >= 0) this.#quoteOnly[plan.quote] = 1
    this.#cellAt = new Int32Array(plan.valuePlace.length - plan.keyIsInt.length)
    this.#contentOf = new Int32Array(this.#cellAt.length)
    this.#keyAt = new Int32Array(plan.keyIsInt.length + 1)
  }

  /** Renders rows [from, to) behind what is there; `contents` belongs to these rows, in order. */
  render(rows: Rows, from: number, to: number, contents: readonly Uint8Array[]): void {
    this.#contents = contents
    this.#contentAt = 0
    const { buffer, byteOffset } = rows.values
    this.#valueWords = new DataView(buffer, byteOffset)
    const { isStraight } = this.#plan
    for (let row = from; row < to; row++) {
      if (!isStraight || !this.#straightRow(rows, row)) this.#anyRow(rows, row)
    }
    this.#contents = none
  }

  /** Renders the row, if it can be copied as it lies; else false, and nothing is done. */
  #straightRow({ keys, keyEnds, values, valueEnds }: Rows, row: number): boolean {
    const { classes, delimiter, quote, valuePlace, keyIsInt, always, eol } = this.#plan
    const columns = valuePlace.length
    let at = row === 0 ? 0 : valueEnds[row - 1]!
    let keyAt = row === 0 ? 0 : keyEnds[row - 1]!
    const valueEnd = valueEnds[row]!
    if (values[at++] !== 0) return false
    const keyEnd = keyEnds[row]!
    this.#reserve(keyEnd - keyAt + valueEnd - at + 4 * columns + keyIsInt.length * intTextMax + wordBytes)
    const { out } = this
    const outWords = this.#outWords
    const words = this.#valueWords
    const wordsEnd = words.byteLength - wordBytes
    const stops = this.#stops
    let length = this.length
    let seen = 0
    for (let column = 0; column < columns; column++) {
      const open = always[column] === 1
      const table = open ? this.#quoteOnly : classes
      if (valuePlace[column]! < 0) {
        const tag = keys[keyAt]!
        if (open) out[length++] = quote
        if (tag === keyTag.text) {
          const start = length
          keyAt++
          for (; keyAt < keyEnd && keys[keyAt] !== 0; keyAt++) {
            const byte = keys[keyAt]!
            seen |= table[byte]!
            out[length++] = byte
          }
          if (length === start || keys[++keyAt] === 255) return false
        } else {
          const intLength = intLengthOf(tag)
          if (intLength < 0 || intLength > 6) return false
          length = writeIntText(out, length, keys, keyAt)
          keyAt += 1 + intLength
        }
        if (open) out[length++] = quote
      } else if (at < valueEnd) {
        const cell = values[at++]!
        if (cell <= shortTextMax) {
          const end = at + cell
          if (cell === 0 || end > valueEnd) return false
          if (open) out[length++] = quote
          // The last word reaches behind the cell: those bytes are written over later, and stop nothing.
          while (at < end) {
            if (at > wordsEnd) return false
            const word = words.getInt32(at, true)
            outWords.setInt32(length, word, true)
            const found = open ? quotesIn(word, stops.quotes) : stopsIn(word, stops)
            let step = wordBytes
            if (found !== 0 && at + bytesBefore(found) < end) {
              step = bytesBefore(found) + 1
              if (table[values[at + step - 1]!] !== 0) return false
            }
            at += step
            length += step
          }
          length -= at - end
          at = end
          if (open) out[length++] = quote
        } else if (cell !== cellTag.absent) {
          return false
        }
      }
      out[length++] = delimiter
    }
    if (seen !== 0 || at !== valueEnd || keyAt !== keyEnd) return false
    this.length = this.#lineEnd(length - 1, eol)
    return true
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.out.length) return
    const larger = new Uint8Array(grownLength(this.out.length, this.length + bytes))
    larger.set(this.out.subarray(0, this.length))
    this.out = larger
    this.#outWords = viewOf(larger)
  }

  #lineEnd(at: number, eol: number): number {
    if (eol >= 2) this.out[at++] = cr
    if (eol <= 2) this.out[at++] = lf
    return at
  }

  #anyRow(rows: Rows, row: number): void {
    const { keys, keyEnds, values, valueEnds } = rows
    const { valuePlace, keyPlace, eol, delimiter } = this.#plan
    const reader = new ByteReader(values, row === 0 ? 0 : valueEnds[row - 1]!, valueEnds[row]!)
    const flags = reader.byte()
    if (flags & rowFlag.rawLine) throw corrupt('row of a CSV file has a raw line')
    const lineEnd = flags & rowFlag.lineEnd ? reader.byte() : eol
    const keyQuoting = flags & rowFlag.keyQuoting ? reader.varint() : 0
    if (lineEnd === 0 || lineEnd >= lineEnds.length) throw corrupt('row has an unknown line end')
    this.#findCells(reader)
    this.#findKeyCells(keys, row === 0 ? 0 : keyEnds[row - 1]!, keyEnds[row]!)
    for (let column = 0; column < valuePlace.length; column++) {
      const place = valuePlace[column]!
      if (place >= 0) this.#valueCell(values, place, column)
      else this.#keyCell(keys, keyPlace[column]!, column, (keyQuoting >> keyPlace[column]!) & 1)
      this.#reserve(4)
      this.out[this.length++] = delimiter
    }
    this.length = this.#lineEnd(this.length - 1, lineEnd)
  }

  /** Where each cell of the row begins, and how far the row's contents out of line go. */
  #findCells(reader: ByteReader): void {
    const places = this.#cellAt.length
    this.#cellAt.fill(-1)
    this.#contentOf.fill(-1)
    for (let place = 0; !reader.done; place++) {
      if (place >= places) throw corrupt('row has more cells than its table has columns')
      this.#cellAt[place] = reader.at
      const tag = reader.byte()
      if (tag <= shortTextMax) reader.take(tag)
      else if (tag >= cellTag.textLinked) this.#linkedAt(place, reader.varint())
      else if (tag >= cellTag.text) reader.take(reader.varint())
    }
  }

  // Contents come in the order of the cells in the row, which need not be that of the columns in the file.
  #linkedAt(place: number, length: number): void {
    const content = this.#contents[this.#contentAt]
    if (content === undefined || content.length !== length) {
      throw corrupt('cell out of line has not the length that its row gives')
    }
    this.#contentOf[place] = this.#contentAt++
  }

  #findKeyCells(keys: Uint8Array, at: number, end: number): void {
    const key = keys.subarray(0, end)
    const count = this.#plan.keyIsInt.length
    for (let place = 0; place < count; place++) {
      this.#keyAt[place] = at
      at = keyElementEnd(key, at)
    }
    if (at !== end) throw corrupt('key has bytes behind its last element')
    this.#keyAt[count] = at
  }

  #keyCell(keys: Uint8Array, place: number, column: number, flipped: number): void {
    const at = this.#keyAt[place]!
    const tag = keys[at]!
    if (intLengthOf(tag) >= 0) {
      const text = new Uint8Array(intTextMax)
      return this.#cell(text, 0, writeIntText(text, 0, keys, at), column, flipped)
    }
    if (tag !== keyTag.text) throw corrupt('key of a CSV file has an element that is not text')
    const end = this.#keyAt[place + 1]! - 1
    const text = new Uint8Array(end - at)
    let length = 0
    for (let i = at + 1; i < end; i++) {
      text[length++] = keys[i]!
      if (keys[i] === 0) i++
    }
    this.#cell(text, 0, length, column, flipped)
  }

  #valueCell(values: Uint8Array, place: number, column: number): void {
    const at = this.#cellAt[place]!
    if (at < 0) return
    const tag = values[at]!
    if (tag <= shortTextMax) return this.#cell(values, at + 1, at + 1 + tag, column, 0)
    if (tag === cellTag.absent) return
    const flipped = tag === cellTag.textFlipped || tag === cellTag.textFlippedLinked ? 1 : 0
    const isText = flipped === 1 || tag === cellTag.text || tag === cellTag.textLinked
    if (!isText) throw corrupt('cell of a CSV file is not text')
    const content = this.#contents[this.#contentOf[place]!]
    if (content !== undefined) return this.#cell(content, 0, content.length, column, flipped)
    const reader = new ByteReader(values, at + 1)
    const length = reader.varint()
    this.#cell(values, reader.at, reader.at + length, column, flipped)
  }

  #cell(bytes: Uint8Array, start: number, end: number, column: number, flipped: number): void {
    const { classes, quote, always } = this.#plan
    let seen = 0
    for (let i = start; i < end; i++) seen |= classes[bytes[i]!]!
    // Only what holds quotes becomes longer by more than those around it.
    this.#reserve((seen & byteClass.soft ? 2 : 1) * (end - start) + 8)
    const { out } = this
    if (quote < 0) {
      if (seen & byteClass.hard) throw unholdable()
    } else if (isQuoted(marksOf(bytes, start, end, seen, quote), always[column]!, flipped)) {
      this.#quoted(bytes, start, end)
      return
    }
    out.set(bytes.subarray(start, end), this.length)
    this.length += end - start
  }

  #quoted(bytes: Uint8Array, start: number, end: number): void {
    const { out } = this
    const { quote } = this.#plan
    let { length } = this
    out[length++] = quote
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!
      if (byte === quote) out[length++] = quote
      out[length++] = byte
    }
    out[length++] = quote
    this.length = length
  }
}

function marksOf(bytes: Uint8Array, start: number, end: number, seen: number, quote: number): number {
  const isHard = start === end || seen & byteClass.hard || bytes[start] === quote || bytes[end - 1] === cr
  return (isHard ? cellMark.hard : 0) | (seen & byteClass.soft ? cellMark.soft : 0)
}

function unholdable(): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    'a cell holds a delimiter or line end, and its file knows no quotes',
    {
      hint: 'change the cell, or write the table to a file in another format',
    },
  )
}
