// A writer that takes the whole file for itself in the moment between the beginning of a reading transaction and its first
// reading: it is waited for, and no transaction is left open.
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, expect, test, vi } from 'vitest'
import { openEndpoint } from '../../src/connectors/open.ts'
import { SqliteDatabase } from '../../src/connectors/sqlite/database.ts'
import { readAll } from '../../src/contract/plans.ts'
import { temporaryDir } from '../support/temporary.ts'

afterEach(() => vi.restoreAllMocks())

type Writer = InstanceType<typeof DatabaseSync>

function shop(): { url: string; writer: Writer } {
  const file = `${temporaryDir()}/shop.db`
  const writer = new DatabaseSync(file)
  writer.exec("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'Ada')")
  return { url: `sqlite://${file}`, writer }
}

/** Right after the next BEGIN the writer has the file, for longer than the driver waits. */
function lockAfterBegin(writer: Writer): () => number {
  const exec = Object.getOwnPropertyDescriptor(SqliteDatabase.prototype, 'exec')!.value as (
    this: SqliteDatabase,
    sql: string,
  ) => void
  let locks = 0
  vi.spyOn(SqliteDatabase.prototype, 'exec').mockImplementation(function (this: SqliteDatabase, sql) {
    exec.call(this, sql)
    if (sql !== 'BEGIN' || locks++ > 0) return
    writer.exec("BEGIN EXCLUSIVE; INSERT INTO people VALUES (2, 'Grace')")
    setTimeout(() => writer.exec('COMMIT'), 150)
  })
  return () => locks
}

test('a snapshot waits for it, and so does the next one', async () => {
  const { url, writer } = shop()
  const connector = await openEndpoint(url)
  const tables = await connector.discover(['people'])
  const locks = lockAfterBegin(writer)
  const snapshot = await connector.snapshot(tables)
  expect(locks()).toBeGreaterThan(1)
  await snapshot.close()
  expect(await readAll(connector, ['people'])).toMatchObject([[{ id: '1' }, { id: '2' }]])
  await connector.close()
  writer.close()
})

test('a reading of the log waits for it, and so does the next one', async () => {
  const { url, writer } = shop()
  const connector = await openEndpoint(url)
  const tables = await connector.discover(['people'])
  const { position, snapshot } = await connector.log!.begin('shop', tables)
  await snapshot.close()
  const reader = await connector.log!.open(tables, { position, acknowledged: position })
  if ('lost' in reader) throw new Error(reader.lost)
  const locks = lockAfterBegin(writer)
  const read = async (): Promise<number> => {
    let [changes, end]: [number, string | null] = [0, null]
    for await (const part of reader.read(await reader.now())) {
      changes += part.changes.length
      end = part.position
    }
    await reader.acknowledge(end!)
    return changes
  }
  expect([await read(), await read()]).toEqual([1, 0])
  expect(locks()).toBeGreaterThan(1)
  await reader.close()
  await connector.close()
  writer.close()
})

test('whoever reads amid a write is told that the file is locked, and that this passes', async () => {
  const { url, writer } = shop()
  const connector = await openEndpoint(url)
  const [table] = await connector.discover(['people'])
  const snapshot = await connector.snapshot([table!])
  await snapshot.close()
  // Without a transaction every reading has to ask for the lock again, and nobody waits for it.
  writer.exec('BEGIN EXCLUSIVE')
  const rows = async (): Promise<void> => {
    for await (const batch of snapshot.rows(table!)) expect(batch).toBeDefined()
  }
  await expect(rows()).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE', data: { code: 5 } })
  writer.exec('ROLLBACK')
  await connector.close()
  writer.close()
})
