// A conflict as stored: an entry of a map whose key is the conflict's number (four bytes, big-endian), whose value is
// dag-cbor [kind, path, row key, text, [base, ours, theirs]], and whose links are those of the three sides, so that gc
// keeps them. `text` is the column of a cell, the reason of the others. A side is null or [bytes, number of links];
// bytes above 1 KiB lie in an object of their own: null stands for them, and that object is the side's first link.
// A cell's bytes are its spelling in a row (table/row.ts), a row's its value, a file's its tree entry.
import { corrupt } from '../../base/errors.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import type { Cid } from '../../encoding/cid.ts'
import { pathFromBytes, pathToBytes } from '../../files/path.ts'
import type { Path } from '../../files/interface.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { ObjectWriter } from '../../store/interface.ts'
import type { Conflict } from '../interface.ts'

export const conflictKinds: readonly Conflict['kind'][] = [
  'cell',
  'row',
  'file',
  'schema',
  'key-collision',
  'part',
]
const inlineBytesMax = 1024

/** The three sides of anything: what was, what it became here, and there. */
export interface Sides<T> {
  readonly base: T
  readonly ours: T
  readonly theirs: T
}

export interface StoredSide {
  readonly value: Uint8Array
  readonly links: readonly Cid[]
}

export interface ConflictRecord extends Sides<StoredSide | null> {
  readonly kind: Conflict['kind']
  readonly path: Path
  /**
   * The row's key; for a column what tables/column-clash.ts says, for a part of a file document-part.ts; else
   * empty.
   */
  readonly key: Uint8Array
  readonly text: string
}

/** About one column of a table (tables/column-clash.ts), not about the whole of it. */
export function isOfColumn({ kind, key }: ConflictRecord): boolean {
  return kind === 'schema' && key.length > 0
}

/** Whether the conflict is about a path as a whole. */
export function isOfPath(record: ConflictRecord): boolean {
  return record.kind === 'file' || (record.kind === 'schema' && !isOfColumn(record))
}

export function conflictKey(number: number): Uint8Array {
  const key = new Uint8Array(4)
  new DataView(key.buffer).setUint32(0, number)
  return key
}

function conflictNumber(key: Uint8Array): number {
  if (key.length !== 4) throw corrupt('conflict has a malformed number')
  return new DataView(key.buffer, key.byteOffset, 4).getUint32(0)
}

export function encodeConflict(
  writer: ObjectWriter,
  record: ConflictRecord,
): { value: Uint8Array; links: Cid[] } {
  const sides = new SideWriter(writer)
  const packed = [record.base, record.ours, record.theirs].map((side) => sides.pack(side))
  const kind = conflictKinds.indexOf(record.kind)
  const value = encodeCbor([kind, pathToBytes(record.path), record.key, record.text, packed])
  return { value, links: sides.links }
}

/** Packs sides of one entry: null, or [bytes or null, number of links]; collects the entry's links. */
export class SideWriter {
  readonly links: Cid[] = []
  readonly #writer: ObjectWriter

  constructor(writer: ObjectWriter) {
    this.#writer = writer
  }

  pack(stored: StoredSide | null): [Uint8Array | null, number] | null {
    if (stored === null) return null
    const isInline = stored.value.length <= inlineBytesMax
    const own = isInline ? stored.links : [this.#writer.put('raw', stored.value), ...stored.links]
    for (const link of own) this.links.push(link)
    return [isInline ? stored.value : null, own.length]
  }
}

/** A record whose large sides are still to be fetched. */
export interface ReadRecord {
  readonly number: number
  readonly path: Path
  /** Objects to fetch, then give to `finish`. */
  readonly wanted: readonly Cid[]
  finish(contents: ReadonlyMap<Cid, Uint8Array>): ConflictRecord
}

/** @throws VarveError VARVE_CORRUPT */
export function decodeConflict(entry: Entry): ReadRecord {
  const value = decodeCbor(entry.value, 'conflict')
  if (!Array.isArray(value) || value.length !== 5) throw malformed()
  const [kindNumber, path, key, text, sides] = value as unknown[]
  const kind = conflictKinds[kindNumber as number]
  if (kind === undefined || !(path instanceof Uint8Array) || !(key instanceof Uint8Array)) throw malformed()
  if (typeof text !== 'string' || !Array.isArray(sides) || sides.length !== 3) throw malformed()
  const read = unpackSides(sides, entry.links, 'conflict')
  const head = { kind, path: pathFromBytes(path), key, text }
  return {
    number: conflictNumber(entry.key),
    path: head.path,
    wanted: read.wanted,
    finish: (contents) => {
      const [base, ours, theirs] = read.finish(contents)
      return { ...head, base: base!, ours: ours!, theirs: theirs! }
    },
  }
}

export interface ReadSides {
  /** Objects to fetch, then give to `finish`. */
  readonly wanted: readonly Cid[]
  finish(contents: ReadonlyMap<Cid, Uint8Array>): (StoredSide | null)[]
}

/** The sides that a `SideWriter` packed, all of the entry's links being theirs. @throws VarveError VARVE_CORRUPT */
export function unpackSides(packed: readonly unknown[], entryLinks: readonly Cid[], what: string): ReadSides {
  const wanted: Cid[] = []
  let next = 0
  const sides = packed.map((side): Large | StoredSide | null => {
    if (side === null) return null
    const [bytes, count] = Array.isArray(side) ? (side as unknown[]) : []
    if (!Number.isSafeInteger(count) || (count as number) < 0) throw malformed(what)
    const links = entryLinks.slice(next, (next += count as number))
    if (links.length !== count) throw malformed(what)
    if (bytes instanceof Uint8Array) return { value: bytes, links }
    const [at, ...rest] = links
    if (bytes !== null || at === undefined) throw malformed(what)
    wanted.push(at)
    return { at, links: rest }
  })
  if (next !== entryLinks.length) throw malformed(what)
  return { wanted, finish: (contents) => sides.map((side) => whole(side, contents)) }
}

interface Large {
  readonly at: Cid
  readonly links: readonly Cid[]
}

function whole(side: Large | StoredSide | null, contents: ReadonlyMap<Cid, Uint8Array>): StoredSide | null {
  return side === null || 'value' in side ? side : { value: contents.get(side.at)!, links: side.links }
}

function malformed(what = 'conflict'): Error {
  return corrupt(`${what} is malformed`)
}
