// Lines of a slice of JSON into packed entries. Each row is rendered as soon as it is packed and compared with its
// line; where they differ (other spacing, other order, a name twice, an odd escape) the row keeps the line itself.
import { compareRanges } from '../../base/bytes.ts'
import { sameBytes } from '../../base/platform.ts'
import { cellOf } from '../../table/cell.ts'
import { encodeKey, isIntLiteral, keyBytesMax, keyRoom } from '../../table/key.ts'
import type { Cell, CellKind, Schema } from '../../table/interface.ts'
import {
  cellBytesMax,
  cellTag,
  inlineCellBytesMax,
  lineEnds,
  rowFlag,
  writeCellHead,
} from '../../table/row.ts'
import { isVarveError } from '../../base/errors.ts'
import type { SliceFault } from '../interface.ts'
import type { PackedBuffer } from '../packed.ts'
import type { JsonlColumns } from './columns.ts'
import type { JsonlLayout } from './layout.ts'
import { type JsonlColumn, LineRenderer } from './render.ts'
import { ObjectScanner } from './scan.ts'

const rowBytesMax = 900 << 10
const lf = 10
const cr = 13

/** What packing a line needs beyond the line: the key's part of the schema is fixed, columns grow. */
export interface PackContext {
  readonly columns: JsonlColumns
  readonly layout: JsonlLayout
  /** A schema of the key's columns alone. */
  readonly keySchema: Schema
}

export class LinePacker {
  readonly src: Uint8Array
  readonly #context: PackContext
  readonly #out: PackedBuffer
  readonly #scanner: ObjectScanner
  readonly #renderer: LineRenderer
  /** By column: which member of the line it is, or -1. */
  #memberOf: Int32Array = new Int32Array(64)
  #lastKey: readonly [number, number] | null = null
  #columns: JsonlColumn[] = []
  at = 0
  fault: SliceFault | null = null
  faultColumn = -1

  constructor(src: Uint8Array, context: PackContext, out: PackedBuffer) {
    this.src = src
    this.#context = context
    this.#out = out
    this.#scanner = new ObjectScanner(src)
    this.#renderer = new LineRenderer(context.layout)
  }

  run(): void {
    while (this.at < this.src.length && this.fault === null) {
      const lineFeed = this.src.indexOf(lf, this.at)
      if (lineFeed < 0) return this.#failed('unfinished')
      const isPair = lineFeed > this.at && this.src[lineFeed - 1] === cr
      const end = lineFeed - (isPair ? 1 : 0)
      if (end === this.at) return this.#failed('blank-line')
      if (!this.#line(end, isPair ? '\r\n' : '\n')) return
      this.at = lineFeed + 1
    }
  }

  #failed(fault: SliceFault, column = -1): void {
    this.fault = fault
    this.faultColumn = column
  }

  #line(end: number, eol: string): boolean {
    const scanner = this.#scanner
    if (!scanner.scan(this.at, end)) {
      this.#failed(scanner.fault!)
      return false
    }
    this.#findColumns()
    const key = this.#keyCells()
    if (key === null) return false
    const lineEnd = eol === this.#context.layout.eol ? 0 : lineEnds.indexOf(eol)
    const bytes = this.#encodedKey(key)
    if (bytes === null) return false
    const { contents } = this.#out
    const contentsBefore = contents.length
    for (const rawLine of [false, true]) {
      contents.length = contentsBefore
      const valueEnd = this.#write(bytes, lineEnd, rawLine ? end : -1)
      if (valueEnd < 0) return false
      if (!this.#isReproduced(key, valueEnd, contentsBefore, end, eol)) continue
      this.#endRow(bytes.length, valueEnd)
      return true
    }
    this.#failed('not-reproduced')
    return false
  }

