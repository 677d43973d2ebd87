// Single rows of one version of a table, taken into another: whole, or one cell of each. Rows that are not named stay
// as they are, to the byte. Columns are paired as in every comparison; one that only the other version has comes along
// with the first cell that is taken of it. In a file that is not in key order, rows come where the other version has them.
import { toHex } from '../../base/bytes.ts'
import { VarveError, corrupt } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import type { Cid, TableCid } from '../../encoding/cid.ts'
import type { Edit } from '../../prolly/interface.ts'
import { ProllyList } from '../../prolly/list.ts'
import { diffLists } from '../../prolly/list-diff.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { Column, Schema } from '../../table/interface.ts'
import { noColumn } from '../../table/no-column.ts'
import { allSources, oneWayOf, withOneWay } from '../../table/one-way.ts'
import { absentSlot, encodeRow } from '../../table/row.ts'
import { entrySlots, rowShape } from '../../table/rows.ts'
import { slotKind } from '../../table/slot.ts'
import { writeTable } from '../../table/table-object.ts'
import type { Table } from '../../table/table.ts'
import { type PairedColumn, type RowPair, VersionPair } from '../../table/version-pair.ts'
import type { MergeIo } from '../merge-io.ts'
import { isAscending, listOf } from './merge-orders.ts'
import { SideOrder, planOrder } from './order-plan.ts'

export interface WantedRows {
  /** Encoded, sorted, each once. */
  readonly keys: readonly Uint8Array[]
  /** Only this cell of each. */
  readonly column?: string | undefined
}

export interface TakenRows {
  readonly table: TableCid
  /** How many of them differed. */
  readonly count: number
}

/** @throws VarveError VARVE_NOT_POSSIBLE where the versions have different keys, VARVE_PATH_NOT_FOUND for a column */
export async function takeRows(
  io: MergeIo,
  path: string,
  { into, from }: { readonly into: Table; readonly from: Table },
  wanted: WantedRows,
  options: ReadOptions = {},
): Promise<TakenRows> {
  const pair = new VersionPair(into, from)
  if (pair.keyChanged || into.schema.cells !== from.schema.cells) throw anotherKey(path)
  const unit = wanted.column === undefined ? 'row' : columnNamed(path, pair, wanted.column)
  const found = (await collect(pair.changes(wanted.keys, options))).flat()
  const rows = found.filter((row) => unit === 'row' || pair.differs(row, unit))
  if (unit !== 'row' && rows.some(({ before, after }) => before === null || after === null))
    throw onlyOnOneSide(path, wanted.column!)
  const taking = new Taking(pair, rows, unit)
  const edits = rows.map((row) => taking.editOf(row))
  const map = await into.map.mutate(io.writer, edits, options)
  const order = await orderOf(io, { into, from, map, rows }, options)
  const made = { ...into.object, schema: taking.schema, rows: map.cid, order }
  const table = withOneWay(made, allSources(oneWayOf(into.object), oneWayOf(from.object)))
  return { table: writeTable(io.writer, table), count: rows.length }
}

class Taking {
  readonly schema: Schema
  readonly #pair: VersionPair
  /** By column of the table that is made, its place in the rows it is taken from; -1: it is not there, or not taken. */
  readonly #places: readonly number[]
  /** And in the rows of the table it goes into. */
  readonly #own: readonly number[]
  /** Of one column that is taken, its place in the table that is made; -1: whole rows are taken. */
  readonly #only: number

  constructor(pair: VersionPair, rows: readonly RowPair[], unit: 'row' | PairedColumn) {
    this.#pair = pair
    const { into, fresh } = widened(pair, rows, unit)
    this.schema = into
    const { values } = rowShape(into)
    const source = new Map<number, Column | null>(
      pair.columns.flatMap(({ before, after }) => (before === null ? [] : [[before.id, after]])),
    )
    for (const { id, from } of fresh) source.set(id, from)
    this.#places = values.map(({ id }) => pair.after.shape.values.indexOf(source.get(id)!))
    this.#own = values.map(({ id }) => pair.before.shape.values.findIndex((column) => column.id === id))
    const id = unit === 'row' ? null : (unit.before?.id ?? fresh[0]!.id)
    this.#only = values.findIndex((column) => column.id === id)
  }

