// Files that are not read are named where somebody may look for their rows.
import { mkdirSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve } from './varve.ts'

test('link add and link test say which files of a folder are no tables, in one line', async () => {
  const dir = temporaryDir()
  await ok(['init', '-q'], { cwd: dir })
  mkdirSync(`${dir}/drop`)
  writeFileSync(`${dir}/drop/people.csv.gz`, gzipSync('id,name\n1,Ada\n'))
  for (const name of ['a.xlsx', 'b.parquet', 'c.csv.zst']) writeFileSync(`${dir}/drop/${name}`, 'x')
  const added = await varve(['link', 'add', 'drop', './drop/', '--tables', '*', '--mode', 'capture'], {
    cwd: dir,
  })
  expect(added.code).toBe(0)
  const others =
    "2 of another format ('a.xlsx', …), 1 compressed or packed otherwise than as .csv.gz and the like"
  expect(added.stderr).toContain(`warning: some files there are no tables, and are not read: ${others}`)
  expect(await ok(['link', 'test', 'drop'], { cwd: dir })).toContain(`not read: ${others} ('c.csv.zst')\n`)
  const tested = JSON.parse(await ok(['link', 'test', 'drop', '--json'], { cwd: dir }))
  expect(tested.passedOver[0]).toEqual({ reason: 'of another format', count: 2, first: 'a.xlsx' })
})

test('import of a compressed file says how to unpack it on the way', async () => {
  const dir = temporaryDir()
  await ok(['init', '-q'], { cwd: dir })
  writeFileSync(`${dir}/people.csv.gz`, gzipSync('id,name\n1,Ada\n'))
  const imported = await varve(['import', 'people.csv.gz', '--as', 'people', '--key', 'id'], { cwd: dir })
  expect(imported.code).not.toBe(0)
  expect(imported.stderr).toContain('gzip -dc people.csv.gz | varve import - --as people --format csv')
})
