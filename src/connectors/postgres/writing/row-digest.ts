// A digest of rows, whatever their order, that the server makes of what it has stored at a tenth of the cost of sending it:
// the sum of a hash of each row. A row's hash runs over the texts of its columns, each seeded by the one before, and at the
// end over which of them are NULL. The hash is Jenkins' lookup3 of 64 bits, the server's `hashtextextended`; the
// first seed is random, so that nobody can choose rows that fall together. What differs here and there for any reason
// (another encoding, a type whose cast says something else) makes the digests differ, never the same.
import { randomHex } from '../../../base/platform.ts'
import { utf8 } from '../../../base/bytes.ts'
import { writeIntText } from '../../../table/int-key.ts'
import type { Cell, ColumnType } from '../../../table/interface.ts'
import type { PostgresTable } from '../discover.ts'
import { Lookup3 } from './lookup3.ts'
import { quoteName } from '../sql.ts'
import type { CellSink, StoredCells } from '../../../table/stored-cells.ts'

/** In one number of the server. */
const nullsAtOnce = 60
const intTextMax = 40
const space = 0x20
const plus = 0x2b
const nine = 0x39
const letterT = 0x54
const letterZ = 0x5a
/** As what the server's text is read; NaN and infinity are read back. */
const kinds: Readonly<Record<ColumnType, Cell['kind'] | null>> = {
  text: 'text',
  int: 'number',
  decimal: 'number',
  float: 'number',
  bool: null,
  date: 'text',
  timestamp: 'text',
  bytes: null,
  json: 'json',
}
const trueText = utf8('true')
const falseText = utf8('false')
const utc = utf8('+00')
const hexDigits = utf8('0123456789abcdef')
const empty = new Uint8Array()

export interface RowSum {
  readonly count: number
  readonly sum: bigint
}

export function randomSeed(): bigint {
  return BigInt.asIntN(64, BigInt(`0x${randomHex(8)}`))
}

/** The hash of row `t`, as SQL. */
export function rowHash({ columns }: PostgresTable, seed: bigint): string {
  let hash = `'${seed}'::bigint`
  for (const { name } of columns)
    hash = `hashtextextended(coalesce(t.${quoteName(name)}::text, '') COLLATE "C", ${hash})`
  for (let at = 0; at < columns.length; at += nullsAtOnce) {
    const bits = columns
      .slice(at, at + nullsAtOnce)
      .map(
        ({ name }, i) =>
          `CASE WHEN t.${quoteName(name)} IS NULL THEN '${2n ** BigInt(i)}'::bigint ELSE 0 END`,
      )
    hash = `hashtextextended('' COLLATE "C", ${hash} # (${bits.join(' + ')}))`
  }
  return hash
}

/** Takes the cells of a row one by one, all of the table's columns in their order. */
export class RowDigest implements CellSink {
  /** Whether the server's texts tell each cell: else another cell could have the same. */
  isSure = true
  readonly #types: readonly ColumnType[]
  /** By column, as what its text is read. */
  readonly #kinds: readonly (Cell['kind'] | null)[]
  readonly #hash: Lookup3
  readonly #nulls: Uint8Array
  #scratch = new Uint8Array(256)
  #column = 0

  constructor({ columns }: PostgresTable, seed: bigint) {
    this.#types = columns.map(({ type }) => type)
    this.#kinds = this.#types.map((type) => kinds[type])
    this.#hash = new Lookup3(seed)
    this.#nulls = new Uint8Array(columns.length)
  }

  get rows(): RowSum {
    return this.#hash.total()
  }

  row(cells: StoredCells): void {
    // What says how a row was spelled in a file is nothing that a server knows.
    if (cells.flags !== 0) this.isSure = false
    for (let i = 0; i < this.#types.length; i++) cells.send(i, this)
    this.endRow()
  }

  endRow(): void {
    for (let at = 0; at < this.#types.length; at += nullsAtOnce) {
      let [high, low] = [0, 0]
      for (let i = 0; i < nullsAtOnce && at + i < this.#types.length; i++)
        if (this.#nulls[at + i] === 0) continue
        else if (i < 32) low |= 1 << i
        else high |= 1 << (i - 32)
      this.#hash.mark(high, low)
      this.#hash.add(empty, 0, 0)
    }
    this.#column = 0
    this.#hash.endRow()
  }

  null(kind: 'null' | 'absent'): void {
    if (kind === 'absent') this.isSure = false
    this.#nulls[this.#column++] = 1
    this.#hash.add(empty, 0, 0)
  }

  bool(value: boolean): void {
    const text = value ? trueText : falseText
    this.#add(text, 0, text.length, 'bool')
  }

  int(key: Uint8Array, at: number): void {
    const out = this.#room(intTextMax)
    this.text(out, 0, writeIntText(out, 0, key, at), 'number')
  }

  text(src: Uint8Array, start: number, end: number, kind: 'text' | 'number' | 'json'): void {
    const type = this.#types[this.#column]!
    if (type === 'timestamp' && kind === 'text') return this.#timestamp(src, start, end)
    this.#add(src, start, end, this.#kinds[this.#column] === kind ? type : null)
  }

  bytes(bytes: Uint8Array): void {
    const out = this.#room(2 * bytes.length + 2)
    out[0] = 0x5c
    out[1] = 0x78
    let at = 2
    for (const byte of bytes) {
      out[at++] = hexDigits[byte >> 4]!
      out[at++] = hexDigits[byte & 15]!
    }
    this.#add(out, 0, at, 'bytes')
  }

  /** As the server's own text, of which `cellOfText` makes this one and no other. */
  #timestamp(src: Uint8Array, start: number, end: number): void {
    const length = end - start
    const last = src[end - 1]!
    const isLong = length >= 19
    if (!isLong || src[start + 10] !== letterT) {
      if (isLong && src[start + 10] === space && last <= nine) this.isSure = false
      return this.#add(src, start, end, 'timestamp')
    }
    const isUtc = last === letterZ
    if (!isUtc && (last > nine || src[end - 3] === plus)) this.isSure = false
    const out = this.#room(length + 2)
    for (let i = 0; i < length; i++) out[i] = src[start + i]!
    out[10] = space
    if (isUtc) out.set(utc, length - 1)
    this.#add(out, 0, isUtc ? length + 2 : length, 'timestamp')
  }

  #add(src: Uint8Array, start: number, end: number, type: ColumnType | null): void {
    if (type !== this.#types[this.#column]) this.isSure = false
    this.#nulls[this.#column++] = 0
    this.#hash.add(src, start, end)
  }

  #room(bytes: number): Uint8Array {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(2 * bytes)
    return this.#scratch
  }
}
