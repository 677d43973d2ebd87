// What changed between two tables: rows and cells. The cost follows the change, since equal parts of the two maps are never
// read.
import { joinRows } from './row-join.ts'
import { throwIfAborted } from '../base/errors.ts'
import { yieldIfDue } from '../base/turns.ts'
import type { Cid } from '../encoding/cid.ts'
import { diffMaps } from '../prolly/diff.ts'
import type { Difference, Entry } from '../prolly/interface.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import { cellValue } from './cell.ts'
import type { CellChange, Row, RowDifference, TableObject, Value } from './interface.ts'
import { type RowSlots, type Slot } from './row.ts'
import { type ColumnPlaces, type SideOfRow, countDifferentCells, differentCells } from './row-compare.ts'
import { contentRuns, entryContentBytes } from './content-runs.ts'
import { cellLinks, entrySlots, keyValues, type RowShape, slotsToRow } from './rows.ts'
import { diffSchemas, matchColumns } from './schema-diff.ts'
import { fetchContents, slotCell } from './slot.ts'
import { type RowRange, Table } from './table.ts'

const rowsAtOnce = 256
const cellsAtOnce = 16 << 10

export interface TableDiffOptions extends ReadOptions {
  readonly range?: RowRange | undefined
  /** How many rows to leave out at the beginning; they are not made at all. */
  readonly skip?: number | undefined
}

/** The rows that differ, in batches, in key order. */
export async function* diffTables(
  nodes: NodeStore,
  a: TableObject,
  b: TableObject,
  options: TableDiffOptions = {},
): AsyncGenerator<RowDifference[]> {
  const { context, differences } = await differencesOf(nodes, a, b, options)
  let skip = options.skip ?? 0
  for await (const batch of differences) {
    for (const differing of inParts(batch, context)) {
      throwIfAborted(options.signal)
      let first = 0
      for (; skip > 0 && first < differing.length; first++) {
        const rows = rowsOf(context, differing[first]!)
        if (rows > skip) break
        skip -= rows
      }
      for await (const rows of rowDifferences(context, differing.slice(first), options)) {
        yield skip === 0 ? rows : rows.slice(skip)
        skip = 0
      }
      await yieldIfDue()
    }
  }
}

/** How many rows of the result a difference becomes. */
function rowsOf(context: DiffContext, row: Difference): number {
  if (context.isAligned && !context.keyChanged) return 1
  const counts = { added: 0, removed: 0, changed: 0, cells: 0 }
  countRow(context, row, counts)
  return counts.added + counts.removed + counts.changed
}

/** How many rows `diffTables` gives of each kind, and cells in those that have changed: no row is made. */
export async function countTableDifferences(
  nodes: NodeStore,
  a: TableObject,
  b: TableObject,
  options: ReadOptions = {},
): Promise<DifferenceCounts> {
  const { context, differences } = await differencesOf(nodes, a, b, options)
  const counts = { added: 0, removed: 0, changed: 0, cells: 0 }
  for await (const batch of differences) {
    for (const rows of inParts(batch, context)) {
      throwIfAborted(options.signal)
      for (const row of rows) countRow(context, row, counts)
      await yieldIfDue()
    }
  }
  return counts
}

export interface DifferenceCounts {
  readonly added: number
  readonly removed: number
  readonly changed: number
  readonly cells: number
}

function countRow(
  context: DiffContext,
  { before, after }: Difference,
  counts: { -readonly [Kind in keyof DifferenceCounts]: number },
): void {
  if (before === null || after === null || context.keyChanged) {
    if (before !== null) counts.removed++
    if (after !== null) counts.added++
    return
  }
  const cells = countDifferentCells(context.columns, ...sidesOf(context, before, after))
  if (!context.isAligned && cells === 0) return
  counts.changed++
  counts.cells += cells
}

async function differencesOf(
  nodes: NodeStore,
  a: TableObject,
  b: TableObject,
  { signal, range: wanted }: TableDiffOptions,
): Promise<{ readonly context: DiffContext; readonly differences: AsyncGenerator<Difference[]> }> {
  const [before, after] = [await Table.of(nodes, a, { signal }), await Table.of(nodes, b, { signal })]
  const range = after.keyRange(wanted ?? {})
  const context = diffContext(nodes, before.shape, after.shape)
  const find = context.isAligned ? diffMaps : joinRows
  return { context, differences: find(before.map, after.map, { ...range, signal }) }
}

/** Fewer rows where they are wide: what is made of a part is in memory together, and nobody else has a turn meanwhile. */
function* inParts(differences: readonly Difference[], { columns }: DiffContext): Generator<Difference[]> {
  const rows = Math.max(1, Math.min(rowsAtOnce, Math.floor(cellsAtOnce / Math.max(1, columns.length))))
  for (let at = 0; at < differences.length; at += rows) yield differences.slice(at, at + rows)
}

