// Rows of a table at a revision, by key or by a range of keys, a page at a time: so many rows, or fewer if they are large. A
// key is given as people type it, one text for each of its columns; fewer stand for all keys that begin so. A page says by
// which key the next one goes on.
import { VarveError } from '../../base/errors.ts'
import { yieldIfDue } from '../../base/turns.ts'
import { digestHex } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { resolveRevision } from '../../history/revision.ts'
import { findTable, noTable } from '../../repo/find-table.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { Repo } from '../../repo/interface.ts'
import { absentCell, cellValue } from '../../table/cell.ts'
import type { Cell, Column, Row } from '../../table/interface.ts'
import { decodeKey } from '../../table/key.ts'
import { type Slot, rowBounds, slotContentLength } from '../../table/row.ts'
import { encodeRowKey } from '../../table/row-key.ts'
import type { RowShape } from '../../table/rows.ts'
import { fetchContents, slotCell } from '../../table/slot.ts'
import { Table } from '../../table/table.ts'

/**
 * Size of a page, counted as cells and names of columns about as in JSON, since it is made in memory. A single row
 * may be larger.
 */
export const pageBytesMax: number = 8 << 20
/** Quotes, a colon, a comma. */
export const cellOverhead = 6

export interface RowQuery {
  readonly key?: readonly string[] | undefined
  readonly from?: readonly string[] | undefined
  readonly before?: readonly string[] | undefined
  readonly reverse: boolean
  readonly columns?: readonly string[] | undefined
  readonly limit: number
  /** The key of the row at which the page before ended. */
  readonly last?: Uint8Array | undefined
}

export interface OpenTable {
  readonly commit: string
  readonly path: string
  readonly table: Table
}

export interface PageRow {
  readonly row: Row
  /** In the order of the chosen columns. */
  readonly cells: readonly Cell[]
}

export interface RowPage {
  readonly columns: readonly Column[]
  readonly rows: readonly PageRow[]
  /** Key of the last row, when there are more. */
  readonly last: Uint8Array | null
}

/** @throws VarveError VARVE_REF_NOT_FOUND, VARVE_PATH_NOT_FOUND */
export async function openTable({ store, nodes }: Repo, revision: string, name: string): Promise<OpenTable> {
  const { commit } = await resolveRevision(store, revision)
  const { tree } = await readCommit(store, commit)
  const found = await findTable(await Tree.load(nodes, tree), name)
  if (found === null) throw noTable(name, revision)
  return { commit: digestHex(commit), path: found.path, table: await Table.load(nodes, found.table) }
}

/** @throws VarveError VARVE_USAGE */
export async function readPage(opened: OpenTable, query: RowQuery, signal: AbortSignal): Promise<RowPage> {
  const { table, path } = opened
  const { shape } = table
  const columns = chosenColumns(table, query.columns, path)
  const ids = new Set(columns.map(({ id }) => id))
  const chosen = shape.values.flatMap(({ id }, place) => (ids.has(id) ? [place] : []))
  const namesBytes = columns.reduce((sum, { name }) => sum + name.length + cellOverhead, 0)
  const found: Found[] = []
  let [bytes, more] = [0, false]
  for await (const entry of entriesOf(opened, query, signal)) {
    const one = foundRow(shape, entry, chosen, namesBytes)
    more = found.length === query.limit || (found.length > 0 && bytes + one.bytes > pageBytesMax)
    if (more) break
    found.push(one)
    bytes += one.bytes
    await yieldIfDue()
  }
  const links = found.flatMap(({ slots }) => [...slots.values()].flatMap(({ link }) => link ?? []))
  const contents = await fetchContents(table.nodes.reader, links, { signal })
  const places = placesOf(shape, columns)
  const rows: PageRow[] = []
  for (const { key, slots } of found) {
    const cells: Cell[] = []
    for (const [place, slot] of slots) cells[place] = slotCell(slot, contents)
    rows.push(pageRow(places, decodeKey(shape.schema, key), cells))
    await yieldIfDue()
  }
  return { columns, rows, last: more ? found.at(-1)!.key : null }
}

