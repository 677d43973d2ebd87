// Puts new keys into the cells that refer to renumbered rows.
import { toHex } from '../../base/bytes.ts'
import type { Edit } from '../../prolly/interface.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { ObjectWriter, ReadOptions } from '../../store/interface.ts'
import type { Schema } from '../../table/interface.ts'
import { valueColumns } from '../../table/key.ts'
import { type Slot, absentSlot, decodeRow, encodeRow } from '../../table/row.ts'
import { cellSlot, slotFlipped } from '../../table/slot.ts'
import type { StoredSide } from '../conflicts/conflict-record.ts'
import { integerCell } from './rekey-map.ts'
import { type Reference, literalOf } from './rekey-references.ts'

interface Renumbering {
  readonly schema: Schema
  readonly references: readonly Reference[]
  /** Whose rows were renumbered. */
  readonly side: 'ours' | 'theirs'
}

/** The map with the references renumbered, where they still hold the old key. */
export async function withReferences(
  rows: ProllyMap,
  { schema, references, side }: Renumbering,
  writer: ObjectWriter,
  options: ReadOptions = {},
): Promise<ProllyMap> {
  // The merged rows hold ours where both wrote the same: it stays, unless ours is renumbered.
  const own = references.filter(({ shared }) => shared === 'no' || side === 'ours')
  const byKey = new Map<string, Reference[]>()
  for (const one of own) {
    const id = toHex(one.key)
    byKey.set(id, [...(byKey.get(id) ?? []), one])
  }
  const groups = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
  const before = await rows.getMany(
    groups.map(([first]) => first!.key),
    options,
  )
  const edits = groups.flatMap((group, i): Edit[] => {
    const row = before[i] ?? null
    return row === null ? [] : [{ key: group[0]!.key, ...withCells(schema, row, group, writer) }]
  })
  return rows.mutate(writer, edits, options)
}

export function withCells(
  schema: Schema,
  row: StoredSide,
  references: readonly Reference[],
  writer: ObjectWriter,
): StoredSide {
  const columns = valueColumns(schema)
  const slots = decodeRow(row.value, row.links, columns.length)
  const cells: Slot[] = columns.map((_, i) => slots.cells[i] ?? absentSlot)
  let isChanged = false
  for (const reference of references) {
    const place = columns.findIndex(({ name }) => name === reference.column)
    const renumbered = place < 0 ? null : renumberedSlot(schema, cells[place]!, reference, writer)
    if (renumbered === null) continue
    cells[place] = renumbered
    isChanged = true
  }
  return isChanged ? encodeRow({ ...slots, rawLine: null, cells }) : row
}

/** The cell with the new key; null when it does not hold the old one. */
export function renumberedSlot(
  schema: Schema,
  slot: Slot,
  { before, after }: Reference,
  writer: ObjectWriter,
): Slot | null {
  if (literalOf(slot) !== before) return null
  return cellSlot({ ...integerCell(schema, after), quotingFlipped: slotFlipped(slot) }, writer)
}
