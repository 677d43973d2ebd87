// The difference between two tables as messages, row by row in key order, in batches that bound what is held in memory.
// Rows that differ only in their spelling give no message. Where columns have other names or types, equal bytes may
// mean different values: then all rows are compared, and those that differ are sent.
import { toHex, utf8 } from '../../base/bytes.ts'
import { sha256Hex } from '../../base/platform.ts'
import type { Path } from '../../files/interface.ts'
import { diffMaps } from '../../prolly/diff.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { Difference, Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { Io } from '../../repo/interface.ts'
import { cellValue } from '../../table/cell.ts'
import type { Row, Schema, TableObject, Value } from '../../table/interface.ts'
import { toJson } from '../../table/json.ts'
import { decodeKey, keyColumns } from '../../table/key.ts'
import { type RowShape, cellLinks, entrySlots, rowShape, slotsToRow } from '../../table/rows.ts'
import { type RowSlots, absentSlot, slotContentLength } from '../../table/row.ts'
import { equalSlotValues, fetchContents } from '../../table/slot.ts'
import { keyTexts } from './key-texts.ts'
import type { KeyedMessage } from './batch-sender.ts'

const batchRows = 500
/** How many bytes the rows of a batch have at most, as stored; a single row may be longer. */
const batchBytes = 1 << 20

export interface TableDelivery {
  readonly link: string
  readonly delivery: string
  readonly path: Path
  readonly before: TableObject | null
  readonly after: TableObject | null
  /** Encoded keys, in hex, of rows that are not sent. */
  readonly withheld: ReadonlySet<string>
}

export async function* messagesOf(io: Io, table: TableDelivery): AsyncGenerator<KeyedMessage[]> {
  const { before, after } = table
  if (before !== null && after !== null && !isKeyedAlike(before.schema, after.schema)) {
    // The same row has another key now: it must be gone under its old one before it comes under the new one.
    yield* messagesOf(io, { ...table, after: null })
    yield* messagesOf(io, { ...table, before: null })
    return
  }
  const shapes = { before: shapeOf(before), after: shapeOf(after) }
  const [old, now] = [await rowsOf(io, before), await rowsOf(io, after)]
  const isRead = isReadAlike(shapes)
  for await (const differences of isRead ? diffMaps(old, now) : allRows(old, now)) {
    for (const group of groups(differences, shapes, { isRead, withheld: table.withheld })) {
      const messages = await groupMessages(io.nodes, table, shapes, group)
      const told = isRead ? messages : messages.filter(saysAnother)
      if (told.length > 0) yield told
    }
  }
}

/**
 * Whether the same bytes mean the same cells in both. New columns after the others are empty in rows that did not
 * change.
 */
function isReadAlike({ before, after }: Shapes): boolean {
  if (before === null || after === null) return true
  const length = Math.min(before.values.length, after.values.length)
  const read = ({ values }: RowShape): string =>
    JSON.stringify(values.slice(0, length).map(({ name, type }) => [name, type]))
  return read(before) === read(after)
}

/** The rows that are gone, and then all that are there, each with what it was before. */
async function* allRows(old: ProllyMap, now: ProllyMap): AsyncGenerator<readonly Difference[]> {
  for await (const differences of diffMaps(old, now)) yield differences.filter(({ after }) => after === null)
  for await (const batch of now.scan()) {
    const entries = Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
    const befores = await old.getMany(entries.map(({ key }) => key))
    yield entries.map((after, i) => ({ key: after.key, before: befores[i]!, after }))
  }
}

function saysAnother({ before, after }: KeyedMessage): boolean {
  if (before === null || after === null) return true
  const said = (row: Row): string =>
    toJson(
      Object.entries(row)
        .filter(([, value]) => value !== null)
        .sort(byName),
    )
  return said(before) !== said(after)
}

function byName([a]: readonly [string, Value], [b]: readonly [string, Value]): number {
  return a < b ? -1 : 1
}

interface Shapes {
  readonly before: RowShape | null
  readonly after: RowShape | null
}

