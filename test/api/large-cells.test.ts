// Cells beyond the largest object, which lie in chunks: through files, commits, diffs, merges, remotes, gc and fsck.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { sameBytes } from '../../src/base/platform.ts'
import { collect } from '../../src/base/iterables.ts'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const dir = temporaryDir()
const author = { name: 'Ada', email: 'ada@example.org' }

/** Text that does not compress, of this many characters. */
function words(length: number, seed: number): string {
  const letters = Buffer.alloc(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    letters[i] = 97 + ((state >>> 16) % 26)
  }
  return letters.toString('latin1')
}

const long = words(9 << 20, 1)
const edited = `${long.slice(0, 4 << 20)}edited${long.slice(4 << 20)}`

test.each([
  ['t.csv', (id: number, n: string, v: string) => `${id},${n},${v}\n`, 'id,n,v\n'],
  ['t.jsonl', (id: number, n: string, v: string) => `{"id":${id},"n":"${n}","v":"${v}"}\n`, ''],
])('a table of 9 MiB cells in %s', async (name, line, head) => {
  const root = path.join(dir, name)
  const repo = await Repository.init(root, { author })
  const file = path.join(root, name)
  const content = (...lines: readonly string[]): string => head + lines.join('')
  const commit = async (text: string): Promise<void> => {
    writeFileSync(file, text)
    await repo.add(['.'])
    await repo.commit({ message: 'Change' })
  }
  const isFile = (text: string): boolean => sameBytes(readFileSync(file), Buffer.from(text))

  writeFileSync(file, content(line(1, 'a', long), line(2, 'b', 'x')))
  expect(await repo.track(name, { key: ['id'] })).toMatchObject({ rows: 2 })
  await repo.add(['.'])
  await repo.commit({ message: 'Begin' })
  await repo.switch('theirs', { create: true })
  await commit(content(line(1, 'a', edited), line(2, 'b', 'x')))
  expect(await collect(repo.diff({ from: 'main', to: 'theirs' }))).toMatchObject([
    { path: name, kind: 'table' },
  ])
  await repo.switch('main')
  expect(isFile(content(line(1, 'a', long), line(2, 'b', 'x')))).toBe(true)
  await commit(content(line(1, 'ours', long), line(2, 'b', 'x'), line(3, 'c', long.slice(0, 5 << 20))))
  expect(await repo.merge('theirs')).toMatchObject({ outcome: 'merged' })
  const both = content(line(1, 'ours', edited), line(2, 'b', 'x'), line(3, 'c', long.slice(0, 5 << 20)))
  expect(isFile(both)).toBe(true)

  // The other side has other bytes of the same cell: a conflict, and either side can be taken.
  await repo.switch('again', { create: true })
  await commit(both.replace('edited', 'theirs'))
  await repo.switch('main')
  await commit(both.replace('edited', 'mine'))
  expect(await repo.merge('again')).toMatchObject({ outcome: 'conflict', conflictCount: 1 })
  await repo.resolve(name, { take: 'theirs' })
  await repo.commit({ message: 'Merged' })
  expect(isFile(both.replace('edited', 'theirs'))).toBe(true)

  const far = path.join(dir, `far-${name}`)
  await repo.addRemote('origin', far)
  await repo.push('origin', ['main'])
  await repo.gc()
  expect((await repo.fsck()).problems).toEqual([])
  const clone = await Repository.clone(far, path.join(dir, `clone-${name}`))
  expect(sameBytes(readFileSync(path.join(dir, `clone-${name}`, name)), readFileSync(file))).toBe(true)
  expect((await clone.fsck()).problems).toEqual([])
  const row = await (await clone.at('main')).table(name).get(1)
  expect(row!['v'] === edited.replace('edited', 'theirs')).toBe(true)
  await clone.close()
  await repo.close()
})
