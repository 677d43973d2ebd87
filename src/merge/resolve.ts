// Settles conflicts: writes the chosen side, or a value for a cell, into the merged tree, and drops the conflicts.
// A conflict about a whole path (file, schema) takes that side's entry; those of cells and rows change their rows.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { Schema } from '../table/interface.ts'
import { cellSlot } from '../table/slot.ts'
import { loadTable } from '../table/table-object.ts'
import { typedCell } from './cell-text.ts'
import { namesOf } from './conflict-names.ts'
import { type ConflictRecord, type StoredSide, conflictKey, isOfColumn, isOfPath } from './conflict-record.ts'
import { type ConflictFilter, type NumberedRecord, entryOfSide, scanRecords } from './conflicts.ts'
import type { Side } from './interface.ts'
import type { MergeIo } from './merge-io.ts'
import { settleColumns } from './settle-columns.ts'
import { type Settlement, settleTable } from './settle-table.ts'

/** `value` is a cell's text as it would stand in the file, without quoting. */
export type Take = Side | { readonly value: string }

export interface ResolveInput extends MergeIo, ConflictFilter {
  /** Root of the merged path tree. */
  readonly tree: Cid
  readonly conflicts: Cid
  readonly take: Take
}

export interface Resolution {
  readonly tree: Cid
  readonly conflicts: Cid | null
  readonly resolved: number
  readonly left: number
}

/** @throws VarveError VARVE_PATH_NOT_FOUND when no conflict is chosen, VARVE_USAGE for a value where no cell is */
export async function resolveConflicts(input: ResolveInput, options: ReadOptions = {}): Promise<Resolution> {
  const { take } = input
  if (typeof take === 'string') return settleConflicts(input, (record) => record[take], options)
  const tree = await Tree.load(input.nodes, input.tree)
  const schemas = new Map<Path, Schema>()
  for await (const batch of scanRecords(input.nodes, input.conflicts, input, options)) {
    for (const { record } of batch) {
      if (record.kind !== 'cell') throw notACell(record)
      if (schemas.has(record.path)) continue
      const entry = await tree.get(record.path, options)
      if (entry?.kind !== 'table') throw noTable(record.path)
      schemas.set(record.path, (await loadTable(input.nodes.reader, entry.table, options)).schema)
    }
  }
  const choose = (record: ConflictRecord): StoredSide => {
    const slot = cellSlot(typedCell(take.value, schemas.get(record.path)!.cells), input.writer)
    return { value: slot.spelling, links: slot.link === null ? [] : [slot.link] }
  }
  return settleConflicts(input, choose, options)
}

type Settling = Omit<ResolveInput, 'take'>

/** As `resolveConflicts`, with a choice for each conflict; null takes the thing away: entry, row or cell. */
export async function settleConflicts(
  input: Settling,
  choose: (record: ConflictRecord) => StoredSide | null,
  options: ReadOptions = {},
): Promise<Resolution> {
  const { nodes, writer, conflicts } = input
  const tree = await Tree.load(nodes, input.tree)
  const chosen: NumberedRecord[] = []
  for await (const batch of scanRecords(nodes, conflicts, input, options))
    for (const one of batch) chosen.push(one)
  if (chosen.length === 0) throw noConflict(input)
  const byPath = new Map<Path, Settlement[]>()
  for (const { record } of chosen) {
    const settlements = byPath.get(record.path) ?? []
    byPath.set(record.path, settlements)
    settlements.push({ record, chosen: choose(record) })
  }
  const changes = new Map<Path, TreeEntry | null>()
  for (const [path, settlements] of byPath) {
    const named = settlements.find(({ record }) => namesOf(record) !== null)
    if (named !== undefined) await placeNamed(tree, changes, named, options)
    else changes.set(path, await entryAfter(input, tree, path, settlements, options))
    await writer.drained()
  }
  const settled = await tree.update(writer, changes, options)
  const map = await ProllyMap.load(nodes, conflicts, options)
  const numbers = chosen.map(({ number }) => ({ key: conflictKey(number), value: null }))
  const left = await map.mutate(writer, numbers, options)
  return {
    tree: settled.cid,
    conflicts: left.count === 0 ? null : left.cid,
    resolved: chosen.length,
    left: left.count,
  }
}

/** A path with another name on each side goes under the name of the side that is taken. */
async function placeNamed(
  tree: Tree,
  changes: Map<Path, TreeEntry | null>,
  { record, chosen }: Settlement,
  options: ReadOptions,
): Promise<void> {
  const names = namesOf(record)!
  if (names.ours !== null) changes.set(names.ours, null)
  if (chosen === null) return
  const side = (['ours', 'theirs', 'base'] as const).find((one) => chosen === record[one])
  const path = (side === undefined ? null : names[side]) ?? record.path
  if (path !== names.ours && (await tree.get(path, options)) !== null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is taken by something else`, {
      data: { path },
      hint: `move that away first, or take the other name`,
    })
  }
  changes.set(path, entryOfSide(chosen))
}

async function entryAfter(
  io: Settling,
  tree: Tree,
  path: Path,
  settlements: readonly Settlement[],
  options: ReadOptions,
): Promise<TreeEntry | null> {
  const whole = settlements.find(({ record }) => isOfPath(record))
  if (whole !== undefined) return whole.chosen === null ? null : entryOfSide(whole.chosen)
  const entry = await tree.get(path, options)
  if (entry?.kind !== 'table') throw noTable(path)
  const inRows = settlements.filter(({ record }) => !isOfColumn(record))
  const settled =
    inRows.length === 0 ? entry.table : await settleTable(io, path, entry.table, inRows, options)
  if (inRows.length === settlements.length) return { ...entry, table: settled }
  const hasOpenRows = await hasOpen(io, path, inRows.length, options)
  const table = await settleColumns(io, path, settled, settlements, { ...options, hasOpenRows })
  return { ...entry, table }
}

/** Whether conflicts of rows or cells stay in the table when so many are settled. */
async function hasOpen(
  { nodes, conflicts }: Settling,
  path: Path,
  settled: number,
  options: ReadOptions,
): Promise<boolean> {
  let inRows = 0
  for await (const batch of scanRecords(nodes, conflicts, { path }, options))
    inRows += batch.filter(({ record }) => !isOfColumn(record)).length
  return inRows > settled
}

function notACell({ path, kind }: ConflictRecord): VarveError {
  return new VarveError(
    'VARVE_USAGE',
    `a value can settle a cell only, and '${path}' has a conflict of a ${kind}`,
    {
      data: { path, kind },
      hint: "choose a side: '--ours', '--theirs' or '--base'",
    },
  )
}

function noTable(path: Path): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is no longer a table`, { data: { path } })
}

function noConflict({ path, id, column }: ConflictFilter): VarveError {
  const where = path === undefined ? '' : ` in '${path}'`
  return new VarveError('VARVE_PATH_NOT_FOUND', `no such conflict${where}`, {
    data: { path, id, column },
    hint: "see 'varve conflicts' for those that are left",
  })
}