interface SlotDifference {
  readonly key: Uint8Array
  readonly before: RowSlots | null
  readonly after: RowSlots | null
}

function* groups(
  differences: readonly Difference[],
  shapes: Shapes,
  { isRead, withheld }: { readonly isRead: boolean; readonly withheld: ReadonlySet<string> },
): Generator<SlotDifference[]> {
  const isAligned =
    isRead && shapes.before !== null && shapes.after !== null && isLaidAlike(shapes.before, shapes.after)
  let group: SlotDifference[] = []
  let bytes = 0
  for (const { key, before, after } of differences) {
    const row = { key, before: slotsOf(shapes.before, before), after: slotsOf(shapes.after, after) }
    if (isAligned && isSpelling(row)) continue
    if (withheld.size > 0 && withheld.has(toHex(key))) continue
    const size = bytesOf(before, row.before) + bytesOf(after, row.after)
    if (group.length === batchRows || (group.length > 0 && bytes + size > batchBytes)) {
      yield group
      group = []
      bytes = 0
    }
    group.push(row)
    bytes += size
  }
  if (group.length > 0) yield group
}

async function groupMessages(
  nodes: NodeStore,
  { link, delivery, path }: TableDelivery,
  shapes: Shapes,
  group: readonly SlotDifference[],
): Promise<KeyedMessage[]> {
  const links = group.flatMap(({ before, after }) =>
    [before, after].flatMap((row) => (row ? cellLinks(row) : [])),
  )
  const contents = await fetchContents(nodes.reader, links)
  return group.map(({ key, before, after }) => {
    const kind = before === null ? 'insert' : after === null ? 'delete' : 'update'
    const keyHex = toHex(key)
    return {
      id: sha256Hex(utf8([link, delivery, path, kind, keyHex].join('\0'))),
      keyHex,
      table: path,
      kind,
      key: keyRow((shapes.after ?? shapes.before)!, key),
      keyTexts: keyTexts((shapes.after ?? shapes.before)!.schema, key),
      before: before === null ? null : slotsToRow(shapes.before!, key, before, contents),
      after: after === null ? null : slotsToRow(shapes.after!, key, after, contents),
    }
  })
}

function keyRow({ schema, keys }: RowShape, key: Uint8Array): Row {
  const row = Object.create(null) as Record<string, Value>
  for (const [i, cell] of decodeKey(schema, key).entries())
    row[keys[i]!.name] = cellValue(cell, keys[i]!.type)
  return row
}

/** Whether a row's encoded key says the same under both schemas. */
export function isKeyedAlike(before: Schema, after: Schema): boolean {
  const keyOf = (schema: Schema): string =>
    JSON.stringify([schema.cells, keyColumns(schema).map(({ name, type }) => [name, type])])
  return keyOf(before) === keyOf(after)
}

/** Whether the cells of a row lie at the same places under both schemas. */
function isLaidAlike(before: RowShape, after: RowShape): boolean {
  return before.values.map(({ id }) => id).join() === after.values.map(({ id }) => id).join()
}

function isSpelling({ before, after }: SlotDifference): boolean {
  if (before === null || after === null) return false
  const length = Math.max(before.cells.length, after.cells.length)
  for (let i = 0; i < length; i++)
    if (!equalSlotValues(before.cells[i] ?? absentSlot, after.cells[i] ?? absentSlot)) return false
  return true
}

function bytesOf(entry: Entry | null, row: RowSlots | null): number {
  let bytes = entry?.value.length ?? 0
  for (const slot of row?.cells ?? []) if (slot.link !== null) bytes += slotContentLength(slot)
  return bytes
}

function slotsOf(shape: RowShape | null, entry: Entry | null): RowSlots | null {
  return entry === null ? null : entrySlots(shape!, entry)
}

function shapeOf(table: TableObject | null): RowShape | null {
  return table === null ? null : rowShape(table.schema)
}

function rowsOf({ nodes, writer }: Io, table: TableObject | null): Promise<ProllyMap> | ProllyMap {
  return table === null ? ProllyMap.empty(nodes, writer) : ProllyMap.load(nodes, table.rows)
}
