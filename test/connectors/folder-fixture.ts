// A folder of CSV files that another program writes to, as a fixture for the suites.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ColumnType } from '../../src/table/interface.ts'
import type { DeclaredTable } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { ConnectorFixture, Endpoint, Refusal, ValueCase, Write } from '../contract/connector-fixture.ts'
import { sortedByFirst } from '../contract/connector-plans.ts'
import { readCsv, writeCsv } from '../support/csv-file.ts'
import { temporaryDir } from '../support/temporary.ts'

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

export const folderFixture: ConnectorFixture = {
  name: 'A folder of CSV files',
  without: '',
  features: new Set(['digest', 'writers amid a plan']),
  cellBytesMax: 4 << 20,
  values,
  refusals,
  start() {
    const dir = temporaryDir()
    let count = 0
    return Promise.resolve({
      stop: () => Promise.resolve(),
      fresh() {
        const folder = path.join(dir, `drop ${++count}`)
        fs.mkdirSync(folder)
        return Promise.resolve(folderEndpoint(folder))
      },
    })
  },
}

export function folderEndpoint(folder: string): Endpoint {
  const url = `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`
  const declared: DeclaredTable[] = []
  const fileOf = (table: string): string => path.join(folder, `${table}.csv`)
  return {
    url,
    open: () => openEndpoint(url, { files: declared }),
    create: (...tables) => {
      for (const { name, key, columns } of tables) {
        declared.push({ table: name, key })
        writeCsv(fileOf(name), { columns: columns.map((column) => column.name), rows: [] })
      }
      return Promise.resolve()
    },
    write: (...writes) => {
      for (const table of new Set(writes.map((one) => one.table)))
        change(
          fileOf(table),
          writes.filter((one) => one.table === table),
        )
      return Promise.resolve()
    },
    rows: (table) => {
      const { columns, rows } = readCsv(fileOf(table))
      return Promise.resolve(sortedByFirst(rows, columns[0]!))
    },
    createValues: (table, type, literals) => {
      declared.push({ table, key: ['id'], columns: [{ name: 'v', type: type as ColumnType }] })
      const rows = literals.map((v, i) => ({ id: String(i + 1), v }))
      writeCsv(fileOf(table), { columns: ['id', 'v'], rows })
      return Promise.resolve()
    },
    shownValues: (table) => {
      const { rows } = readCsv(fileOf(table))
      return Promise.resolve(sortedByFirst(rows, 'id').map((row) => JSON.stringify(row['v'])))
    },
    capitalize: () => Promise.reject(new Error('there are no triggers')),
    cut: () => Promise.reject(new Error('there is no line')),
    close: () => Promise.resolve(),
  }
}

/** By the first column. */
function change(file: string, writes: readonly Write[]): void {
  const { columns, rows } = readCsv(file)
  const first = columns[0]!
  const all = new Map(rows.map((row) => [row[first], row]))
  for (const write of writes)
    if ('put' in write) all.set(write.put[first]!, write.put)
    else all.delete(write.remove[first]!)
  writeCsv(file, { columns, rows: [...all.values()] })
}
