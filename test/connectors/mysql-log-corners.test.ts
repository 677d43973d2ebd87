// What a writer, a server that dies and a line that falls silent can do to the binary log, and what a link must not take
// for the state of a table: statements that hide others, names in other codes, transactions without an end; and at last
// that what the log tells of random transactions is what the tables hold.
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import fc from 'fast-check'
import mysql, { type Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8Text } from '../../src/base/bytes.ts'
import type { LogChange, LogReader } from '../../src/connectors/change-log.ts'
import type { Connector, EndpointTable } from '../../src/connectors/interface.ts'
import { BinlogStream } from '../../src/connectors/mysql/binlog/stream.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { Cell } from '../../src/table/interface.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { temporaryDir } from '../support/temporary.ts'
import { beginLog, openReader, readChanges } from './log-reading.ts'

let server: MysqlServer
let count = 0

interface Followed {
  readonly url: string
  readonly db: Connection
  readonly connector: Connector
  readonly tables: readonly EndpointTable[]
  readonly reader: LogReader
  readonly position: string
}

async function follow(create: string, names: readonly string[]): Promise<Followed> {
  const url = await server.database(`corner${++count}`)
  const db = await server.client(url)
  await db.query(create)
  const connector = await openEndpoint(url)
  const tables = await connector.discover(names)
  const mark = await beginLog(connector.log!, 'shop', tables)
  const reader = await openReader(connector.log!, tables, mark)
  return { url, db, connector, tables, reader, position: mark.position }
}

function unclear(changes: readonly LogChange[]): string[] {
  return [...new Set(changes.filter(({ kind }) => kind === 'unclear').map(({ table }) => table))]
}

function shown({ kind, bytes }: Cell): string {
  return kind === 'null' ? 'null' : utf8Text(bytes)
}

async function rowsOf(connector: Connector, table: EndpointTable): Promise<Map<string, string>> {
  const rows = new Map<string, string>()
  const snapshot = await connector.snapshot([table])
  for await (const batch of snapshot.rows(table))
    for (const row of batch) rows.set(shown(row[0]!), row.map(shown).join())
  await snapshot.close()
  return rows
}

const people =
  "CREATE TABLE people (id int PRIMARY KEY, name text); INSERT INTO people VALUES (1, 'a'), (2, 'b')"

