// Writes chosen sides of conflicts into a merged table: cells into their rows, whole rows, and the order list of a
// file that is not in key order.
import { toHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { Cid, TableCid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Edit } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { valueColumns } from '../../table/key.ts'
import { type Slot, absentSlot, decodeRow, encodeRow } from '../../table/row.ts'
import { equalSlotValues } from '../../table/slot.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import type { ConflictRecord, StoredSide } from '../conflicts/conflict-record.ts'
import type { MergeIo } from '../merge-io.ts'
import type { OrderChange } from './settle-order.ts'

export interface Settlement {
  readonly record: ConflictRecord
  /** null: no such row; for a cell: absent. */
  readonly chosen: StoredSide | null
}

export interface TableToSettle {
  readonly path: Path
  readonly cid: TableCid
  /** What was chosen for its cells and rows. */
  readonly settlements: readonly Settlement[]
  /** Where rows that come and go stand in the file. */
  readonly orderAfter: (change: OrderChange) => Promise<Cid | null>
}

export async function settleTable(
  io: MergeIo,
  { path, cid, settlements, orderAfter }: TableToSettle,
  options: ReadOptions = {},
): Promise<TableCid> {
  const table = await loadTable(io.nodes.reader, cid, options)
  const rows = await ProllyMap.load(io.nodes, table.rows, options)
  const byKey = groupedByKey(settlements)
  const entries = await rows.getMany(
    byKey.map(([first]) => first!.record.key),
    options,
  )
  const edits: Edit[] = []
  const added: Uint8Array[] = []
  const removed: Uint8Array[] = []
  for (const [i, group] of byKey.entries()) {
    const { key } = group[0]!.record
    const row = entries[i] ?? null
    const chosen = rowAfter(path, table, row, group)
    if (row === null && chosen !== null) added.push(key)
    if (row !== null && chosen === null) removed.push(key)
    edits.push(chosen === null ? { key, value: null } : { key, value: chosen.value, links: chosen.links })
  }
  const after = await rows.mutate(io.writer, edits, options)
  const order = await orderAfter({ table, before: rows, after, added, removed })
  return writeTable(io.writer, { ...table, rows: after.cid, order })
}

/** Groups settlements by key, in the order of keys, as edits must be. */
function groupedByKey(settlements: readonly Settlement[]): Settlement[][] {
  const groups = new Map<string, Settlement[]>()
  for (const settlement of settlements) {
    const key = toHex(settlement.record.key)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [settlement])
    else group.push(settlement)
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

function rowAfter(
  path: Path,
  table: TableObject,
  row: StoredSide | null,
  settlements: readonly Settlement[],
): StoredSide | null {
  const whole = settlements.find(({ record }) => record.kind !== 'cell')
  if (whole !== undefined) return whole.chosen
  if (row === null) throw gone(path, 'the row of the conflict')
  const columns = valueColumns(table.schema)
  const slots = decodeRow(row.value, row.links, columns.length)
  const cells: Slot[] = columns.map((_, i) => slots.cells[i] ?? absentSlot)
  let keepsRawLine = true
  for (const { record, chosen } of settlements) {
    const place = columns.findIndex(({ name }) => name === record.text)
    if (place < 0) throw gone(path, `column '${record.text}'`)
    const cell = chosen === null ? absentSlot : { spelling: chosen.value, link: chosen.links[0] ?? null }
    // A raw line spells its cells: with another value it would bring back what was replaced.
    keepsRawLine &&= equalSlotValues(cell, cells[place]!)
    cells[place] = cell
  }
  return encodeRow({ ...slots, rawLine: keepsRawLine ? slots.rawLine : null, cells })
}

function gone(path: Path, what: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `${what} is no longer in '${path}'`, {
    data: { path },
    hint: "take the file as it is: 'varve add' it",
  })
}
