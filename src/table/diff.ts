// What changed between two tables: schema first, then rows and cells. Columns are matched by id where both tables are
// of one lineage, else by name. The cost follows the change, since equal parts of the two maps are never read.
import { joinRows } from './row-join.ts'
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { diffMaps } from '../prolly/diff.ts'
import type { Difference } from '../prolly/interface.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import { absentCell, cellValue } from './cell.ts'
import type {
  CellChange,
  Column,
  Row,
  RowDifference,
  Schema,
  SchemaDifference,
  TableObject,
} from './interface.ts'
import { absentSlot, type RowSlots, slotContentLength } from './row.ts'
import { cellLinks, entrySlots, keyValues, type RowShape, slotsToRow } from './rows.ts'
import { equalSlotValues, fetchContents, slotCell } from './slot.ts'
import { type RowRange, Table } from './table.ts'

const fetchRows = 256
/** Of contents that lie out of line: they are in memory together. */
const fetchBytes = 32 << 20

/** Pairs of columns that are the same, by one rule for all: ids, unless some name has two ids. */
export function matchColumns(a: Schema, b: Schema): [Column | null, Column | null][] {
  const idOfName = new Map(a.columns.map((column) => [column.name, column.id]))
  const isLineage = b.columns.every(({ name, id }) => (idOfName.get(name) ?? id) === id)
  const nameOf = (column: Column): string | number => (isLineage ? column.id : column.name)
  const before = new Map(a.columns.map((column) => [nameOf(column), column]))
  const after = new Set(b.columns.map(nameOf))
  const pairs: [Column | null, Column | null][] = b.columns.map((column) => [
    before.get(nameOf(column)) ?? null,
    column,
  ])
  for (const column of a.columns) if (!after.has(nameOf(column))) pairs.push([column, null])
  return pairs
}

export function diffSchemas(a: Schema, b: Schema): SchemaDifference {
  const pairs = matchColumns(a, b)
  const both = pairs.flatMap(([before, after]) =>
    before !== null && after !== null ? [{ before, after }] : [],
  )
  const orderBefore = a.columns.filter((column) => both.some(({ before }) => before === column))
  return {
    added: pairs.flatMap(([before, after]) => (before === null ? [after!] : [])),
    removed: pairs.flatMap(([before, after]) => (after === null ? [before!] : [])),
    renamed: both.filter(({ before, after }) => before.name !== after.name),
    retyped: both.filter(({ before, after }) => before.type !== after.type),
    reordered: both.some(({ before }, i) => orderBefore[i] !== before),
    keyChanged: !hasSameKey(a, b, pairs),
  }
}

/** Whether a key of one is a key of the other, byte for byte; `pairs` are those of `matchColumns`. */
export function hasSameKey(
  a: Schema,
  b: Schema,
  pairs: readonly (readonly [Column | null, Column | null])[],
): boolean {
  if (a.key.length !== b.key.length || a.cells !== b.cells) return false
  return a.key.every((id, i) => {
    const [before, after] = pairs.find(([column]) => column?.id === id) ?? [null, null]
    return before !== null && after !== null && after.id === b.key[i] && before.type === after.type
  })
}

export interface TableDiffOptions extends ReadOptions {
  readonly range?: RowRange | undefined
}

/** In key order, in batches. */
export async function* diffTables(
  nodes: NodeStore,
  a: TableObject,
  b: TableObject,
  options: TableDiffOptions = {},
): AsyncGenerator<RowDifference[]> {
  const { signal } = options
  const [before, after] = [await Table.of(nodes, a, { signal }), await Table.of(nodes, b, { signal })]
  const range = after.keyRange(options.range ?? {})
  const context = diffContext(nodes, before.shape, after.shape)
  const source = context.isAligned
    ? diffMaps(before.map, after.map, { ...range, signal })
    : joinRows(before.map, after.map, { ...range, signal })
  for await (const differences of source) {
    for (let at = 0; at < differences.length; at += fetchRows) {
      throwIfAborted(signal)
      yield* rowDifferences(context, differences.slice(at, at + fetchRows), { signal })
    }
  }
}

interface DiffContext {
  readonly nodes: NodeStore
  readonly before: RowShape
  readonly after: RowShape
  readonly keyChanged: boolean
  /** Equal bytes are equal rows: no column of one stands where another does in the other. */
  readonly isAligned: boolean
  /** Value columns of either side, with their places or -1. */
  readonly columns: readonly { name: string; before: number; after: number }[]
}

function diffContext(nodes: NodeStore, before: RowShape, after: RowShape): DiffContext {
  const pairs = matchColumns(before.schema, after.schema)
  const columns = pairs.map(([a, b]) => ({
    name: (b ?? a)!.name,
    before: a === null ? -1 : before.values.indexOf(a),
    after: b === null ? -1 : after.values.indexOf(b),
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
    before: before === null ? null : entrySlots(context.before, before),
    after: after === null ? null : entrySlots(context.after, after),
  }))
  for (const part of partsOf(all)) {
    const links = part.flatMap(({ before, after }) => [...linksOf(before), ...linksOf(after)])
    const contents = await fetchContents(context.nodes.reader, links, options)
    yield part.flatMap((row) => rowDifference(context, row, contents))
  }
}

interface BothSlots {
  readonly key: Uint8Array
  readonly before: RowSlots | null
  readonly after: RowSlots | null
}

/** As many rows as have `fetchBytes` out of line; one at least. */
function partsOf(rows: readonly BothSlots[]): BothSlots[][] {
  const parts: BothSlots[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const row of rows) {
    const more = linkedBytes(row.before) + linkedBytes(row.after)
    if (bytes + more > fetchBytes) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)!.push(row)
    bytes += more
  }
  return parts
}

function linkedBytes(slots: RowSlots | null): number {
  if (slots === null) return 0
  return slots.cells.reduce((sum, slot) => (slot.link === null ? sum : sum + slotContentLength(slot)), 0)
}

function linksOf(slots: RowSlots | null): Cid[] {
  return slots === null ? [] : cellLinks(slots)
}

function rowDifference(
  context: DiffContext,
  { key, ...slots }: BothSlots,
  contents: ReadonlyMap<Cid, Uint8Array>,
): RowDifference[] {
  const before = slots.before === null ? null : slotsToRow(context.before, key, slots.before, contents)
  const after = slots.after === null ? null : slotsToRow(context.after, key, slots.after, contents)
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
  const cells = cellChanges(context, slots.before!, slots.after!, contents)
  if (!context.isAligned && cells.length === 0) return []
  return [{ kind: 'changed', key: keyValues(context.after, key), before, after, cells }]
}

function cellChanges(
  { columns, before, after }: DiffContext,
  a: RowSlots,
  b: RowSlots,
  contents: ReadonlyMap<Cid, Uint8Array>,
): CellChange[] {
  return columns.flatMap((column) => {
    const left = a.cells[column.before] ?? absentSlot
    const right = b.cells[column.after] ?? absentSlot
    if (equalSlotValues(left, right)) return []
    const leftType = before.values[column.before]?.type ?? 'text'
    const rightType = after.values[column.after]?.type ?? 'text'
    return [
      {
        column: column.name,
        before:
          column.before < 0 ? cellValue(absentCell, leftType) : cellValue(slotCell(left, contents), leftType),
        after:
          column.after < 0
            ? cellValue(absentCell, rightType)
            : cellValue(slotCell(right, contents), rightType),
      },
    ]
  })
}
