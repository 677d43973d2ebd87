// The connector that people are to copy (docs/connector-template) keeps the contract, so that it does not rot.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ConnectorKind } from '../../src/connectors/interface.ts'
import { connectorKit } from '../../src/connectors/kit.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { ConnectorFixture, PlainRow, TableShape, Write } from '../contract/connector-fixture.ts'
import { connectorContract } from '../contract/connector.ts'
import { sortedByFirst } from '../contract/connector-plans.ts'
import { killedRoundsContract } from '../contract/killed-rounds.ts'
import { linkContract } from '../contract/links.ts'
import { temporaryDir } from '../support/temporary.ts'

interface JsonFile {
  tables: Record<string, { key: readonly string[]; columns: { name: string }[]; rows: (string | null)[][] }>
}

interface Template {
  connector: ConnectorKind
  change(file: string, kit: object, work: (file: JsonFile) => void): Promise<void>
}

const source = path.join(import.meta.dirname, '../../docs/connector-template/json-file.mjs')
const template = (await import(pathToFileURL(source).href)) as Template

const fixture: ConnectorFixture = {
  name: 'The template',
  without: '',
  features: new Set(['one moment over all tables', 'tables without a key']),
  values: [],
  refusals: [],
  start() {
    const dir = temporaryDir()
    let count = 0
    return Promise.resolve({
      stop: () => Promise.resolve(),
      fresh() {
        const file = path.join(dir, `${++count}.json`)
        fs.writeFileSync(file, '{}')
        const change = (work: (content: JsonFile) => void): Promise<void> =>
          template.change(file, connectorKit, work)
        const read = (): JsonFile => JSON.parse(fs.readFileSync(file, 'utf8')) as JsonFile
        const url = pathToFileURL(file).href.replace('file:', 'json-file:')
        return Promise.resolve({
          url,
          connectors: [template.connector],
          open: () => openEndpoint(url, { connectors: [template.connector] }),
          create: (...tables) =>
            change((content) =>
              tables.forEach((table) => define(content.tables, table.name, shapeOf(table))),
            ),
          write: (...writes) => change((content) => writes.forEach((write) => put(content, write))),
          rows: (table) => {
            const { columns, rows } = read().tables[table]!
            const plain = rows.map((row) => {
              const made = Object.create(null) as Record<string, string | null>
              for (const [i, { name }] of columns.entries()) made[name] = row[i]!
              return made as PlainRow
            })
            return Promise.resolve(sortedByFirst(plain, columns[0]!.name))
          },
          createValues: () => Promise.reject(new Error('all values are text')),
          shownValues: () => Promise.reject(new Error('all values are text')),
          capitalize: () => Promise.reject(new Error('there are no triggers')),
          cut: () => Promise.reject(new Error('there is no line')),
          close: () => Promise.resolve(),
        })
      },
    })
  },
}

function shapeOf({ key, columns }: TableShape): JsonFile['tables'][string] {
  return { key, columns: columns.map(({ name, nullable = false }) => ({ name, nullable })), rows: [] }
}

function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

function put({ tables }: JsonFile, write: Write): void {
  const table = tables[write.table]!
  const given = 'put' in write ? write.put : write.remove
  const first = table.columns[0]!.name
  const at = table.rows.findIndex((row) => row[0] === given[first])
  if ('remove' in write) table.rows.splice(at, 1)
  else {
    const row = table.columns.map(({ name }) => write.put[name] ?? null)
    if (at < 0) table.rows.push(row)
    else table.rows[at] = row
  }
}

connectorContract(fixture)
linkContract(fixture)
killedRoundsContract(fixture)
