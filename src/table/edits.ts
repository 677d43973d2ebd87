// Changes to a table through values: rows put and keys deleted become edits of its map. A cell whose value stays the
// same keeps its spelling (digits, quoting), so a put that changes nothing changes no byte.
import { compareBytes, equalBytes, toHex } from '../base/bytes.ts'
import { VarveError, checkList } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { startOf } from '../prolly/entry-batch.ts'
import type { Edit, Entry } from '../prolly/interface.ts'
import { ListBuilder } from '../prolly/list-builder.ts'
import { ProllyList } from '../prolly/list.ts'
import { ProllyMap } from '../prolly/map.ts'
import { listKind } from '../prolly/rule.ts'
import type { ObjectWriter, ReadOptions } from '../store/interface.ts'
import { cellValue } from './cell.ts'
import type { Cell, ColumnType, Row, Schema, TableObject, Value } from './interface.ts'
import { stringifyExact } from './exact-json.ts'
import { encodeKey } from './key.ts'
import { absentSlot, encodeRow, type RowSlots, type Slot } from './row.ts'
import { cellLinks, entrySlots, keyOfValues, type RowShape, rowToCells } from './rows.ts'
import { checkGiven, evolveSchema } from './schema.ts'
import { cellSlot, fetchContents, slotCell } from './slot.ts'
import type { Table } from './table.ts'

export interface RowEdits {
  /** Whole rows: a column left out is absent. */
  readonly puts?: readonly Row[]
  /** Keys: one value for each key column. */
  readonly deletes?: readonly (readonly Value[])[]
}

/** Sorted by key, each key once; of two edits of one key the later counts. */
export async function editsOf(
  table: Table,
  { puts = [], deletes = [] }: RowEdits,
  writer: ObjectWriter,
  options: ReadOptions = {},
): Promise<Edit[]> {
  const { shape } = table
  const edits = new Map<string, Edit>()
  for (const values of deletes) {
    const key = keyOfValues(shape, values)
    edits.set(toHex(key), { key, value: null })
  }
  const rows = puts.map((row) => rowToCells(shape, row))
  const keys = rows.map(({ key }) => checkedKey(table, key))
  const before = await table.map.getMany(keys, options)
  const slots = before.map((entry) => (entry === null ? null : entrySlots(shape, entry)))
  const links = slots.flatMap((row) => (row === null ? [] : cellLinks(row)))
  const contents = await fetchContents(table.nodes.reader, links, options)
  keys.forEach((key, i) => {
    const edit = putOf(shape, before[i]!, slots[i]!, rows[i]!.cells, contents, writer)
    edits.set(toHex(key), { key, ...edit })
  })
  return [...edits.values()].sort((a, b) => compareBytes(a.key, b.key))
}

/** The empty text is a key where no file has to tell it from nothing. */
function checkedKey({ shape, object }: Table, cells: readonly Cell[]): Uint8Array {
  const hasEmpty = shape.schema.cells === 'typed' && object.layout === null
  const empty = cells.findIndex(
    ({ kind, bytes }) =>
      kind === 'absent' || kind === 'null' || (kind === 'text' && bytes.length === 0 && !hasEmpty),
  )
  if (empty < 0) return encodeKey(shape.schema, cells)
  throw new VarveError('VARVE_RULE_VIOLATED', `key cell '${shape.keys[empty]!.name}' is empty`, {
    data: { reason: 'empty-key', column: shape.keys[empty]!.name },
    hint: 'give every row a value in each column of the key',
  })
}

function putOf(
  shape: RowShape,
  entry: Entry | null,
  before: RowSlots | null,
  cells: readonly Cell[],
  contents: ReadonlyMap<Cid, Uint8Array>,
  writer: ObjectWriter,
): { value: Uint8Array; links: readonly Cid[] } {
  let isSame = before !== null
  const slots = cells.map((cell, i): Slot => {
    const slot = before?.cells[i] ?? absentSlot
    if (before !== null && isSameValue(slotCell(slot, contents), cell, shape.values[i]!.type)) return slot
    isSame = false
    return cellSlot(cell, writer)
  })
  if (isSame) return entry!
  return encodeRow({
    lineEnd: before?.lineEnd ?? 0,
    keyQuoting: before?.keyQuoting ?? 0,
    rawLine: null,
    cells: slots,
  })
}