describe.each([
  ['MariaDB', withoutMariadb, startMariadb],
  ['MySQL', withoutMysql, startMysql],
] as const)('corners of the log of %s%s', (name, without, start) => {
  describe.skipIf(without !== '')('', () => {
    beforeAll(async () => {
      server = await start()
    }, 60_000)
    afterAll(() => server.stop(), 60_000)

    if (name === 'MariaDB') ofMariadbAlone()

    test('a name that the writer spells in another code is found', async () => {
      const { url, db, connector, reader } = await follow(
        'CREATE TABLE `café` (id int PRIMARY KEY); INSERT INTO `café` VALUES (1)',
        ['café'],
      )
      const { searchParams, pathname } = new URL(url)
      const old = await mysql.createConnection({
        socketPath: searchParams.get('socket')!,
        user: 'root',
        database: pathname.slice(1),
        charset: 'latin1_swedish_ci',
      })
      await old.query('TRUNCATE `café`')
      expect(unclear(await readChanges(reader))).toEqual(['café'])
      await old.end()
      await connector.close()
      await db.end()
    })

    test('a transaction whose end was lost with the server is no change, and says so', async () => {
      const { url, db, connector, reader } = await follow(people, ['people'])
      await db.query("UPDATE people SET name = 'whole' WHERE id = 1")
      let position = ''
      for await (const part of reader.read(await reader.now())) position = part.position ?? position
      await db.query("UPDATE people SET name = 'half' WHERE id = 2")
      const [[{ dir }]] = (await db.query('SELECT @@datadir AS dir')) as unknown as [[{ dir: string }]]
      await connector.close()
      await server.kill()
      cutLastEvent(path.join(dir, (JSON.parse(position) as [string])[0]))
      await server.start()
      const again = await server.client(url)
      await again.query("INSERT INTO people VALUES (3, 'after')")
      const later = await openEndpoint(url)
      const tables = await later.discover(['people'])
      const reopened = await later.log!.open(tables, { position, acknowledged: position })
      if ('lost' in reopened) throw new Error(reopened.lost)
      const changes = await readChanges(reopened)
      // MySQL takes the rest of it out of its log.
      expect(unclear(changes)).toEqual(name === 'MySQL' ? [] : ['people'])
      expect(changes.filter(({ kind }) => kind === 'put')).toHaveLength(name === 'MySQL' ? 1 : 2)
      expect(changes.at(-1)).toMatchObject({ kind: 'put', table: 'people' })
      await later.close()
      await again.end()
    })

    test('what the log tells of random transactions is what the tables hold', async () => {
      const create = ['a', 'b'].map(
        (name) => `CREATE TABLE ${name} (id int PRIMARY KEY, v varchar(9), w double)`,
      )
      const { db, connector, tables, reader } = await follow(create.join('; '), ['a', 'b'])
      const state = new Map(tables.map(({ name }) => [name, new Map<string, string>()]))
      await fc.assert(
        fc.asyncProperty(fc.array(transactionOf, { minLength: 1, maxLength: 12 }), async (transactions) => {
          for (const statements of transactions)
            for (const sql of statements)
              await db.query(sql).catch((error: { errno: number }) => {
                // A key that is there: the statement did nothing, the transaction goes on.
                if (error.errno !== 1062) throw error
              })
          for (const change of await readChanges(reader)) {
            const rows = state.get(change.table)!
            if (change.kind === 'unclear') throw new Error(change.reason)
            if (change.kind === 'delete') rows.delete(shown(change.key[0]!))
            else {
              if (change.oldKey !== null) rows.delete(shown(change.oldKey[0]!))
              rows.set(shown(change.after[0]!), change.after.map((cell) => shown(cell!)).join())
            }
          }
          for (const table of tables) expect(state.get(table.name)).toEqual(await rowsOf(connector, table))
        }),
        { numRuns: 25, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false },
      )
      await connector.close()
      await db.end()
    })
  })
})

function ofMariadbAlone(): void {
  test.each([
    'SET STATEMENT max_statement_time = 100 FOR TRUNCATE people',
    "SET SESSION binlog_format = 'STATEMENT'; ANALYZE UPDATE people SET name = 'z' WHERE id = 1",
    "SET SESSION binlog_format = 'STATEMENT'; SET STATEMENT max_statement_time = 100 FOR DELETE FROM people",
    'BEGIN NOT ATOMIC TRUNCATE people; END',
  ])('a statement inside another one is seen: %s', async (sql) => {
    const { db, connector, reader } = await follow(people, ['people'])
    await db.query(sql)
    expect(unclear(await readChanges(reader))).toEqual(['people'])
    await connector.close()
    await db.end()
  })

  test('years of two digits are what the server shows, and columns that the log has packed are an obstacle', async () => {
    const { db, connector } = await follow(people, ['people'])
    await db.query('CREATE TABLE t (id int PRIMARY KEY, y year(2)); INSERT INTO t VALUES (1, 24), (2, 99)')
    await db.query('CREATE TABLE u (id int PRIMARY KEY, v varchar(20) COMPRESSED)')
    const [years, packed] = await connector.discover(['t', 'u'])
    expect(await rowsOf(connector, years!)).toEqual(new Map([['1', '1,24'], ['2', '2,99']])) // prettier-ignore
    expect(await connector.log!.obstacle([years!])).toContain("'y' of 't' is year(2)")
    expect(await connector.log!.obstacle([packed!])).toContain("'v' of 'u' is compressed")
    await connector.close()
    await db.end()
  })

  test('a line that has fallen silent is a broken one', async () => {
    const { url, db, connector, position } = await follow(people, ['people'])
    const line = await silentLine(new URL(url).searchParams.get('socket')!)
    const [file, at] = JSON.parse(position) as [string, number]
    const stream = await BinlogStream.open({ user: 'root', socketPath: line.path }, { file, at }, 3_000)
    await stream.more()
    line.fallSilent()
    const listening = (async () => {
      for (;;) {
        while (stream.take() !== null);
        await stream.more()
      }
    })()
    await expect(listening).rejects.toThrow('the connection to the binary log is silent')
    stream.close()
    line.close()
    await connector.close()
    await db.end()
  })
}