interface DiffContext {
  readonly nodes: NodeStore
  readonly before: RowShape
  readonly after: RowShape
  readonly keyChanged: boolean
  /** Equal bytes are equal rows: no column of one stands where another does in the other. */
  readonly isAligned: boolean
  /** Value columns of either side, with their places or -1. */
  readonly columns: readonly ColumnPlaces[]
}

function diffContext(nodes: NodeStore, before: RowShape, after: RowShape): DiffContext {
  const pairs = matchColumns(before.schema, after.schema)
  const [placesBefore, placesAfter] = [before, after].map(
    ({ values }) => new Map(values.map((column, place) => [column, place])),
  )
  const columns = pairs.map(([a, b]) => ({
    name: (b ?? a)!.name,
    before: (a === null ? undefined : placesBefore!.get(a)) ?? -1,
    after: (b === null ? undefined : placesAfter!.get(b)) ?? -1,
  }))
  const { keyChanged } = diffSchemas(before.schema, after.schema)
  return {
    nodes,
    before,
    after,
    keyChanged,
    isAligned: keyChanged || columns.every((one) => isInPlace(one, before.values.length)),
    columns: columns.filter((one) => one.before >= 0 || one.after >= 0),
  }
}

/** Behind what rows of `width` cells can have, a column stands in nobody's place. */
function isInPlace(column: { before: number; after: number }, width: number): boolean {
  return column.after < 0 || column.after >= width || column.before === column.after
}

async function* rowDifferences(
  context: DiffContext,
  differences: readonly Difference[],
  options: ReadOptions,
): AsyncGenerator<RowDifference[]> {
  const all = differences.map(({ key, before, after }) => ({
    key,
    before: before === null ? null : { entry: before, slots: entrySlots(context.before, before) },
    after: after === null ? null : { entry: after, slots: entrySlots(context.after, after) },
  }))
  const bytesOf = ({ before, after }: BothSides): number =>
    entryContentBytes(before?.entry ?? null) + entryContentBytes(after?.entry ?? null)
  for (const part of contentRuns(all, bytesOf)) {
    const links = part.flatMap(({ before, after }) => [...linksOf(before), ...linksOf(after)])
    const contents = await fetchContents(context.nodes.reader, links, options)
    yield part.flatMap((row) => rowDifference(context, row, contents))
  }
}

interface OpenRow {
  readonly entry: Entry
  readonly slots: RowSlots
}

interface BothSides {
  readonly key: Uint8Array
  readonly before: OpenRow | null
  readonly after: OpenRow | null
}

function linksOf(row: OpenRow | null): Cid[] {
  return row === null || row.entry.links.length === 0 ? [] : cellLinks(row.slots)
}

function rowDifference(
  context: DiffContext,
  { key, ...sides }: BothSides,
  contents: ReadonlyMap<Cid, Uint8Array>,
): RowDifference[] {
  const before = sides.before === null ? null : slotsToRow(context.before, key, sides.before.slots, contents)
  const after = sides.after === null ? null : slotsToRow(context.after, key, sides.after.slots, contents)
  const removed = (row: Row): RowDifference => ({
    kind: 'removed',
    key: keyValues(context.before, key),
    before: row,
    after: null,
    cells: [],
  })
  const added = (row: Row): RowDifference => ({
    kind: 'added',
    key: keyValues(context.after, key),
    before: null,
    after: row,
    cells: [],
  })
  if (before === null) return [added(after!)]
  if (after === null) return [removed(before)]
  if (context.keyChanged) return [removed(before), added(after)]
  const cells = cellChanges(context, sides.before!.entry, sides.after!.entry, contents)
  if (!context.isAligned && cells.length === 0) return []
  return [{ kind: 'changed', key: keyValues(context.after, key), before, after, cells }]
}

function cellChanges(
  context: DiffContext,
  a: Entry,
  b: Entry,
  contents: ReadonlyMap<Cid, Uint8Array>,
): CellChange[] {
  const valueOf = ({ values }: RowShape, place: number, slot: Slot): Value =>
    place < 0 ? null : cellValue(slotCell(slot, contents), values[place]?.type ?? 'text')
  return differentCells(context.columns, ...sidesOf(context, a, b)).map(({ column, before, after }) => ({
    column: column.name,
    before: valueOf(context.before, column.before, before),
    after: valueOf(context.after, column.after, after),
  }))
}

function sidesOf({ before, after }: DiffContext, a: Entry, b: Entry): [SideOfRow, SideOfRow] {
  return [
    { shape: before, entry: a },
    { shape: after, entry: b },
  ]
}