  editOf({ key, before, after }: RowPair): Edit {
    if (after === null) return { key, value: null }
    if (this.#only < 0 && this.#isSameForm()) return { key, value: after.value, links: after.links }
    const mine = before === null ? null : entrySlots(this.#pair.before.shape, before)
    const theirs = entrySlots(this.#pair.after.shape, after)
    const cells = this.#places.map((place, i) => {
      const isTaken = this.#only < 0 || this.#only === i
      return (isTaken ? theirs.cells[place] : mine?.cells[this.#own[i]!]) ?? absentSlot
    })
    const { lineEnd, keyQuoting } = mine ?? theirs
    return { key, ...encodeRow({ lineEnd, keyQuoting, rawLine: null, cells }) }
  }

  /** Whether the bytes of a row of the other version say the same in the table that is made. */
  #isSameForm(): boolean {
    const { values } = this.#pair.after.shape
    return values.length === this.#places.length && this.#places.every((place, i) => place === i)
  }
}

interface FreshColumn {
  readonly id: number
  readonly from: Column
}

/** The schema with those columns of the other version that it lacks, and of which a cell is taken. */
function widened(
  pair: VersionPair,
  rows: readonly RowPair[],
  unit: 'row' | PairedColumn,
): { into: Schema; fresh: FreshColumn[] } {
  const { schema } = pair.before
  const { values } = pair.after.shape
  const theirs = rows.flatMap(({ after }) => (after === null ? [] : [entrySlots(pair.after.shape, after)]))
  const isTaken = (one: PairedColumn): boolean =>
    unit === one ||
    (unit === 'row' &&
      theirs.some(({ cells }) => slotKind(cells[values.indexOf(one.after!)] ?? absentSlot) !== 'absent'))
  const lacking = pair.columns.filter((one) => one.before === null && isTaken(one))
  // A version that was made of this one has given its new columns ids that are free here: they stay.
  const areFree = lacking.every(({ after }) => after!.id >= schema.nextColumnId)
  const fresh = lacking.map(({ after }, i): FreshColumn => ({
    id: areFree ? after!.id : schema.nextColumnId + i,
    from: after!,
  }))
  const columns = fresh.map(({ id, from }): Column => ({ ...from, id }))
  const nextColumnId = Math.max(schema.nextColumnId, ...fresh.map(({ id }) => id + 1))
  return { into: { ...schema, columns: [...schema.columns, ...columns], nextColumnId }, fresh }
}

/** Rows of the table keep their places; those that come stand behind the row that precedes them there. */
async function orderOf(
  io: MergeIo,
  made: { into: Table; from: Table; map: ProllyMap; rows: readonly RowPair[] },
  options: ReadOptions,
): Promise<Cid | null> {
  const { into, from, map, rows } = made
  const { order } = into.object
  const added = new Set(rows.flatMap(({ key, before }) => (before === null ? [toHex(key)] : [])))
  const removed = new Set(rows.flatMap(({ key, after }) => (after === null ? [toHex(key)] : [])))
  if (order === null || added.size + removed.size === 0) return order
  const mine = await ProllyList.load(io.nodes, order, options)
  const yours = await listOf(io, from.object.order, from.map, options)
  const other = new SideOrder((await collect(diffLists(mine, yours, options))).flat())
  const isKept = (key: string): boolean => added.has(key) || (other.gone.has(key) && !removed.has(key))
  const merged = await mine.splice(io.writer, planOrder(new SideOrder([]), other, isKept), options)
  if (merged.count !== map.count) throw corrupt('order of a table does not hold the keys of its rows')
  return (await isAscending(merged, options)) ? null : merged.cid
}

function columnNamed(path: string, pair: VersionPair, name: string): PairedColumn {
  const found =
    pair.columns.find(({ before }) => before?.name === name) ??
    pair.columns.find(({ after }) => after?.name === name)
  if (found === undefined) {
    const columns = pair.columns.map(({ before, after }) => (before ?? after)!)
    throw noColumn(path, name, columns)
  }
  if (found.before === null || !pair.before.shape.keys.includes(found.before)) return found
  throw new VarveError('VARVE_USAGE', `'${name}' is part of the key of '${path}'`, {
    data: { path, column: name },
    hint: 'a row with another key is another row: take the whole row',
  })
}

function onlyOnOneSide(path: string, column: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' has the row on one side only`, {
    data: { path, column },
    hint: 'take the whole row: leave out the column',
  })
}

function anotherKey(path: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' has another key there: its rows cannot be matched`, {
    data: { path },
    hint: 'take the whole file: leave out the key',
  })
}
