// Names of remotes in `mirror` are looked up in the repository around the command. One that cannot be opened must not
// make a path of the name: the copy would go to a new folder that nobody meant.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Repository, mirror } from '../../src/index.ts'

const dir = mkdtempSync(path.join(os.tmpdir(), 'varve-mirror-names-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function mirrored(from: string, to: string, base: string): Promise<void> {
  for await (const event of mirror(from, to, { base })) expect(event).toBeDefined()
}

async function madeRepository(name: string): Promise<string> {
  const folder = path.join(dir, name)
  const repo = await Repository.init(folder, { author: { name: 'Ada', email: 'ada@example.org' } })
  await repo.commit({ message: 'empty', allowEmpty: true })
  await repo.close()
  return folder
}

test('a name of a remote is not taken for a path where the repository around cannot be opened', async () => {
  const folder = await madeRepository('damaged')
  const source = await madeRepository('source')
  writeFileSync(path.join(folder, '.varve', 'format'), 'varve 99\n')
  await expect(mirrored(source, 'copy', folder)).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  expect(existsSync(path.join(folder, 'copy'))).toBe(false)
})

test('where there is no repository around, a name is a path', async () => {
  const source = await madeRepository('other')
  const base = path.join(dir, 'nothing')
  mkdirSync(base)
  await mirrored(source, 'copy', base)
  expect(existsSync(path.join(base, 'copy'))).toBe(true)
})
