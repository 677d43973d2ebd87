// An endpoint that refuses row after row of a table: that table waits, and says why; the others go on.
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { BranchLinks } from '../support/branch-links.ts'
import { temporaryDir } from '../support/temporary.ts'

test('more rows than are held back one by one hold back their table, with the reason of one of them', async () => {
  const file = `${temporaryDir()}/a.db`
  const database = new DatabaseSync(file)
  database.exec(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); CREATE TABLE u (id INTEGER PRIMARY KEY, n INTEGER)',
  )
  const links = new BranchLinks()
  const link = links.link(`sqlite://${file}`, ['t', 'u'])
  await links.sync(link)
  await links.edit('t', { put: Array.from({ length: 10_002 }, (_, id) => ({ id, n: '5' })) })
  await links.edit('u', { put: [{ id: 1, n: 5 }] })
  const { heldBack } = await links.sync(link)
  expect(heldBack).toMatchObject([{ table: 't', key: '', reason: 'rejected', isTable: true }])
  expect(heldBack[0]!.message).toMatch(
    /^more than 10000 of its rows cannot be written, the last of them because: column 'n'/,
  )
  expect(database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 })
  expect(database.prepare('SELECT count(*) AS n FROM u').get()).toEqual({ n: 1 })
  await links.edit('t', { remove: Array.from({ length: 10_002 }, (_, id) => id) })
  expect((await links.sync(link)).heldBack).toEqual([])
  database.close()
})
