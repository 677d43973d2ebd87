// Lines of a slice of JSON into packed entries. Each row is rendered as soon as it is packed and compared with its
// line; where they differ (other spacing, other order, a name twice, an odd escape) the row keeps the line itself.
import { compareRanges, emptyBytes } from '../../base/bytes.ts'
import { sameRange } from '../../base/platform.ts'
import { cellOf } from '../../table/cell.ts'
import { isIntLiteral, keyBytesMax, keyColumns, keyRoom, writeKeyCell } from '../../table/key.ts'
import type { CellKind, Column, Schema } from '../../table/interface.ts'
import {
  cellBytesMax,
  cellTag,
  inlineCellBytesMax,
  lineEnds,
  rowFlag,
  shortTextMax,
  writeCellHead,
} from '../../table/row.ts'
import type { SliceFault } from '../interface.ts'
import { contentIn, type PackedBuffer } from '../packed.ts'
import type { JsonlColumns } from './columns.ts'
import type { JsonlLayout } from './layout.ts'
import type { PlainLines } from './plain-lines.ts'
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
  readonly #plain: PlainLines | null
  readonly #out: PackedBuffer
  readonly #scanner: ObjectScanner
  readonly #renderer: LineRenderer
  /** By column: which member of the line it is, or -1. */
  #memberOf: Int32Array = new Int32Array(64)
  #columns: JsonlColumn[] = []
  readonly #columnOfValue: number[] = []
  readonly #columnOfKey: number[] = []
  readonly #key: { schema: Schema; columns: readonly Column[] }
  at = 0
  fault: SliceFault | null = null
  faultColumn = -1

  /** Without `plain` all lines are read with care: that gives the same rows. */
  constructor(src: Uint8Array, context: PackContext, out: PackedBuffer, plain: PlainLines | null) {
    this.src = src
    this.#plain = plain
    this.#context = context
    this.#out = out
    this.#scanner = new ObjectScanner(src)
    this.#renderer = new LineRenderer(context.layout, context.keySchema)
    this.#key = { schema: context.keySchema, columns: keyColumns(context.keySchema) }
    this.#takeColumns()
  }

  run(): void {
    while (this.at < this.src.length && this.fault === null) {
      const lineFeed = this.src.indexOf(lf, this.at)
      if (lineFeed < 0) return this.#failed('unfinished')
      const isPair = lineFeed > this.at && this.src[lineFeed - 1] === cr
      const end = lineFeed - (isPair ? 1 : 0)
      if (end === this.at) return this.#failed('blank-line')
      if (this.#plain?.read(this.at, lineFeed)) this.#endRow(this.#plain.keyEnd, this.#plain.valueEnd)
      else if (!this.#line(end, isPair ? '\r\n' : '\n')) return
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
    const keyEnd = this.#writeKey()
    if (keyEnd < 0) return false
    const lineEnd = eol === this.#context.layout.eol ? 0 : lineEnds.indexOf(eol)
    const { contents } = this.#out
    const contentsBefore = contents.length
    for (let lineTo = -1; ; lineTo = end) {
      contents.length = contentsBefore
      const valueEnd = this.#write(keyEnd, lineEnd, lineTo)
      if (valueEnd < 0) return false
      this.#endRow(keyEnd, valueEnd)
      if (this.#isReproduced(contentsBefore, end + eol.length)) return true
      if (lineTo >= 0) return this.#notReproduced()
      this.#out.count--
    }
  }

  #notReproduced(): false {
    this.#out.count--
    this.#failed('not-reproduced')
    return false
  }

  #findColumns(): void {
    const { columns } = this.#context
    const { count, nameStarts, nameEnds, kinds } = this.#scanner
    this.#memberOf.fill(-1)
    let guess = 0
    for (let i = 0; i < count; i++) {
      const column = columns.columnOf(this.src, nameStarts[i]!, nameEnds[i]!, guess)
      guess = column + 1
      if (column >= this.#memberOf.length) this.#memberOf = grown(this.#memberOf, column)
      this.#memberOf[column] = i
      const kind = kinds[i]!
      const isInt = kind === 'number' && !columns.hasFractions(column) && isIntLiteral(this.#content(i))
      columns.saw(column, isInt ? 'int' : kind)
    }
    if (this.#columns.length < columns.names.length) this.#takeColumns()
  }

  #takeColumns(): void {
    const { names, valuePlace, keyPlace } = this.#context.columns
    if (names.length > this.#memberOf.length) this.#memberOf = grown(this.#memberOf, names.length)
    this.#columns = names.map((name, i) => ({ name, valuePlace: valuePlace[i]!, keyPlace: keyPlace[i]! }))
    this.#columns.forEach((column, i) => {
      if (column.valuePlace >= 0) this.#columnOfValue[column.valuePlace] = i
      else this.#columnOfKey[column.keyPlace] = i
    })
  }

  /** Writes the key behind the last row's and returns its end; -1 when it has a fault. */
  #writeKey(): number {
    const { schema, columns } = this.#key
    const out = this.#out
    let at = this.#keyAt
    for (let place = 0; place < columns.length; place++) {
      const column = this.#columnOfKey[place] ?? -1
      const member = this.#memberOf[column] ?? -1
      const fault = member < 0 ? 'missing-key' : this.#keyFault(member)
      if (fault !== null) {
        this.#failed(fault, column)
        return -1
      }
      const bytes = this.#content(member)
      out.reserve(at + keyRoom(bytes.length), 0)
      at = writeKeyCell(
        out.keys,
        at,
        cellOf(this.#scanner.kinds[member]!, bytes),
        columns[place]!,
        schema.cells,
      )
    }
    if (at - this.#keyAt <= keyBytesMax) return at
    this.#failed('key-too-long')
    return -1
  }

  #keyFault(member: number): SliceFault | null {
    const kind = this.#scanner.kinds[member]!
    const { length } = this.#content(member)
    if (kind === 'null' || (kind === 'text' && length === 0)) return 'empty-key'
    if (kind === 'json') return 'key-not-scalar'
    return length > keyBytesMax ? 'key-too-long' : null
  }

  #content(member: number): Uint8Array {
    const { decoded, starts, ends } = this.#scanner
    return decoded[member] ?? this.src.subarray(starts[member], ends[member])
  }

  /** Writes the value behind the last row's; `lineTo` is the end of the line to keep as it is, or -1. */
  #write(keyEnd: number, lineEnd: number, lineTo: number): number {
    const out = this.#out
    const start = this.#valueAt
    out.reserve(keyEnd, start + 64)
    let at = start + 1
    out.values[start] = (lineEnd > 0 ? rowFlag.lineEnd : 0) | (lineTo >= 0 ? rowFlag.rawLine : 0)
    if (lineEnd > 0) out.values[at++] = lineEnd
    if (lineTo >= 0) at = this.#writeCell('text', this.src.subarray(this.at, lineTo), at)
    let end = at
    for (let place = 0; place < this.#columnOfValue.length && at >= 0; place++) {
      const member = this.#memberOf[this.#columnOfValue[place]!]!
      at = member < 0 ? this.#writeCell('absent', emptyBytes, at) : this.#writeMember(member, at)
      if (member >= 0) end = at
    }
    if (at >= 0 && end - start <= rowBytesMax) return end
    this.#failed('cell-too-large')
    return -1
  }

  /** Short text, the usual case, goes from the line to the row without a view. */
  #writeMember(member: number, at: number): number {
    const { kinds, decoded, starts, ends } = this.#scanner
    const length = ends[member]! - starts[member]!
    if (kinds[member] !== 'text' || decoded[member] !== null || length > shortTextMax) {
      return this.#writeCell(kinds[member]!, this.#content(member), at)
    }
    this.#out.reserve(0, at + 1 + length)
    const { values } = this.#out
    values[at++] = length
    for (let i = starts[member]!; i < ends[member]!; i++) values[at++] = this.src[i]!
    return at
  }

  #writeCell(kind: CellKind, bytes: Uint8Array, at: number): number {
    const out = this.#out
    if (bytes.length > cellBytesMax) return -1
    const isLinked = bytes.length > inlineCellBytesMax
    out.reserve(0, at + 8 + (isLinked ? 0 : bytes.length))
    const tag = cellTag[kind]
    if (tag < cellTag.text) {
      out.values[at] = tag
      return at + 1
    }
    at = writeCellHead(out.values, at, tag, bytes.length)
    if (isLinked) {
      out.addContent(bytes.buffer === this.src.buffer ? contentIn(bytes, 0, bytes.length) : bytes.slice())
      return at
    }
    out.values.set(bytes, at)
    return at + bytes.length
  }

  /** Whether the row written last renders to src[at..end). */
  #isReproduced(contentsBefore: number, end: number): boolean {
    const out = this.#out
    const renderer = this.#renderer
    renderer.length = 0
    renderer.row(this.#columns, out, out.count - 1, out.contents, contentsBefore)
    return sameRange(renderer.out, 0, renderer.length, this.src, this.at, end)
  }

  get #keyAt(): number {
    const { count, keyEnds } = this.#out
    return count === 0 ? 0 : keyEnds[count - 1]!
  }

  get #valueAt(): number {
    const { count, valueEnds } = this.#out
    return count === 0 ? 0 : valueEnds[count - 1]!
  }

  #endRow(keyEnd: number, valueEnd: number): void {
    const out = this.#out
    const { count, keys, keyEnds } = out
    if (count > 0 && out.isOrdered) {
      const last = count === 1 ? 0 : keyEnds[count - 2]!
      out.isOrdered = compareRanges(keys, last, this.#keyAt, keys, this.#keyAt, keyEnd) < 0
    }
    out.endRow(keyEnd, valueEnd)
  }
}

function grown(array: Int32Array, index: number): Int32Array {
  const larger = new Int32Array(Math.max(2 * array.length, index + 1)).fill(-1)
  larger.set(array)
  return larger
}
