// Rows that wait for the tree, as bytes: a log may name a million of them at once, and objects for their cells take five
// times the room and live just long enough to become old. They lie one behind the other in large pieces of memory, and
// a row is a number: where it lies. A row is a byte that says what it is, its `from`, and its cells: a byte for the
// kind of each and, where that kind has bytes, their number and themselves; a cell that the log leaves out is a byte.
import { ByteReader, varintLength, writeVarint } from '../../encoding/varint.ts'
import { absentCell, cellOf } from '../../table/cell.ts'
import type { Cell, CellKind } from '../../table/interface.ts'

export interface LaidRow {
  /**
   * The cells in the order of the table's columns, each null when the log leaves it out. Null as a whole when the
   * row is gone.
   */
  readonly cells: readonly (Cell | null)[] | null
  /** The key of the row in the tree that has the cells which are left out. */
  readonly from: Uint8Array
  /** Whether cells that are left out are empty when there is no such row. */
  readonly isPatch: boolean
}

const kinds: readonly CellKind[] = ['absent', 'null', 'true', 'false', 'text', 'number', 'json', 'bytes']
const codes: ReadonlyMap<CellKind, number> = new Map(kinds.map((kind, code) => [kind, code]))
const firstWithBytes = kinds.indexOf('text')
const leftOut = 255
const [gone, put, patch] = [0, 1, 2]
const noBytes = new Uint8Array()
/** A larger row has a piece of its own. */
const pieceBytes = 1 << 20
/** The first piece begins small and grows, because most transactions have few rows. */
const firstPieceBytes = 1 << 10

export class LaidRows {
  readonly #pieces: Uint8Array[] = []
  /** Pieces that are used again: fresh memory costs more, and what is left lies around until it is collected. */
  readonly #free: Uint8Array[] = []
  readonly #columns: number
  #used = pieceBytes
  /** Of all that was laid. */
  bytes = 0
  /** Of the largest row. */
  bytesMax = 0

  /** `columns` is how many cells a row has. */
  constructor(columns: number) {
    this.#columns = columns
  }

  /** Writes a row; returns its place. Quoting is left out, since logs know none. */
  lay({ cells, from, isPatch }: LaidRow): number {
    let length = 1 + varintLength(from.length) + from.length
    for (const cell of cells ?? []) length += lengthOf(cell)
    this.bytes += length
    if (length > this.bytesMax) this.bytesMax = length
    const place = this.#take(length)
    const [piece, start] = this.#at(place)
    piece[start] = cells === null ? gone : isPatch ? patch : put
    let at = writeBytes(piece, start + 1, from)
    for (const cell of cells ?? []) at = writeCell(piece, at, cell)
    return place
  }

  /** Reads a row back, as views. */
  lift(place: number): LaidRow {
    return readLaidRow(new ByteReader(...this.#at(place)), this.#columns)
  }

  /** A row's bytes as they lie here: `readLaidRow` reads them. */
  bytesOf(place: number): Uint8Array {
    const [piece, start] = this.#at(place)
    const reader = new ByteReader(piece, start)
    const kind = reader.byte()
    reader.skip(reader.varint())
    if (kind !== gone) for (let i = 0; i < this.#columns; i++) skipCell(reader)
    return piece.subarray(start, reader.at)
  }

  /** Forgets all rows. What was read of them must not be used any more. */
  clear(): void {
    this.#free.push(...this.#pieces.splice(0).filter(({ length }) => length === pieceBytes))
    this.#used = pieceBytes
    this.bytes = 0
    this.bytesMax = 0
  }

  #at(place: number): [piece: Uint8Array, start: number] {
    return [this.#pieces[Math.floor(place / pieceBytes)]!, place % pieceBytes]
  }

  #take(length: number): number {
    if (this.#used + length > pieceBytes) {
      const least = this.#pieces.length === 0 ? firstPieceBytes : pieceBytes
      const free = length > pieceBytes ? undefined : this.#free.pop()
      this.#pieces.push(free ?? new Uint8Array(Math.max(least, length)))
      this.#used = 0
    }
    const last = this.#pieces.length - 1
    if (this.#used + length > this.#pieces[last]!.length) this.#growLast(this.#used + length)
    const place = last * pieceBytes + this.#used
    this.#used += length
    return place
  }

  /**
   * Makes the last piece larger. Rows that were read keep the memory of before, in which nothing is written any
   * more.
   */
  #growLast(least: number): void {
    const piece = this.#pieces.pop()!
    const grown = new Uint8Array(Math.min(pieceBytes, Math.max(least, 2 * piece.length)))
    grown.set(piece)
    this.#pieces.push(grown)
  }
}

/** Reads a row of `columns` cells, as views. */
export function readLaidRow(reader: ByteReader, columns: number): LaidRow {
  const kind = reader.byte()
  const from = reader.take(reader.varint())
  if (kind === gone) return { cells: null, from, isPatch: false }
  const cells = Array.from({ length: columns }, () => readCell(reader))
  return { cells, from, isPatch: kind === patch }
}

/**
 * A row as it is when a later one is laid over it, which has its own cells and leaves out the others. Null when nothing is
 * there of which they could be.
 */
export function laidOver(known: LaidRow, later: LaidRow): LaidRow | null {
  if (later.cells === null || !later.cells.includes(null)) return later
  if (known.cells === null && !later.isPatch) return null
  const cells = later.cells.map((cell, i) => cell ?? (known.cells === null ? absentCell : known.cells[i]!))
  return { cells, from: known.from, isPatch: known.isPatch || later.isPatch }
}

function lengthOf(cell: Cell | null): number {
  if (cell === null || codes.get(cell.kind)! < firstWithBytes) return 1
  return 1 + varintLength(cell.bytes.length) + cell.bytes.length
}

function writeCell(piece: Uint8Array, at: number, cell: Cell | null): number {
  const code = cell === null ? leftOut : codes.get(cell.kind)!
  piece[at] = code
  return cell === null || code < firstWithBytes ? at + 1 : writeBytes(piece, at + 1, cell.bytes)
}

function writeBytes(piece: Uint8Array, at: number, bytes: Uint8Array): number {
  const start = writeVarint(piece, at, bytes.length)
  piece.set(bytes, start)
  return start + bytes.length
}

function skipCell(reader: ByteReader): void {
  const code = reader.byte()
  if (code !== leftOut && code >= firstWithBytes) reader.skip(reader.varint())
}

function readCell(reader: ByteReader): Cell | null {
  const code = reader.byte()
  if (code === leftOut) return null
  return cellOf(kinds[code]!, code < firstWithBytes ? noBytes : reader.take(reader.varint()))
}