const id = fc.integer({ min: 1, max: 12 })
const table = fc.constantFrom('a', 'b')
const statementOf = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(table, id, id).map(([t, i, v]) => `INSERT INTO ${t} VALUES (${i}, 'v${v}', ${v} / 7)`) },
  { weight: 2, arbitrary: fc.tuple(table, id, id).map(([t, i, v]) => `REPLACE INTO ${t} VALUES (${i}, NULL, ${v})`) },
  { weight: 2, arbitrary: fc.tuple(table, id, id).map(([t, i, v]) => `UPDATE ${t} SET id = ${v} WHERE id = ${i}`) },
  { weight: 1, arbitrary: fc.tuple(table, id).map(([t, i]) => `UPDATE ${t} SET id = id + 1 WHERE id > ${i} ORDER BY id DESC`) },
  { weight: 1, arbitrary: id.map((i) => `UPDATE a, b SET a.v = b.v, b.w = a.w WHERE a.id = b.id AND a.id < ${i}`) },
  { weight: 1, arbitrary: id.map((i) => `DELETE a, b FROM a JOIN b ON a.id = b.id WHERE a.id > ${i}`) },
  { weight: 1, arbitrary: fc.tuple(table, id).map(([t, i]) => `DELETE FROM ${t} WHERE id < ${i}`) },
  { weight: 1, arbitrary: fc.tuple(table, id).map(([t, i]) => `INSERT INTO ${t} VALUES (${i}, 'x', 0), (${i + 1}, 'y', 1) ON DUPLICATE KEY UPDATE v = CONCAT(v, '!')`) },
) // prettier-ignore
const innerOf = fc.oneof(
  { weight: 8, arbitrary: statementOf.map((sql) => [sql]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(['SAVEPOINT s'], ['SAVEPOINT s', 'DELETE FROM a', 'ROLLBACK TO s']),
  },
)
const transactionOf = fc.oneof(
  statementOf.map((sql) => [sql]),
  fc
    .tuple(fc.array(innerOf, { maxLength: 6 }), fc.constantFrom('COMMIT', 'ROLLBACK'))
    .map(([inner, end]) => ['BEGIN', ...inner.flat(), end]),
  fc.constant(['FLUSH BINARY LOGS']),
)

/** As a server leaves it that ends before it has written the end of its last transaction. */
function cutLastEvent(file: string): void {
  const bytes = fs.readFileSync(file)
  let last = 4
  for (let at = 4; at < bytes.length; at += bytes.readUInt32LE(at + 9)) last = at
  expect(bytes[last + 4], 'the last event is the end of a transaction').toBe(16)
  fs.truncateSync(file, last)
}

interface SilentLine {
  readonly path: string
  fallSilent(): void
  close(): void
}

/** To another socket, until nothing comes through any more and nobody says so. */
async function silentLine(socketPath: string): Promise<SilentLine> {
  const here = path.join(temporaryDir(), 'line')
  const sockets: net.Socket[] = []
  let isSilent = false
  const server = net.createServer((near) => {
    const far = net.connect(socketPath)
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => isSilent || near.write(bytes))
    for (const socket of [near, far]) {
      socket.on('error', () => undefined)
      sockets.push(socket)
    }
  })
  await new Promise<void>((done) => server.listen(here, done))
  return {
    path: here,
    fallSilent: () => (isSilent = true),
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
