// Whoever waits for a write sees how far it has come.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { BranchLinks } from '../support/branch-links.ts'
import { temporaryDir } from '../support/temporary.ts'

const count = 3000
const columns = [
  { name: 'id', type: 'int' },
  { name: 'n', type: 'int' },
] as const

function folder(): string {
  const dir = temporaryDir()
  fs.writeFileSync(path.join(dir, 'a.csv'), 'id,n\n')
  return `${pathToFileURL(dir).href.replace('file:', 'folder:')}?settle=0`
}

function sqlite(): string {
  const file = path.join(temporaryDir(), 'a.db')
  const db = new DatabaseSync(file)
  db.exec('CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER)')
  db.close()
  return pathToFileURL(file).href.replace('file:', 'sqlite:')
}

test.each([
  ['a folder', folder],
  ['SQLite', sqlite],
])('rows that are written to %s are counted', async (_, makeUrl) => {
  const links = new BranchLinks()
  const link = links.link(makeUrl(), ['a'], { mode: 'mirror' })
  const write = async (n: number, last: number): Promise<void> => {
    await links.repository.transaction('main', (tx) => {
      const table = n === 0 ? tx.createTable('data/a', { key: ['id'], columns }) : tx.table('data/a')
      for (let id = 0; id < last; id++) table.put({ id, n })
    })
  }
  const told = async (): Promise<{ done: number; total: number }[]> => {
    const all: { done: number; total: number }[] = []
    await links.sync(link, {
      onProgress: ({ phase, done, total }) => {
        if (phase === 'writing a') all.push({ done, total })
      },
    })
    return all
  }
  await write(0, count)
  const first = await told()
  expect(first.length).toBeGreaterThan(2)
  expect(first.at(-1)).toEqual({ done: count, total: count })
  await write(1, 100)
  expect((await told()).at(-1)).toEqual({ done: 100, total: 100 })
  expect(await told()).toEqual([])
})