function isSameValue(before: Cell, after: Cell, type: ColumnType): boolean {
  if (before.kind === after.kind && equalBytes(before.bytes, after.bytes)) return true
  const a = cellValue(before, type)
  const b = cellValue(after, type)
  if (a instanceof Uint8Array || b instanceof Uint8Array) return false
  const isObject = typeof a === 'object' && a !== null && typeof b === 'object' && b !== null
  return isObject ? stringifyExact(a) === stringifyExact(b) : a === b
}

/** The table after the edits. New rows of a file that is not in key order come last in it. */
export async function applyEdits(
  table: Table,
  edits: readonly Edit[],
  writer: ObjectWriter,
  options: ReadOptions = {},
): Promise<TableObject> {
  const rows = await table.map.mutate(writer, edits, options)
  const { order } = table.object
  return {
    ...table.object,
    rows: rows.cid,
    order: order === null ? null : await editOrder(table, order, edits, writer, options),
  }
}

async function editOrder(
  table: Table,
  order: Cid,
  edits: readonly Edit[],
  writer: ObjectWriter,
  options: ReadOptions,
): Promise<Cid> {
  const before = await table.map.getMany(
    edits.map(({ key }) => key),
    options,
  )
  const removed = new Set(
    edits.flatMap(({ key, value }, i) => (value === null && before[i] !== null ? [toHex(key)] : [])),
  )
  const added = edits.filter(({ value }, i) => value !== null && before[i] === null)
  if (removed.size === 0 && added.length === 0) return order
  const builder = new ListBuilder(writer, listKind)
  const list = await ProllyList.load(table.nodes, order, options)
  for await (const { count, values, valueEnds } of list.scan(options)) {
    for (let i = 0; i < count; i++) {
      const start = startOf(valueEnds, i)
      const isRemoved = removed.size > 0 && removed.has(toHex(values, start, valueEnds[i]))
      if (!isRemoved) builder.add(values.subarray(start, valueEnds[i]))
    }
    await writer.drained()
  }
  for (const { key } of added) builder.add(key)
  return builder.finish()
}

/** An empty table that no file carries; its columns and types are those of the rows, unless given. */
export function newTable(
  nodes: Table['nodes'],
  writer: ObjectWriter,
  options: {
    key: readonly string[]
    columns?: readonly { name: string; type: ColumnType }[]
    rows?: readonly Row[]
  },
): TableObject {
  checkList(options.key, "{ key: ['id'] }")
  const columns = options.columns ?? columnsOfRows(options.rows ?? [], options.key)
  const names = columns.map(({ name }) => name)
  checkGiven(columns)
  const schema: Schema = evolveSchema(
    { names, key: options.key, cells: 'typed', typeOf: (_, i) => columns[i]!.type },
    null,
  )
  return { schema, rows: ProllyMap.empty(nodes, writer).cid, order: null, layout: null }
}

function columnsOfRows(rows: readonly Row[], key: readonly string[]): { name: string; type: ColumnType }[] {
  const types = new Map<string, ColumnType | null>(key.map((name) => [name, null]))
  for (const row of rows) {
    for (const name of Object.keys(row))
      types.set(name, widerType(types.get(name) ?? null, row[name] ?? null))
  }
  return [...types].map(([name, type]) => ({ name, type: type ?? 'text' }))
}

function widerType(before: ColumnType | null, value: Value): ColumnType | null {
  const type = typeOfValue(value)
  if (type === null || before === null || before === type) return type ?? before
  const isNumber = (one: ColumnType): boolean => one === 'int' || one === 'decimal'
  return isNumber(before) && isNumber(type)
    ? 'decimal'
    : before === 'json' || type === 'json'
      ? 'json'
      : 'text'
}

function typeOfValue(value: Value): ColumnType | null {
  if (value === null) return null
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'decimal'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'text'
  return value instanceof Uint8Array ? 'bytes' : 'json'
}
