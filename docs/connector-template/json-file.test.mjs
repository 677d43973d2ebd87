// The tests of a connector of your own, to copy beside it: `npm install --save-dev varve vitest fast-check`, then
// `npx vitest run`. The fixture says how to make a fresh system, how somebody else writes to it, and what it shows.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import * as contract from 'varve/contract'
import { change, connector } from './json-file.mjs'

const { connectorContract, linkContract, killedRoundsContract, linkFaultsContract, linkMasksContract } =
  contract
const { connectorKit, openEndpoint, sortedByFirst } = contract

/** What it has not is left out, and the tests that need it say so in their names. @type {import('varve/contract').ConnectorFixture} */
const fixture = {
  name: 'JSON file',
  without: '',
  features: new Set(['one moment over all tables', 'tables without a key']),
  values: [],
  refusals: [],
  async start() {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-json-file-'))
    let count = 0
    return {
      stop: async () => fs.rmSync(dir, { recursive: true }),
      fresh: async () => endpointOf(path.join(dir, `${++count}.json`)),
    }
  },
}

function endpointOf(file) {
  const url = pathToFileURL(file).href.replace('file:', 'json-file:')
  const none = async () => {
    throw new Error('a file has none')
  }
  const changed = (work) => change(file, connectorKit, work)
  fs.writeFileSync(file, '{}')
  return {
    url,
    connectors: [connector],
    open: () => openEndpoint(url, { connectors: [connector] }),
    create: (...tables) => changed((content) => tables.forEach((table) => define(content, table))),
    write: (...writes) => changed((content) => writes.forEach((one) => put(content, one))),
    async rows(name) {
      const { columns, rows } = JSON.parse(fs.readFileSync(file, 'utf8')).tables[name]
      const plain = rows.map((row) => recordOf(columns.map((column, i) => [column.name, row[i]])))
      return sortedByFirst(plain, columns[0].name)
    },
    createValues: none,
    shownValues: none,
    capitalize: none,
    async backup() {
      const saved = fs.readFileSync(file)
      return async () => fs.writeFileSync(file, saved)
    },
    cut: none,
    close: async () => {},
  }
}

function define({ tables }, { name, key, columns }) {
  const shape = columns.map((column) => ({ name: column.name, nullable: column.nullable ?? false }))
  const value = { key, columns: shape, rows: [] }
  Object.defineProperty(tables, name, { value, enumerable: true, configurable: true, writable: true })
}

function put({ tables }, one) {
  const { columns, rows } = tables[one.table]
  const given = one.put ?? one.remove
  const at = rows.findIndex(([first]) => first === given[columns[0].name])
  if (one.remove !== undefined) return rows.splice(at, 1)
  const row = columns.map(({ name }) => (Object.hasOwn(given, name) ? given[name] : null))
  if (at < 0) rows.push(row)
  else rows[at] = row
}

/** Names come from outside: '__proto__' is one like any other. */
function recordOf(entries) {
  const record = Object.create(null)
  for (const [name, value] of entries) record[name] = value
  return record
}

connectorContract(fixture)
linkContract(fixture)
killedRoundsContract(fixture)
linkFaultsContract(fixture)
linkMasksContract(fixture)
