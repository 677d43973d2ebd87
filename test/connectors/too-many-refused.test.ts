// An endpoint that refuses row after row says why.
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { BranchLinks } from '../support/branch-links.ts'
import { temporaryDir } from '../support/temporary.ts'

test('more rows than are held back one by one end the round with the reason of one of them', async () => {
  const file = `${temporaryDir()}/a.db`
  const database = new DatabaseSync(file)
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)')
  const links = new BranchLinks()
  const link = links.link(`sqlite://${file}`, ['t'])
  await links.sync(link)
  await links.edit('t', { put: Array.from({ length: 10_002 }, (_, id) => ({ id, n: '5' })) })
  await expect(links.sync(link)).rejects.toThrow(
    "more than 10000 rows of 't' cannot be written, the last of them because: column 'n'",
  )
  expect(database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 })
  database.close()
})
