// Rows of a log for which there is no room in memory: gathered in runs, each sorted by key and written in pieces by a
// writer that nothing is published from: its files go when it is aborted. Merged, the runs are one: of two rows with one key
// that of the later run is laid over the other.
import { ByteReader, varintLength, writeVarint } from '../../encoding/varint.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { ObjectWriter } from '../../store/interface.ts'
import { type LaidRow, type LaidRows, laidOver, readLaidRow } from './laid-rows.ts'

/** A piece ends behind the row with which it reaches this. */
const pieceBytes = 64 << 10
/** Rows that are given at a time. */
const windowRows = 512

/** A row and its name: its key, a letter for each byte, which sorts as the key does. */
export interface NamedRow {
  readonly name: string
  readonly row: LaidRow
}

/** By name, where rows were laid. */
type Places = ReadonlyMap<string, number>

export class LaidRuns {
  readonly #writer: ObjectWriter
  readonly #columns: number
  #runs: (readonly Cid[])[] = []

  /** `columns` is how many cells a row has; `writer` is aborted by whoever has made it. */
  constructor(writer: ObjectWriter, columns: number) {
    this.#writer = writer
    this.#columns = columns
  }

  get count(): number {
    return this.#runs.length
  }

  clear(): void {
    this.#runs = []
  }

  /** Writes rows as one more run, which is later than those before. */
  async add(places: Places, laid: LaidRows): Promise<void> {
    const pieces: Cid[] = []
    let piece = Buffer.alloc(2 * pieceBytes)
    let used = 0
    const end = (): void => {
      if (used > 0) pieces.push(this.#writer.put('raw', piece.subarray(0, used)))
      used = 0
    }
    for (const name of sortedNames(places)) {
      const row = laid.bytesOf(places.get(name)!)
      const length = varintLength(name.length) + name.length + row.length
      if (used + length > piece.length) piece = Buffer.concat([piece.subarray(0, used)], used + length)
      used = writeVarint(piece, used, name.length)
      used += piece.write(name, used, 'latin1')
      piece.set(row, used)
      used += row.length
      if (used < pieceBytes) continue
      end()
      await this.#writer.drained()
    }
    end()
    this.#runs.push(pieces)
  }

  /** The rows of all runs in the order of their keys; null ends them where one leaves out cells of a row that was gone. */
  async *merged(): AsyncGenerator<readonly NamedRow[] | null> {
    const cursors = this.#runs.map(
      (pieces, order) => new RunCursor(this.#writer, this.#columns, { pieces, order }),
    )
    for (const cursor of cursors) await cursor.next()
    let window: NamedRow[] = []
    const waiting = cursors.sort(compareCursors)
    for (let lowest = waiting.shift(); lowest !== undefined; lowest = waiting.shift()) {
      const { name, row } = lowest
      const last = window.at(-1)
      const whole = last?.name === name ? laidOver(last.row, row) : row
      if (whole === null) return yield null
      if (last?.name === name) window.pop()
      else if (window.length >= windowRows) {
        yield window
        window = []
      }
      window.push({ name, row: whole })
      if (lowest.step() || (await lowest.next())) insert(waiting, lowest)
    }
    yield window
  }
}

export function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}

export function keyOf(name: string): Uint8Array {
  return Buffer.from(name, 'latin1')
}

/** Rows that were laid in the order of their keys. */
export function* sortedRows(places: Places, laid: LaidRows): Generator<NamedRow[]> {
  const names = sortedNames(places)
  for (let at = 0; at < names.length; at += windowRows)
    yield names.slice(at, at + windowRows).map((name) => ({ name, row: laid.lift(places.get(name)!) }))
}

function sortedNames(places: Places): string[] {
  return [...places.keys()].sort()
}

/** Stands at a row of a run. */
class RunCursor {
  readonly #writer: ObjectWriter
  readonly #columns: number
  readonly #pieces: readonly Cid[]
  readonly order: number
  #nextPiece = 0
  #reader = new ByteReader(new Uint8Array())
  name = ''
  #row: LaidRow | null = null

  constructor(
    writer: ObjectWriter,
    columns: number,
    { pieces, order }: { readonly pieces: readonly Cid[]; readonly order: number },
  ) {
    this.#writer = writer
    this.#columns = columns
    this.#pieces = pieces
    this.order = order
  }

  get row(): LaidRow {
    return this.#row!
  }

  /** Goes to the next row of the piece; false when that has ended. */
  step(): boolean {
    const reader = this.#reader
    if (reader.done) return false
    this.name = nameOf(reader.take(reader.varint()))
    this.#row = readLaidRow(reader, this.#columns)
    return true
  }

  /** Goes to the first row of the next piece; false when the run has ended. */
  async next(): Promise<boolean> {
    const cid = this.#pieces[this.#nextPiece++]
    if (cid === undefined) return false
    const [bytes] = await this.#writer.get([cid])
    this.#reader = new ByteReader(bytes!)
    return this.step()
  }
}

function compareCursors(a: RunCursor, b: RunCursor): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.order - b.order
}

/** Puts a cursor where it belongs among sorted ones. */
function insert(cursors: RunCursor[], cursor: RunCursor): void {
  let [low, high] = [0, cursors.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareCursors(cursors[middle]!, cursor) < 0) low = middle + 1
    else high = middle
  }
  cursors.splice(low, 0, cursor)
}
