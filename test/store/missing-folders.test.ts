// A repository that was copied without its empty folders, as archives and cloud drives do, or without others.
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

async function without(...folders: string[]): Promise<string> {
  const dir = temporaryDir()
  const repo = await Repository.init(dir, { author })
  await repo.transaction('main', (tx) => tx.writeFile('a.txt', 'a\n'))
  await repo.close()
  for (const folder of folders) rmSync(path.join(dir, '.varve', folder), { recursive: true })
  return dir
}

test("without the folder 'tmp' all goes on", async () => {
  const dir = await without('tmp')
  await using repo = await Repository.open(dir, { author })
  await repo.transaction('main', (tx) => tx.writeFile('b.txt', 'b\n'))
  expect(existsSync(path.join(dir, '.varve/tmp'))).toBe(true)
  expect((await repo.fsck()).problems).toEqual([])
})

test.each(['packs', 'idx'])("without '%s' fsck says that it is missing, and what with it", async (folder) => {
  const dir = await without(folder)
  await using repo = await Repository.open(dir, { author })
  const { problems } = await repo.fsck()
  expect(problems).toContainEqual({ where: folder, what: 'the folder is missing' })
  expect(problems.length).toBeGreaterThan(1)
})

test("what cannot be written because 'idx' is missing points to fsck; its repair makes the folder", async () => {
  const dir = temporaryDir()
  await (await Repository.init(dir, { author })).close()
  rmSync(path.join(dir, '.varve/idx'), { recursive: true })
  const commit = async (): Promise<void> => {
    await using repo = await Repository.open(dir, { author })
    await repo.transaction('main', (tx) => tx.writeFile('a.txt', 'a\n'))
  }
  await expect(commit()).rejects.toMatchObject({
    code: 'VARVE_IO',
    hint: expect.stringContaining('varve fsck'),
  })
  await Repository.repair(dir)
  await commit()
})

test("without 'm' it is said that no manifest is left", async () => {
  const dir = await without('m')
  await expect(
    (async () => {
      await using repo = await Repository.open(dir, { author })
      await repo.branches()
    })(),
  ).rejects.toMatchObject({ code: 'VARVE_CORRUPT', message: 'the store has no manifest' })
})
