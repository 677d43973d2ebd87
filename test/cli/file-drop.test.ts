// The way of a file from a folder into a database, as people set it up at the command line.
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve } from './varve.ts'

test('files that drop into a folder become rows of a dataset, and of a database', async () => {
  const dir = temporaryDir()
  const cwd = path.join(dir, 'repo')
  for (const name of ['repo', 'drop', 'drop/orders']) fs.mkdirSync(path.join(dir, name))
  const drop = (name: string, text: string): void => {
    const file = path.join(dir, 'drop', name)
    fs.writeFileSync(`${file}.part`, text)
    fs.renameSync(`${file}.part`, file)
  }
  const db = new DatabaseSync(path.join(dir, 'shop.db'))
  db.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, amount NUMERIC, note TEXT)')
  db.exec('CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)')
  const rows = (table: string): unknown[] => db.prepare(`SELECT * FROM ${table} ORDER BY id`).all()
  drop('orders/1.csv', 'id,amount,note\n1,1.5,\n2,2,"a, b"\n')
  drop('people.jsonl', '{"id":1,"name":"Ada"}\n')
  await ok(['init'], { cwd })
  const added = await varve(
    ['link', 'template', 'use', 'file-drop-to-database', 'shop', '../drop', '../shop.db'].concat([
      '--tables',
      'orders,people',
      '--key',
      'id',
    ]),
    { cwd },
  )
  const nothing = await varve(['link', 'add', 'x', './nothing', '--tables', 'a', '--mode', 'capture'], {
    cwd,
  })
  expect([nothing.code, nothing.stderr]).toEqual([
    2,
    expect.stringContaining(
      "no file or folder './nothing'\nhint: an endpoint is a folder of files, an SQLite file",
    ),
  ])
  expect(fs.readFileSync(path.join(cwd, 'varve.yaml'), 'utf8')).toContain(`sqlite://${dir}/shop.db`)
  expect([added.code, added.stdout]).toEqual([
    0,
    expect.stringContaining('added link shop-files: capture folder:///'),
  ])
  expect(await ok(['link', 'show', 'shop-files'], { cwd })).toContain(
    'files     orders: key id; people: key id',
  )
  await ok(['sync'], { cwd })
  const [first, second] = [
    { id: 1, amount: 1.5, note: null },
    { id: 2, amount: 2, note: 'a, b' },
  ]
  expect([rows('orders'), rows('people')]).toEqual([[first, second], [{ id: 1, name: 'Ada' }]])
  drop('orders/2.csv', 'id,amount,note\n2,20,late\n3,3,\n')
  drop('people.jsonl', '{"id":1,"name":"Ada"}\n{"id":2\n')
  const held = await varve(['sync'], { cwd })
  expect([held.code, held.stdout + held.stderr]).toEqual([
    21,
    expect.stringContaining("'people.jsonl' line 2: line is not JSON"),
  ])
  expect(rows('orders')).toEqual([
    first,
    { ...second, amount: 20, note: 'late' },
    { id: 3, amount: 3, note: null },
  ])
  drop('people.jsonl', '{"id":1,"name":"Ada"}\n{"id":2,"name":"Grace"}\n')
  await ok(['sync'], { cwd })
  expect(rows('people')).toEqual([
    { id: 1, name: 'Ada' },
    { id: 2, name: 'Grace' },
  ])
  expect(await ok(['link', 'verify', 'shop-files'], { cwd })).toContain('people: 2 rows')
  db.close()
})
