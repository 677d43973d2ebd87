// Servers of MariaDB that are set otherwise than most: a log that is encrypted on the disk, a log of statements, limits and
// modes that hold for every connection which does not say otherwise.
import fs from 'node:fs'
import path from 'node:path'
import type { Connection } from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { PlainRow } from '../../src/contract/fixture.ts'
import { apply, heldBack, insert, readAll, update } from '../../src/contract/plans.ts'
import { hasMariadb, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { temporaryDir } from '../support/temporary.ts'

const person = (id: string, name: string): PlainRow => ({ id, name })

describe.skipIf(!hasMariadb)(`a server of MariaDB${withoutMariadb}`, () => {
  async function withServer(
    settings: readonly string[],
    work: (connector: Connector, db: Connection) => Promise<void>,
  ): Promise<void> {
    const mariadb = await startMariadb(settings)
    try {
      const url = await mariadb.database('shop')
      const db = await mariadb.client(url)
      await db.query('CREATE TABLE people (id int PRIMARY KEY, name text)')
      await db.query("INSERT INTO people VALUES (1, 'a'), (2, 'b')")
      const connector = await openEndpoint(url)
      await work(connector, db)
      await connector.close()
    } finally {
      await mariadb.stop()
    }
  }

  test('that has no certificate says how it is reached', async () => {
    const mariadb = await startMariadb(['--skip-ssl'])
    try {
      const url = `${await mariadb.database('shop')}&ssl-mode=required`
      await expect(openEndpoint(url)).rejects.toMatchObject({
        code: 'VARVE_UNREACHABLE',
        hint: "it is reached without encryption where the URL has no 'ssl-mode'",
      })
    } finally {
      await mariadb.stop()
    }
  })

  test('whose log is encrypted on the disk has a log as any', async () => {
    const keys = path.join(temporaryDir(), 'keys')
    fs.writeFileSync(keys, `1;${'a7'.repeat(32)}\n`)
    fs.chmodSync(path.dirname(keys), 0o755)
    const settings = [
      '--plugin-load-add=file_key_management',
      `--file-key-management-filename=${keys}`,
      '--encrypt-binlog=ON',
    ]
    await withServer(settings, async (connector, db) => {
      const log = connector.log!
      const tables = await connector.discover(['people'])
      expect(await log.obstacle(tables)).toBe(null)
      const { position, snapshot } = await log.begin('shop', tables)
      await snapshot.close()
      const reader = await log.open(tables, { position, acknowledged: position })
      if ('lost' in reader) throw new Error(reader.lost)
      await db.query('DELETE FROM people WHERE id = 1; FLUSH BINARY LOGS; DELETE FROM people WHERE id = 2')
      const kinds: string[] = []
      for await (const { changes } of reader.read(await reader.now()))
        kinds.push(...changes.map(({ kind }) => kind))
      expect(kinds).toEqual(['delete', 'delete'])
    })
  }, 60_000)

  test('whose log has statements is written to, and its log is an obstacle', async () => {
    await withServer(['--binlog-format=STATEMENT'], async (connector) => {
      const change = [update('people', person('1', 'a'), person('1', 'z'))]
      expect(await apply(connector, change)).toEqual({ outcome: 'applied', written: 1 })
      expect(heldBack(await apply(connector, change))).toBe('changed 1')
      expect(await readAll(connector, ['people'])).toEqual([[person('1', 'z'), person('2', 'b')]])
      const tables = await connector.discover(['people'])
      expect(await connector.log!.obstacle(tables)).toContain("binlog_format is 'STATEMENT'")
    })
  }, 60_000)

  test('that sends no more than a row, forgets checks and is in strange modes is read whole and written to as any', async () => {
    await withServer([], async (_, db) => {
      await db.query(`CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES people (id), word varchar(9) UNIQUE);
        INSERT INTO child VALUES (1, 1, 'one')`)
      for (const setting of [
        'sql_select_limit = 1',
        'max_statement_time = 0.001',
        'foreign_key_checks = 0',
        'unique_checks = 0',
        'autocommit = 0',
        'completion_type = 2',
        'sql_safe_updates = 1',
        "tx_isolation = 'SERIALIZABLE'",
        "time_zone = '+05:30'",
        'wait_timeout = 1',
        'idle_transaction_timeout = 1',
        "sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,ORACLE'",
      ])
        await db.query(`SET GLOBAL ${setting}`)
      const [rows] = (await db.query('SELECT @@socket AS socket')) as unknown as [{ socket: string }[]]
      const url = `mariadb://root@localhost/shop?socket=${encodeURIComponent(rows[0]!.socket)}`
      const connector = await openEndpoint(url)
      expect(await readAll(connector, ['people'])).toEqual([[person('1', 'a'), person('2', 'b')]])
      await new Promise((next) => setTimeout(next, 2_500))
      const odd = 'it\'s a \\ "word"'
      const change = [update('people', person('1', 'a'), person('1', odd))]
      expect(await apply(connector, change)).toEqual({ outcome: 'applied', written: 1 })
      const orphan: PlainRow = { id: '2', parent: '99', word: 'two' }
      expect(heldBack(await apply(connector, [insert('child', orphan)]))).toContain('2')
      expect(await readAll(connector, ['people'])).toEqual([[person('1', odd), person('2', 'b')]])
      await connector.close()
    })
  }, 60_000)
})
