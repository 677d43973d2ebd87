// The conflicts of one merge, as a stored map: they survive a crash and gc, and a million of them need no memory.
// Numbers are given when they are written, in the order of path, row key and column, and never change.
import type { AnyIterable } from '../../base/iterables.ts'
import { corrupt, throwIfAborted } from '../../base/errors.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Cid } from '../../encoding/cid.ts'
import { decodeEntry } from '../../files/entry.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { PathSelection } from '../../files/path-selection.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import { MapBuilder } from '../../prolly/map-builder.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ObjectWriter, ReadOptions } from '../../store/interface.ts'
import type { Cell } from '../../table/interface.ts'
import { fetchContents, slotCell } from '../../table/slot.ts'
import { columnOfKey } from '../tables/column-clash.ts'
import { namesOf } from './conflict-names.ts'
import {
  type ConflictRecord,
  type Sides,
  type StoredSide,
  conflictKey,
  decodeConflict,
  encodeConflict,
} from './conflict-record.ts'
import { isPartAt, partOf, partText } from './document-part.ts'
import type { Conflict, FileConflict } from '../interface.ts'

export interface ConflictFilter {
  /** A path, and what lies below it. */
  readonly path?: Path | undefined
  /** Of these paths, instead of one. */
  readonly paths?: PathSelection | undefined
  /** A row's key, encoded: one for all tables, or by table; null: the table can have no such key. */
  readonly key?: Uint8Array | ((path: Path) => Promise<Uint8Array | null>) | undefined
  /** The same as it was typed, for rows of files that nobody declared. */
  readonly typedKey?: readonly string[] | undefined
  readonly column?: string | undefined
  readonly id?: string | undefined
  readonly kinds?: readonly Conflict['kind'][] | undefined
}

export interface NumberedRecord {
  readonly number: number
  readonly record: ConflictRecord
}

/** Numbers them from 1 in the order given. The root is null when there are none. */
export async function writeConflicts(
  nodes: NodeStore,
  writer: ObjectWriter,
  conflicts: AnyIterable<readonly ConflictRecord[]>,
  options: ReadOptions = {},
): Promise<{ root: Cid | null; count: number }> {
  const builder = new MapBuilder(writer)
  for await (const batch of conflicts) {
    throwIfAborted(options.signal)
    for (const record of batch) {
      const { value, links } = encodeConflict(writer, record)
      builder.addEntry(conflictKey(builder.count + 1), value, links)
    }
    await writer.drained()
  }
  if (builder.count === 0) return { root: null, count: 0 }
  return { root: builder.finish(nodes).cid, count: builder.count }
}

/** The conflicts in batches, in the order of their numbers. */
export async function* scanConflicts(
  nodes: NodeStore,
  root: Cid | null,
  filter: ConflictFilter = {},
  options: ReadOptions = {},
): AsyncGenerator<Conflict[]> {
  for await (const batch of scanRecords(nodes, root, filter, options))
    yield await conflictsOf(nodes, batch, options)
}

/** The conflicts of these records: with cells and entries made of their sides. */
export async function conflictsOf(
  nodes: NodeStore,
  batch: readonly NumberedRecord[],
  options: ReadOptions = {},
): Promise<Conflict[]> {
  const sides = batch.flatMap(({ record }) =>
    record.kind === 'cell' ? [record.base, record.ours, record.theirs] : [],
  )
  const links = sides.flatMap((side) => side?.links ?? [])
  const contents = await fetchContents(nodes.reader, links, options)
  return batch.map(({ number, record }) => conflictOf(number, record, contents))
}

/** As `scanConflicts`, without making cells and entries of the sides. */
export async function* scanRecords(
  nodes: NodeStore,
  root: Cid | null,
  filter: ConflictFilter = {},
  options: ReadOptions = {},
): AsyncGenerator<NumberedRecord[]> {
  if (root === null) return
  const map = await ProllyMap.load(nodes, root, options)
  for await (const batch of map.scan({ ...rangeOf(filter), signal: options.signal })) {
    const read = Array.from({ length: batch.count }, (_, i) => decodeConflict(entryAt(batch, i)))
    const contents = await fetchContents(
      nodes.reader,
      read.flatMap(({ wanted }) => wanted),
      options,
    )
    const records = read.map((one) => ({ number: one.number, record: one.finish(contents) }))
    const chosen = await chosenOf(records, filter)
    if (chosen.length > 0) yield chosen
  }
}

