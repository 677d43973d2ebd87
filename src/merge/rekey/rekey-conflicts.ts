// Conflicts after rows were renumbered: their collisions are gone, what the renumbered side wrote in others refers to
// the new keys, and cells that both sides wrote alike have become conflicts, numbered behind all others.
import { compareBytes, toHex } from '../../base/bytes.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import type { Edit } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { cellSlot } from '../../table/slot.ts'
import type { Schema } from '../../table/interface.ts'
import {
  type ConflictRecord,
  type StoredSide,
  conflictKey,
  encodeConflict,
} from '../conflicts/conflict-record.ts'
import { type NumberedRecord, scanRecords } from '../conflicts/conflicts.ts'
import type { RekeyChange, RekeyInput } from './rekey.ts'
import { integerCell } from './rekey-map.ts'
import type { Reference } from './rekey-references.ts'
import { renumberedSlot, withCells } from './rekey-rows.ts'
import { TableSchemas } from '../resolve/table-schemas.ts'

export async function rekeyedConflicts(
  input: RekeyInput,
  change: RekeyChange,
  merged: Tree,
  options: ReadOptions = {},
): Promise<{ conflicts: Cid | null; left: number; met: Cid }> {
  const { nodes, writer } = input
  const schemas = new TableSchemas(nodes, merged, options)
  const before = await ProllyMap.load(nodes, input.met.conflicts, options)
  const rewritten: Edit[] = []
  for await (const batch of scanRecords(nodes, input.met.conflicts, {}, options)) {
    for (const one of batch) {
      const record = await renumbered(input, change, one, schemas)
      if (record !== null) rewritten.push({ key: conflictKey(one.number), ...encodeConflict(writer, record) })
    }
  }
  const found: Edit[] = []
  for (const reference of change.references.filter(({ shared }) => shared === 'cell')) {
    const { schema } = await schemas.at(reference.path)
    const record = sharedRecord(input, change, reference, schema)
    const key = conflictKey(before.count + found.length + 1)
    found.push({ key, ...encodeConflict(writer, record) })
  }
  const met = await before.mutate(writer, [...rewritten, ...found], options)
  const open = await ProllyMap.load(nodes, input.conflicts, options)
  const isOpen = await open.getMany(
    rewritten.map(({ key }) => key),
    options,
  )
  const gone = change.collisions.map(({ number }): Edit => ({ key: conflictKey(number), value: null }))
  const edits = [...rewritten.filter((_, i) => isOpen[i] !== null), ...found]
  const left = await open.mutate(writer, inOrder(edits, gone), options)
  return { conflicts: left.count === 0 ? null : left.cid, left: left.count, met: met.cid }
}

/** The edits and the removals in `gone` by key; what is removed is not edited as well. */
function inOrder(edits: readonly Edit[], gone: readonly Edit[]): Edit[] {
  const removed = new Set(gone.map(({ key }) => toHex(key)))
  const left = edits.filter(({ key }) => !removed.has(toHex(key)))
  return [...left, ...gone].sort((a, b) => compareBytes(a.key, b.key))
}

/** The record with new keys; null when it refers to nothing that got one. */
async function renumbered(
  { writer }: RekeyInput,
  { references, side }: RekeyChange,
  { record }: NumberedRecord,
  schemas: TableSchemas,
): Promise<ConflictRecord | null> {
  const stored = record[side]
  if (stored === null || record.kind === 'file' || record.kind === 'schema') return null
  const own = references.filter(
    ({ path, key, column }) =>
      path === record.path &&
      compareBytes(key, record.key) === 0 &&
      (record.kind !== 'cell' || column === record.text),
  )
  if (own.length === 0) return null
  const { schema } = await schemas.at(record.path)
  const chosen =
    record.kind === 'cell'
      ? cellSide(
          renumberedSlot(schema, { spelling: stored.value, link: stored.links[0] ?? null }, own[0]!, writer),
        )
      : withCells(schema, stored, own, writer)
  return chosen === null ? null : { ...record, [side]: chosen }
}

function sharedRecord(
  { writer }: RekeyInput,
  { side }: RekeyChange,
  { path, key, column, before, after, base }: Reference,
  schema: Schema,
): ConflictRecord {
  const text = (literal: string): StoredSide => cellSide(cellSlot(integerCell(schema, literal), writer))!
  const [ours, theirs] = side === 'ours' ? [text(after), text(before)] : [text(before), text(after)]
  return { kind: 'cell', path, key, text: column, base: cellSide(base), ours, theirs }
}

function cellSide(slot: { spelling: Uint8Array; link: Cid | null } | null): StoredSide | null {
  if (slot === null) return null
  return { value: slot.spelling, links: slot.link === null ? [] : [slot.link] }
}
