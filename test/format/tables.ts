// Tables (docs/format/table.md): schema, keys and rows, and the file's bytes made of them.
import {
  type Fields,
  type Name,
  Cursor,
  check,
  decode,
  fields,
  hex,
  link,
  list,
  number,
  string,
  text,
} from './bytes.ts'
import { readContent } from './files.ts'
import { type Entry, type Objects, kinds, readTree } from './prolly.ts'

export interface Column {
  readonly id: number
  readonly name: string
  readonly type: string
}

export interface StoredTable {
  readonly columns: readonly Column[]
  /** Columns of the key, in key order. */
  readonly key: readonly Column[]
  readonly typed: boolean
  readonly layout: Fields | null
  /** In the order of the file. */
  readonly rows: readonly StoredRow[]
}

export interface StoredCell {
  readonly kind: 'absent' | 'null' | 'true' | 'false' | 'text' | 'number' | 'json' | 'bytes'
  readonly bytes: Uint8Array
  readonly flipped: boolean
}

export interface StoredRow {
  /** 0: the layout's; 1 `\n`, 2 `\r\n`, 3 `\r`. */
  readonly lineEnd: number
  readonly rawLine: Uint8Array | null
  /** In the order of columns. */
  readonly cells: readonly StoredCell[]
}

export function readTable(objects: Objects, name: Name): StoredTable {
  const table = fields(decode(objects.object(name), 'a table'), 'a table')
  check(table['v'] === 1 || (table['v'] === 2 && 'oneWay' in table), 'a table is of version 1 or 2')
  const schema = fields(table['schema'], 'schema')
  const columns = list(schema['columns'], 'columns').map((column): Column => {
    const [id, called, type] = list(column, 'a column')
    return { id: number(id, 'id'), name: string(called, 'name'), type: string(type, 'type') }
  })
  check(
    columns.every((column) => column.id >= 1 && column.id < number(schema['next'], 'next')),
    'ids are below next',
  )
  const shape = {
    columns,
    key: list(schema['key'], 'key').map((id) => columns.find((column) => column.id === id)!),
    typed: schema['cells'] === 'typed',
    layout: table['layout'] === null ? null : fields(table['layout'], 'layout'),
  }
  const entries = readTree(objects, link(table['rows'], 'rows'), kinds.map)
  const rows = new Map(entries.map((entry) => [hex(entry.key), readRow(objects, shape, entry)]))
  const order =
    table['order'] === null
      ? [...rows.keys()]
      : readTree(objects, link(table['order'], 'order'), kinds.list).map(({ value }) => hex(value))
  check(order.length === rows.size && new Set(order).size === rows.size, 'the order has each key once')
  return { ...shape, rows: order.map((key) => rows.get(key)!) }
}

type Shape = Omit<StoredTable, 'rows'>

function readRow(objects: Objects, shape: Shape, entry: Entry): StoredRow {
  const from = new Cursor(entry.value)
  const links = [...entry.links]
  const flags = from.byte()
  check(flags < 8, 'the flags of a row are known')
  const lineEnd = flags & 1 ? from.byte() : 0
  const flipped = flags & 2 ? from.varint() : 0
  check(
    lineEnd <= 3 && (flags & 1) === Math.sign(lineEnd) && Boolean(flags & 2) === flipped > 0,
    'no flag is idle',
  )
  const rawLine = flags & 4 ? readCell(objects, from, links).bytes : null
  const keys = readKey(shape, entry.key).map((cell, i) => ({ ...cell, flipped: ((flipped >> i) & 1) === 1 }))
  const others = shape.columns.filter((column) => !shape.key.includes(column)).sort((a, b) => a.id - b.id)
  const values = new Map<Column, StoredCell>()
  for (const [i, column] of shape.key.entries()) values.set(column, keys[i]!)
  for (const column of others) values.set(column, from.done ? absent : readCell(objects, from, links))
  check(from.done && links.length === 0, 'nothing is behind a row')
  return { lineEnd, rawLine, cells: shape.columns.map((column) => values.get(column)!) }
}

const absent: StoredCell = { kind: 'absent', bytes: new Uint8Array(0), flipped: false }

/** A cell of a row; takes what it needs of the entry's links. */
export function readCell(objects: Objects, from: Cursor, links: Name[]): StoredCell {
  const tag = from.byte()
  if (tag < 200) return { kind: 'text', bytes: from.take(tag), flipped: false }
  if (tag <= 203) return { ...absent, kind: (['absent', 'null', 'true', 'false'] as const)[tag - 200]! }
  check(tag <= 212, 'the tag of a cell is known')
  const length = from.varint()
  const inside = tag <= 208
  check(
    inside ? length <= 1024 : length > 1024 && length <= 2 ** 24,
    'a cell’s length says whether it is out of line',
  )
  if (!inside)
    check(links[0]!.startsWith('0155') === length <= 2 ** 22, 'a cell of up to 4 MiB is one object')
  const kind = (
    inside
      ? (['text', 'text', 'number', 'json', 'bytes'] as const)
      : (['text', 'text', 'json', 'bytes'] as const)
  )[tag - (inside ? 204 : 209)]!
  const bytes = inside ? from.take(length) : readContent(objects, links.shift()!, length)
  check(tag !== 204 || length >= 200, 'a text has its shortest spelling')
  return { kind, bytes, flipped: tag === 205 || tag === 210 }
}

export function readKey(shape: Pick<Shape, 'key'>, key: Uint8Array): StoredCell[] {
  const from = new Cursor(key)
  const cells = shape.key.map(() => readElement(from))
  check(from.done && key.length <= 1024, 'nothing is behind a key')
  return cells
}

function readElement(from: Cursor): StoredCell {
  const first = from.byte()
  const kind = ({ 4: 'null', 8: 'false', 9: 'true', 0x38: 'number', 0x40: 'text', 0x50: 'bytes' } as const)[
    first
  ]
  if (kind === 'null' || kind === 'false' || kind === 'true') return { ...absent, kind }
  if (kind !== undefined) return { kind, bytes: untilZero(from, kind !== 'number'), flipped: false }
  check(first >= 0x10 && first <= 0x30, 'an element is of a known kind')
  const magnitude = from.take(Math.abs(first - 0x20)).map((byte) => (first < 0x20 ? ~byte : byte))
  check(magnitude[0] !== 0, 'an integer has no zero in front')
  const value = magnitude.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  return { kind: 'number', bytes: Buffer.from(String(first < 0x20 ? -value : value)), flipped: false }
}

function untilZero(from: Cursor, escaped: boolean): Uint8Array {
  const bytes: number[] = []
  for (;;) {
    const byte = from.byte()
    if (byte !== 0) bytes.push(byte)
    else if (escaped && from.bytes[from.at] === 0xff) {
      from.byte()
      bytes.push(0)
    } else return Uint8Array.from(bytes)
  }
}

/** What a reader of the table would call the cell: text, number and JSON as they are written. */
export function cellText(cell: StoredCell): string | null {
  return cell.kind === 'absent'
    ? null
    : cell.bytes.length > 0 || cell.kind === 'text'
      ? text(cell.bytes)
      : cell.kind
}
