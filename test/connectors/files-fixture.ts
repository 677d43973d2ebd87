// Files of CSV that another program writes to, wherever they lie, as fixtures for the suites.
import type { ColumnType } from '../../src/table/interface.ts'
import type { DeclaredTable } from '../../src/dataset/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type {
  ConnectorFixture,
  Endpoint,
  FixtureHost,
  Refusal,
  ValueCase,
  Write,
} from '../../src/contract/fixture.ts'
import { sortedByFirst } from '../../src/contract/plans.ts'
import { type PlainFile, csvText, parseCsv } from '../support/csv-file.ts'

/** How another program reads and writes them. */
export interface TextFiles {
  readonly url: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  read(name: string): Promise<string>
  backup(): Promise<() => Promise<void>>
  /** Overwrites nobody: `change` is called again where somebody else was faster. */
  change(name: string, change: (before: string | null) => string): Promise<void>
}

const value = (type: ValueCase['columnType'], kind: ValueCase['cell'][0], text: string): ValueCase => ({
  type,
  columnType: type,
  literal: text,
  cell: [kind, text],
})

const values: readonly ValueCase[] = [
  ...['0', '-7', '9007199254740993', '123456789012345678901234567890'].map((text) =>
    value('int', 'number', text),
  ),
  ...['1.50', '-0.0', '3', '0.1000000000000000055511151231257827'].map((text) =>
    value('decimal', 'number', text),
  ),
  ...['1e300', '-2.5E-7', '1'].map((text) => value('float', 'number', text)),
  ...['NaN', 'n/a', '007', '+1', '.5'].map((text) => value('decimal', 'text', text)),
  ...(['true', 'false'] as const).map((word) => ({ ...value('bool', word, ''), literal: word })),
  value('bool', 'text', 'TRUE'),
  ...['2024-02-29', '0001-01-01'].map((text) => value('date', 'text', text)),
  ...['2024-02-29T12:30:45.123456Z', '1999-12-31 23:59:60'].map((text) => value('timestamp', 'text', text)),
  ...['1', '1,5', ' 1', 'true', 'NULL', '\\x6a', '{"a": 1}'].map((text) => value('text', 'text', text)),
  ...['{"a": 1}', '[]', '"x"', '1.50', 'null'].map((text) => value('json', 'json', text)),
  value('json', 'text', '{a'),
  { ...value('bytes', 'bytes', '00ff'), literal: '\\x00ff' },
  { ...value('bytes', 'bytes', ''), literal: '\\x' },
  value('bytes', 'text', '\\xFF'),
]

const refusals: readonly Refusal[] = [
  { type: 'text', cell: ['number', '5'] },
  { type: 'text', cell: ['true', ''] },
  { type: 'text', cell: ['json', '{"a":1}'] },
  { type: 'text', cell: ['bytes', '00ff'] },
  { type: 'int', cell: ['text', '5'] },
  { type: 'decimal', cell: ['number', '9e'] },
  { type: 'bool', cell: ['text', 'true'] },
  { type: 'bool', cell: ['number', '1'] },
  { type: 'json', cell: ['text', '5'] },
  { type: 'bytes', cell: ['text', '\\x00'] },
]

export function filesFixture(
  name: string,
  without: string,
  start: () => Promise<Pick<FixtureHost, 'stop'> & { fresh(): Promise<TextFiles> }>,
): ConnectorFixture {
  return {
    name,
    without,
    features: new Set(['digest', 'writers amid a plan', 'values of more than 16 MiB']),
    cellBytesMax: 4 << 20,
    values,
    refusals,
    async start() {
      const host = await start()
      return { stop: () => host.stop(), fresh: async () => filesEndpoint(await host.fresh()) }
    },
  }
}

function filesEndpoint(files: TextFiles): Endpoint {
  const { url, environment } = files
  const declared: DeclaredTable[] = []
  const fileOf = (table: string): string => `${table}.csv`
  const put = (table: string, content: PlainFile): Promise<void> =>
    files.change(fileOf(table), () => csvText(content))
  return {
    url,
    ...(environment === undefined ? {} : { environment }),
    open: () => openEndpoint(url, { files: declared, environment }),
    async create(...tables) {
      for (const { name, key, columns } of tables) {
        declared.push({ table: name, key })
        await put(name, { columns: columns.map((column) => column.name), rows: [] })
      }
    },
    async write(...writes) {
      for (const table of new Set(writes.map((one) => one.table)))
        await files.change(fileOf(table), (before) =>
          changed(
            before!,
            writes.filter((one) => one.table === table),
          ),
        )
    },
    async rows(table) {
      const { columns, rows } = parseCsv(await files.read(fileOf(table)))
      return sortedByFirst(rows, columns[0]!)
    },
    createValues(table, type, literals) {
      declared.push({ table, key: ['id'], columns: [{ name: 'v', type: type as ColumnType }] })
      const rows = literals.map((v, i) => ({ id: String(i + 1), v }))
      return put(table, { columns: ['id', 'v'], rows })
    },
    async shownValues(table) {
      const { rows } = parseCsv(await files.read(fileOf(table)))
      return sortedByFirst(rows, 'id').map((row) => JSON.stringify(row['v']))
    },
    backup: () => files.backup(),
    capitalize: () => Promise.reject(new Error('there are no triggers')),
    cut: () => Promise.reject(new Error('there is no line')),
    close: () => Promise.resolve(),
  }
}

/** By the first column. */
function changed(before: string, writes: readonly Write[]): string {
  const { columns, rows } = parseCsv(before)
  const first = columns[0]!
  const all = new Map(rows.map((row) => [row[first], row]))
  for (const write of writes)
    if ('put' in write) all.set(write.put[first]!, write.put)
    else all.delete(write.remove[first]!)
  return csvText({ columns, rows: [...all.values()] })
}