interface Found {
  readonly key: Uint8Array
  /** The chosen cells that lie in the row, by place. */
  readonly slots: ReadonlyMap<number, Slot>
  /** Size of the chosen cells, wherever they lie, and of their columns' names. */
  readonly bytes: number
}

/** A copy: a batch's bytes are its leaf's, and a page must not keep many leaves. Of wide rows only what is chosen is read. */
function foundRow(
  shape: RowShape,
  { key, value, links }: Entry,
  chosen: readonly number[],
  namesBytes: number,
): Found {
  const { count, bounds, linkOf } = rowBounds(value, links, shape.values.length)
  const slots = new Map<number, Slot>()
  let bytes = key.length + namesBytes
  for (const place of chosen) {
    if (place >= count) break
    const slot = { spelling: value.slice(bounds[place], bounds[place + 1]), link: linkOf.get(place) ?? null }
    bytes += slotContentLength(slot)
    slots.set(place, slot)
  }
  return { key: new Uint8Array(key), slots, bytes }
}

async function* entriesOf(
  { table, path }: OpenTable,
  query: RowQuery,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  const bound = (text: readonly string[] | undefined): Uint8Array | undefined =>
    text === undefined ? undefined : encodeRowKey(leading(table.shape, text.length), { text }, path)
  if (query.key !== undefined && query.key.length === table.shape.keys.length) {
    const entry = await table.map.get(bound(query.key)!, { signal })
    if (entry !== null) yield entry
    return
  }
  const prefix = bound(query.key)
  const { last } = query
  const from = largest(
    bound(query.from),
    prefix,
    query.reverse || last === undefined ? undefined : behind(last),
  )
  const before = smallest(
    bound(query.before),
    prefix === undefined ? undefined : end(prefix),
    query.reverse ? last : undefined,
  )
  if (from !== undefined && before !== undefined && Buffer.compare(from, before) >= 0) return
  yield* table.map.entries({ from, before, reverse: query.reverse, signal })
}

type Places = RowShape['places']

/** Where the chosen columns lie in key and row, in the order of the columns. */
function placesOf({ places }: RowShape, columns: readonly Column[]): Places {
  const known = new Map(places.map((place) => [place.column.id, place]))
  return columns.map(({ id }) => known.get(id)!)
}

function pageRow(places: Places, key: readonly Cell[], cells: readonly Cell[]): PageRow {
  const row = Object.create(null) as Record<string, Row[string]>
  const chosen: Cell[] = []
  for (const { column, key: keyPlace, value } of places) {
    const cell = (keyPlace >= 0 ? key[keyPlace] : cells[value]) ?? absentCell
    row[column.name] = cellValue(cell, column.type)
    chosen.push(cell)
  }
  return { row, cells: chosen }
}

function chosenColumns(
  { schema }: Table,
  names: readonly string[] | undefined,
  path: string,
): readonly Column[] {
  if (names === undefined) return schema.columns
  return names.map((name) => {
    const column = schema.columns.find((one) => one.name === name)
    if (column !== undefined) return column
    throw new VarveError('VARVE_USAGE', `'${path}' has no column '${name}'`, {
      data: { columns: schema.columns.map((one) => one.name) },
      hint: "'data.columns' lists the columns there are",
    })
  })
}

/** The shape of a key's first columns. */
function leading(shape: RowShape, parts: number): RowShape {
  if (parts >= shape.keys.length) return shape
  return {
    ...shape,
    keys: shape.keys.slice(0, parts),
    schema: { ...shape.schema, key: shape.schema.key.slice(0, parts) },
  }
}

/** The smallest key above this one. */
function behind(key: Uint8Array): Uint8Array {
  return Buffer.concat([key, Buffer.alloc(1)])
}

/** The end of all keys that begin with these elements: the next one begins below this byte, a longer text goes on with it. */
function end(prefix: Uint8Array): Uint8Array {
  return Buffer.concat([prefix, Buffer.of(255)])
}

function largest(...bounds: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  return bounds.reduce(
    (a, b) => (a === undefined || (b !== undefined && Buffer.compare(a, b) < 0) ? b : a),
    undefined,
  )
}

function smallest(...bounds: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  return bounds.reduce(
    (a, b) => (a === undefined || (b !== undefined && Buffer.compare(a, b) > 0) ? b : a),
    undefined,
  )
}