  #findColumns(): void {
    const { columns } = this.#context
    const { count, nameStarts, nameEnds, kinds } = this.#scanner
    const found: number[] = []
    for (let i = 0; i < count; i++) {
      const column = columns.columnOf(this.src, nameStarts[i]!, nameEnds[i]!)
      found.push(column)
      const isInt = kinds[i] === 'number' && isIntLiteral(this.#content(i))
      columns.saw(column, isInt ? 'int' : kinds[i]!)
    }
    if (columns.names.length > this.#memberOf.length)
      this.#memberOf = new Int32Array(2 * columns.names.length)
    this.#memberOf.fill(-1)
    found.forEach((column, i) => (this.#memberOf[column] = i))
    for (let i = this.#columns.length; i < columns.names.length; i++) {
      this.#columns.push({
        name: columns.names[i]!,
        valuePlace: columns.valuePlace[i]!,
        keyPlace: columns.keyPlace[i]!,
      })
    }
  }

  #keyCells(): Cell[] | null {
    const key: Cell[] = []
    for (let column = 0; column < this.#columns.length; column++) {
      const place = this.#columns[column]!.keyPlace
      if (place < 0) continue
      const member = this.#memberOf[column]!
      const fault = member < 0 ? 'missing-key' : this.#keyFault(member)
      if (fault !== null) {
        this.#failed(fault, column)
        return null
      }
      key[place] = cellOf(this.#scanner.kinds[member]!, this.#content(member))
    }
    if (key.filter((cell) => cell !== undefined).length === this.#context.keySchema.key.length) return key
    this.#failed('missing-key')
    return null
  }

  #keyFault(member: number): SliceFault | null {
    const kind = this.#scanner.kinds[member]!
    const { length } = this.#content(member)
    if (kind === 'null' || (kind === 'text' && length === 0)) return 'empty-key'
    if (kind === 'json') return 'key-not-scalar'
    return length > keyBytesMax ? 'key-too-long' : null
  }

  #encodedKey(key: Cell[]): Uint8Array | null {
    try {
      return encodeKey(this.#context.keySchema, key)
    } catch (error) {
      if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
      this.#failed('key-too-long')
      return null
    }
  }

  #content(member: number): Uint8Array {
    const { decoded, starts, ends } = this.#scanner
    return decoded[member] ?? this.src.subarray(starts[member], ends[member])
  }

  /** Writes key and value behind the last row; `lineTo` is the end of the line to keep as it is, or -1. */
  #write(key: Uint8Array, lineEnd: number, lineTo: number): number {
    const out = this.#out
    const { keyAt, valueAt } = this.#places()
    out.reserve(keyAt + key.length + keyRoom(0), valueAt + 64)
    out.keys.set(key, keyAt)
    let at = valueAt + 1
    out.values[valueAt] = (lineEnd > 0 ? rowFlag.lineEnd : 0) | (lineTo >= 0 ? rowFlag.rawLine : 0)
    if (lineEnd > 0) out.values[at++] = lineEnd
    if (lineTo >= 0) at = this.#writeCell('text', this.src.subarray(this.at, lineTo), at)
    let end = at
    for (const { member } of this.#membersInPlace()) {
      if (at < 0) return -1
      const kind = member < 0 ? 'absent' : this.#scanner.kinds[member]!
      at = this.#writeCell(kind, member < 0 ? key.subarray(0, 0) : this.#content(member), at)
      if (member >= 0) end = at
    }
    if (at < 0 || end - valueAt > rowBytesMax) {
      this.#failed('cell-too-large')
      return -1
    }
    return end
  }

  *#membersInPlace(): Generator<{ member: number }> {
    const byPlace: number[] = []
    this.#columns.forEach(({ valuePlace }, column) => {
      if (valuePlace >= 0) byPlace[valuePlace] = this.#memberOf[column]!
    })
    for (const member of byPlace) yield { member }
  }

  #places(): { keyAt: number; valueAt: number } {
    const { count, keyEnds, valueEnds } = this.#out
    return count === 0
      ? { keyAt: 0, valueAt: 0 }
      : { keyAt: keyEnds[count - 1]!, valueAt: valueEnds[count - 1]! }
  }

  #writeCell(kind: CellKind, bytes: Uint8Array, at: number): number {
    const out = this.#out
    if (bytes.length > cellBytesMax) return -1
    const { keyAt } = this.#places()
    const isLinked = bytes.length > inlineCellBytesMax
    out.reserve(keyAt + keyBytesMax, at + 8 + (isLinked ? 0 : bytes.length))
    const tag = cellTag[kind]
    if (tag < cellTag.text) {
      out.values[at] = tag
      return at + 1
    }
    at = writeCellHead(out.values, at, tag, bytes.length)
    if (isLinked) {
      out.addContent(bytes.slice())
      return at
    }
    out.values.set(bytes, at)
    return at + bytes.length
  }

  #isReproduced(key: Cell[], valueEnd: number, contentsBefore: number, end: number, eol: string): boolean {
    const out = this.#out
    const renderer = this.#renderer
    renderer.length = 0
    const value = out.values.subarray(this.#places().valueAt, valueEnd)
    renderer.row(this.#columns, value, key, out.contents.slice(contentsBefore))
    return sameBytes(renderer.out.subarray(0, renderer.length), this.src.subarray(this.at, end + eol.length))
  }

  #endRow(keyLength: number, valueEnd: number): void {
    const out = this.#out
    const { keyAt } = this.#places()
    const last = this.#lastKey
    if (last !== null && compareRanges(out.keys, last[0], last[1], out.keys, keyAt, keyAt + keyLength) >= 0) {
      out.isOrdered = false
    }
    out.endRow(keyAt + keyLength, valueEnd)
    this.#lastKey = [keyAt, keyAt + keyLength]
  }
}
