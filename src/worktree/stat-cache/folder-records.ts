// What the stat cache knows of one folder: a record for every tracked file that lies directly in it, as one value.
//   count u32 | end of each record, from the first one's start, u32 each | length of the names u32 | the names, in
//   UTF-8 (PEP 383 for bytes that are not UTF-8), joined by '/' | the records
// It is read where it lies: names become strings at once, a record becomes objects when somebody asks for it.
import { textFromBytes, textToBytes } from '../../files/text.ts'
import type { FileStat } from '../file-stat.ts'
import { type KnownFile, decodeKnown, encodeKnown, isTableAt, isProofAt } from './record.ts'

/** Name -> record; null takes one away. */
export type RecordEdits = ReadonlyMap<string, KnownFile | null>

const wordBytes = 4

export class FolderRecords {
  readonly bytes: Uint8Array
  readonly names: readonly string[]
  readonly #view: DataView
  readonly #recordsStart: number
  #places: Map<string, number> | null = null
  #next = 0

  static readonly empty: FolderRecords = new FolderRecords(new Uint8Array(2 * wordBytes), [], 2 * wordBytes)

  private constructor(bytes: Uint8Array, names: readonly string[], recordsStart: number) {
    this.bytes = bytes
    this.names = names
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#recordsStart = recordsStart
  }

  /** Takes the bytes for what was once encoded: whoever kept them has checked that. */
  static decode(bytes: Uint8Array): FolderRecords {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const count = view.getUint32(0, true)
    const namesStart = (count + 2) * wordBytes
    const recordsStart = namesStart + view.getUint32(namesStart - wordBytes, true)
    const names = textFromBytes(bytes.subarray(namesStart, recordsStart)).split('/')
    return new FolderRecords(bytes, names, recordsStart)
  }

  /** Where the name is, or -1. A folder mostly lists its names as it did when they were stored. */
  find(name: string): number {
    const next = this.#next
    if (this.names[next] === name) {
      this.#next = next + 1
      return next
    }
    this.#places ??= new Map(this.names.map((own, i) => [own, i]))
    const place = this.#places.get(name)
    if (place === undefined) return -1
    this.#next = place + 1
    return place
  }

  get(name: string): KnownFile | null {
    const i = this.find(name)
    return i === -1 ? null : decodeKnown(this.#recordAt(i))
  }

  /** Whether a file with this stat is sure to be as it is tracked. */
  proves(i: number, stat: FileStat): boolean {
    return isProofAt(this.#view, this.#recordsStart + this.#startOf(i), stat)
  }

  isTable(i: number): boolean {
    return isTableAt(this.#view, this.#recordsStart + this.#startOf(i))
  }

  /** The records with these edits; null when nothing is left. */
  edited(edits: RecordEdits): FolderRecords | null {
    const kept = this.names.flatMap((name, i): [string, Uint8Array][] =>
      edits.has(name) ? [] : [[name, this.#recordAt(i)]],
    )
    for (const [name, record] of edits) if (record !== null) kept.push([name, encodeKnown(record)])
    return kept.length === 0 ? null : encoded(kept)
  }

  #startOf(i: number): number {
    return i === 0 ? 0 : this.#view.getUint32(i * wordBytes, true)
  }

  #recordAt(i: number): Uint8Array {
    const end = this.#view.getUint32((i + 1) * wordBytes, true)
    return this.bytes.subarray(this.#recordsStart + this.#startOf(i), this.#recordsStart + end)
  }
}

function encoded(records: readonly (readonly [string, Uint8Array])[]): FolderRecords {
  const names = textToBytes(records.map(([name]) => name).join('/'))
  let end = 0
  for (const [, record] of records) end += record.length
  const namesStart = (records.length + 2) * wordBytes
  const recordsStart = namesStart + names.length
  const bytes = new Uint8Array(recordsStart + end)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, records.length, true)
  view.setUint32(namesStart - wordBytes, names.length, true)
  bytes.set(names, namesStart)
  end = 0
  records.forEach(([, record], i) => {
    bytes.set(record, recordsStart + end)
    end += record.length
    view.setUint32((i + 1) * wordBytes, end, true)
  })
  return FolderRecords.decode(bytes)
}