export async function countConflicts(
  nodes: NodeStore,
  root: Cid | null,
  options: ReadOptions = {},
): Promise<number> {
  return root === null ? 0 : (await ProllyMap.load(nodes, root, options)).count
}

function rangeOf({ id }: ConflictFilter): { from?: Uint8Array; before?: Uint8Array } {
  if (id === undefined) return {}
  const number = /^[1-9]\d{0,8}$/.test(id) ? Number(id) : 0
  return { from: conflictKey(number), before: conflictKey(number + 1) }
}

async function chosenOf(
  records: readonly NumberedRecord[],
  { path, paths, key, typedKey, column, kinds }: ConflictFilter,
): Promise<NumberedRecord[]> {
  const chosen: NumberedRecord[] = []
  for (const one of records) {
    const { record } = one
    if (path !== undefined && !isWithin(record.path, path)) continue
    if (paths?.has(record.path) === false) continue
    if (kinds !== undefined && !kinds.includes(record.kind)) continue
    if (column !== undefined && columnOf(record) !== column) continue
    if (record.kind === 'part' && typedKey !== undefined) {
      if (!isPartAt(record, typedKey)) continue
    } else if (key !== undefined) {
      const wanted = typeof key !== 'function' ? key : isOfRow(record) ? await key(record.path) : null
      if (wanted === null || !equalBytes(record.key, wanted)) continue
    }
    chosen.push(one)
  }
  return chosen
}

function columnOf({ kind, key, text }: ConflictRecord): string | null {
  if (kind === 'schema') return columnOfKey(key)?.name ?? null
  if (kind === 'part') return partOf({ key }).column
  return kind === 'cell' ? text : null
}

function isOfRow({ kind }: ConflictRecord): boolean {
  return kind !== 'file' && kind !== 'schema' && kind !== 'part'
}

export function isWithin(path: Path, place: Path): boolean {
  return place === '' || place === '.' || path === place || path.startsWith(`${place}/`)
}

function conflictOf(
  number: number,
  record: ConflictRecord,
  contents: ReadonlyMap<Cid, Uint8Array>,
): Conflict {
  const { kind, path, key, text } = record
  const id = String(number)
  switch (kind) {
    case 'cell': {
      const { base, ours, theirs } = sidesOf(record, (side) => cellOfSide(side, contents))
      if (ours === null || theirs === null) throw corrupt('conflict of a cell lacks a side')
      return { kind, id, path, key, column: text, base, ours, theirs }
    }
    case 'row':
    case 'key-collision':
      return { kind, id, path, key, ...sidesOf(record, (side) => side) }
    case 'file': {
      const names = namesOf(record)
      const reason = text as FileConflict['reason']
      return {
        kind,
        id,
        path,
        reason,
        ...(names === null ? {} : { names }),
        ...sidesOf(record, entryOfSide),
      }
    }
    case 'part':
      return { kind, id, path, ...partOf(record), ...partTexts(record) }
    case 'schema':
      return {
        kind,
        id,
        path,
        column: columnOfKey(key)?.name ?? null,
        reason: text,
        ...sidesOf(record, entryOfSide),
      }
  }
}

function partTexts({ base, ours, theirs }: ConflictRecord): Sides<string | null> {
  return { base: partText(base), ours: partText(ours), theirs: partText(theirs) }
}

function sidesOf<T>(record: ConflictRecord, of: (side: StoredSide) => T): Sides<T | null> {
  const part = (side: StoredSide | null): T | null => (side === null ? null : of(side))
  return { base: part(record.base), ours: part(record.ours), theirs: part(record.theirs) }
}

function cellOfSide(side: StoredSide, contents: ReadonlyMap<Cid, Uint8Array>): Cell {
  return slotCell({ spelling: side.value, link: side.links[0] ?? null }, contents)
}

export function entryOfSide(side: StoredSide): TreeEntry {
  return decodeEntry({ value: side.value, links: side.links })
}
