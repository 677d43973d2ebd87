// Rows as text for other programs, written byte by byte: strings in between would take three times as long. A cell is
// looked at and copied in one go, and written anew where something in it has to be quoted.
import { toHex, utf8, ensureCapacity } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import { isUtf8 } from '../base/platform.ts'
import { cellText, isJsonNumber } from '../table/cell.ts'
import type { Cell, Column, ColumnType } from '../table/interface.ts'

const [lineFeed, carriageReturn, quote, backslash, space] = [0x0a, 0x0d, 0x22, 0x5c, 0x20]
const words = { null: utf8('null'), true: utf8('true'), false: utf8('false') } as const
const numeric: ReadonlySet<ColumnType> = new Set<ColumnType>(['int', 'decimal', 'float'])

export type NamedColumn = Pick<Column, 'name' | 'type'>

export class RowText {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(128 << 10)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** All that was written since. @throws VarveError VARVE_CORRUPT for a cell that is not UTF-8 */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length)
    // Between two cells there is ASCII: what is sound as a whole is sound cell by cell.
    if (!isUtf8(bytes)) throw corrupt('cell is not UTF-8')
    this.#length = 0
    return bytes
  }

  /** A cell that is not there is shown as nothing, an empty text in quotes. */
  delimited(cells: readonly Cell[], delimiter: number): void {
    for (let i = 0; i < cells.length; i++) {
      const { kind, bytes } = cells[i]!
      if (i > 0) this.#byte(delimiter)
      if (kind === 'absent' || kind === 'null') continue
      if (kind === 'true' || kind === 'false') this.#raw(words[kind])
      else this.#field(kind === 'bytes' ? utf8(toHex(bytes)) : bytes, delimiter)
    }
    this.#byte(lineFeed)
  }

  /** `heads`: of each column its name as it stands before a value, with its colon. */
  json(columns: readonly NamedColumn[], heads: readonly Uint8Array[], cells: readonly Cell[]): void {
    let sign = 0x7b
    for (let i = 0; i < cells.length; i++) {
      if (cells[i]!.kind === 'absent') continue
      this.#byte(sign)
      this.#raw(heads[i]!)
      this.#value(cells[i]!, columns[i]!.type)
      sign = 0x2c
    }
    if (sign === 0x7b) this.#byte(sign)
    this.#byte(0x7d)
    this.#byte(lineFeed)
  }

  #field(content: Uint8Array, delimiter: number): void {
    const { length } = content
    this.#reserve(2 * length + 2)
    const target = this.#bytes
    let at = this.#length
    let isPlain = length > 0
    for (let i = 0; i < length; i++) {
      const byte = content[i]!
      if (byte === delimiter || byte === quote || byte === lineFeed || byte === carriageReturn)
        isPlain = false
      target[at++] = byte
    }
    if (!isPlain) {
      at = this.#length
      target[at++] = quote
      for (let i = 0; i < length; i++) {
        if (content[i] === quote) target[at++] = quote
        target[at++] = content[i]!
      }
      target[at++] = quote
    }
    this.#length = at
  }

  #value(cell: Cell, type: ColumnType): void {
    const { kind, bytes } = cell
    if (kind === 'null' || kind === 'true' || kind === 'false') this.#raw(words[kind])
    else if (kind === 'bytes') this.#raw(utf8(JSON.stringify(toHex(bytes))))
    else if (kind !== 'text' || isOfType(bytes, type)) this.#raw(bytes)
    else this.#string(cell)
  }

  #string(cell: Cell): void {
    const { length } = cell.bytes
    this.#reserve(length + 2)
    const target = this.#bytes
    let at = this.#length
    target[at++] = quote
    for (let i = 0; i < length; i++) {
      const byte = cell.bytes[i]!
      if (byte < space || byte === quote || byte === backslash)
        return this.#raw(utf8(JSON.stringify(cellText(cell))))
      target[at++] = byte
    }
    target[at++] = quote
    this.#length = at
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    const target = this.#bytes
    let at = this.#length
    // Most are short: `set` takes longer to begin.
    if (bytes.length > 32) target.set(bytes, at)
    else for (let i = 0; i < bytes.length; i++) target[at++] = bytes[i]!
    this.#length += bytes.length
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = byte
  }

  #reserve(length: number): void {
    const needed = this.#length + length
    if (needed > this.#bytes.length) this.#bytes = ensureCapacity(this.#bytes, needed)
  }
}

/** Whether the text stands for a value of the column's type. */
function isOfType(bytes: Uint8Array, type: ColumnType): boolean {
  if (type === 'bool') return isWord(bytes, words.true) || isWord(bytes, words.false)
  return numeric.has(type) && isJsonNumber(bytes)
}

function isWord(bytes: Uint8Array, word: Uint8Array): boolean {
  return bytes.length === word.length && word.every((byte, i) => bytes[i] === byte)
}
