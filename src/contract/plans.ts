// Rows and plans for the contract suite of connectors, in literals that a reader can draw.
import { utf8 } from '../base/bytes.ts'
import type { ApplyPlan, Applied, Connector, EndpointTable, RowChange } from '../connectors/interface.ts'
import { absentCell, cellOf, cellText, nullCell } from '../table/cell.ts'
import type { Cell, ColumnType } from '../table/interface.ts'
import type { PlainRow } from './fixture.ts'

export interface Change {
  readonly table: string
  readonly before: PlainRow | null
  readonly after: PlainRow | null
}

export function insert(table: string, after: PlainRow): Change {
  return { table, before: null, after }
}

export function update(table: string, before: PlainRow, after: PlainRow): Change {
  return { table, before, after }
}

export function remove(table: string, before: PlainRow): Change {
  return { table, before, after: null }
}

const batchRows = 512

export interface ApplyOptions {
  readonly link?: string
  readonly base?: string
  readonly fence?: number
  readonly signal?: AbortSignal
  /** Before the changes of this kind are given out. */
  readonly amid?: (table: string, kind: RowChange['kind']) => Promise<void> | void
}

/** Discovers the tables, takes over, and applies. */
export async function apply(
  connector: Connector,
  changes: readonly Change[],
  applying: ApplyOptions = {},
): Promise<Applied> {
  const names = [...new Set(changes.map(({ table }) => table))]
  const tables = await connector.discover(names)
  const { link = 'shop', base = 'a'.repeat(64), amid, signal } = applying
  const fence = applying.fence ?? (await connector.takeOver(link)).fence
  return connector.apply({ ...planOf(tables, changes, amid), link, fence, base, signal })
}

function planOf(
  tables: readonly EndpointTable[],
  changes: readonly Change[],
  amid?: ApplyOptions['amid'],
): Pick<ApplyPlan, 'tables' | 'changes'> {
  return {
    tables,
    async *changes(table, kind) {
      await amid?.(table.name, kind)
      const rows = changes
        .filter((one) => one.table === table.name)
        .map((one) => rowChange(table, one))
        .filter((one) => one.kind === kind)
      for (let at = 0; at < rows.length; at += batchRows) yield rows.slice(at, at + batchRows)
    },
  }
}

function rowChange(table: EndpointTable, { before, after }: Change): RowChange {
  const row = (before ?? after)!
  const key = keyOf(table.key.map((name) => row[name]!))
  const kind = before === null ? 'insert' : after === null ? 'delete' : 'update'
  return {
    kind,
    key,
    before: before && cellsOf(table, before),
    after: after && cellsOf(table, after),
  } as RowChange
}

/** Connectors hand the key back as it came: any bytes do. */
export function keyOf(values: readonly string[]): Uint8Array {
  return utf8(JSON.stringify(values))
}

function cellsOf(table: EndpointTable, row: PlainRow): Cell[] {
  return table.columns.map(({ name, type }) => {
    const value = row[name]
    return value === undefined ? absentCell : value === null ? nullCell : cellOfPlain(value, type)
  })
}

const numbers: readonly ColumnType[] = ['int', 'decimal', 'float']

function cellOfPlain(value: string, type: ColumnType): Cell {
  return cellOf(numbers.includes(type) ? 'number' : 'text', utf8(value))
}

export function plainOf(table: EndpointTable, cells: readonly Cell[]): PlainRow {
  const row: Record<string, string | null> = Object.create(null) as Record<string, string | null>
  for (const [i, { name }] of table.columns.entries()) {
    const cell = cells[i]!
    row[name] = cell.kind === 'null' || cell.kind === 'absent' ? null : cellText(cell)
  }
  return row
}

/** All rows of these tables at one moment, sorted by their first column. */
export async function readAll(connector: Connector, names: readonly string[]): Promise<PlainRow[][]> {
  const tables = await connector.discover(names)
  const snapshot = await connector.snapshot(tables)
  try {
    const all: PlainRow[][] = []
    for (const table of tables) {
      const rows: PlainRow[] = []
      for await (const batch of snapshot.rows(table))
        for (const cells of batch) rows.push(plainOf(table, cells))
      all.push(sortedByFirst(rows, table.columns[0]!.name))
    }
    return all
  } finally {
    await snapshot.close()
  }
}

export function sortedByFirst(rows: readonly PlainRow[], column: string): PlainRow[] {
  return rows.toSorted((a, b) =>
    (a[column] ?? '').localeCompare(b[column] ?? '', 'en', { numeric: true, sensitivity: 'variant' }),
  )
}

export async function digestOf(connector: Connector, name: string): Promise<string | null> {
  const tables = await connector.discover([name])
  const snapshot = await connector.snapshot(tables)
  try {
    return await snapshot.digest(tables[0]!)
  } finally {
    await snapshot.close()
  }
}

/** 'changed 1, rejected 2': what was held back, in the order of keys. */
export function heldBack(applied: Applied): string {
  if (applied.outcome === 'applied') return 'nothing'
  return applied.rows
    .map(({ reason, key }) => `${reason} ${(JSON.parse(Buffer.from(key!).toString()) as string[]).join(',')}`)
    .sort()
    .join('; ')
}
