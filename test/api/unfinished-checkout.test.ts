// A checkout that was cut short and cannot be finished yet: everything else still works, and nothing of it is taken for
// a change of the user's.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { hasSmallDisk, makeSmallDisk, withoutSmallDisk } from '../support/small-disk.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const real = fs.renameSync
let dir = ''

beforeEach(() => {
  dir = temporaryDir()
})
afterEach(() => letWrite())

/** As in a folder without the right to write. */
function refuse(place: string): void {
  fs.renameSync = (from, to) => {
    if (to === place) throw Object.assign(new Error('refused'), { code: 'EACCES' })
    real(from, to)
  }
  syncBuiltinESMExports()
}

function letWrite(): void {
  fs.renameSync = real
  syncBuiltinESMExports()
}

function read(): string[] {
  return ['a', 'b'].map((name) => fs.readFileSync(`${dir}/${name}`, 'utf8'))
}

/** Two versions; on the way back to the first one 'b' cannot be written. */
async function stuck(): Promise<void> {
  await using repository = await Repository.init(dir, { author })
  for (const text of ['one', 'two']) {
    fs.writeFileSync(`${dir}/a`, text)
    fs.writeFileSync(`${dir}/b`, text)
    await repository.add(['.'])
    await repository.commit({ message: text })
    if (text === 'one') await repository.switch('later', { create: true })
  }
  refuse(`${dir}/b`)
  await expect(repository.switch('main')).rejects.toMatchObject({ code: 'VARVE_IO' })
  expect(read()).toEqual(['one', 'two'])
}

test('is told, keeps nobody from looking, and nothing is staged until it is finished', async () => {
  await stuck()
  const warnings: string[] = []
  {
    await using repository = await Repository.open(dir, { author, onWarning: (text) => warnings.push(text) })
    expect(warnings).toEqual([expect.stringContaining("writing 'b' failed: permission denied")])
    expect((await repository.status()).unstaged).toMatchObject([{ path: 'b' }])
    await expect(repository.add(['.'])).rejects.toMatchObject({ code: 'VARVE_IO' })
    await expect(repository.commit({ message: 'mixed', all: true })).rejects.toMatchObject({
      code: 'VARVE_IO',
    })
  }
  letWrite()
  await using repository = await Repository.open(dir, { author })
  expect(read()).toEqual(['one', 'one'])
  expect((await repository.status()).unstaged).toEqual([])
})

test('can be undone, and what it was to bring does not come afterwards', async () => {
  await stuck()
  {
    await using repository = await Repository.open(dir, { author })
    await repository.undo()
    expect(read()).toEqual(['two', 'two'])
  }
  letWrite()
  await using repository = await Repository.open(dir, { author })
  expect(read()).toEqual(['two', 'two'])
  expect((await repository.status()).unstaged).toEqual([])
})

test.skipIf(!hasSmallDisk)(`on a disk that is read-only a switch says so${withoutSmallDisk}`, async () => {
  const disk = makeSmallDisk(8)
  try {
    await using repository = await Repository.init(`${disk.dir}/repo`, { author })
    fs.writeFileSync(`${disk.dir}/repo/a`, 'one')
    await repository.add(['a'])
    await repository.commit({ message: 'one' })
    execFileSync('mount', ['-o', 'remount,ro', disk.dir])
    await expect(repository.switch('later', { create: true })).rejects.toThrow('the file system is read-only')
    execFileSync('mount', ['-o', 'remount,rw', disk.dir])
  } finally {
    disk.end()
  }
})
