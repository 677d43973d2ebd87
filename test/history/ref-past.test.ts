import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CommitCid } from '../../src/encoding/cid.ts'
import { writeCommit } from '../../src/history/commit.ts'
import { resolveRevision } from '../../src/history/revision.ts'
import { MemoryStore } from '../../src/store/memory.ts'

const dayMs = 86_400_000
const noon = Date.UTC(2026, 10, 20, 12)

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: noon }))
afterEach(() => vi.useRealTimers())

/** main moves once a day, to a, b, c, d, and is looked at a day after that. */
async function moved(): Promise<{ store: MemoryStore; nameOf: (revision: string) => Promise<string> }> {
  const store = MemoryStore.create()
  const names = new Map<CommitCid, string>()
  for (const message of 'abcd') {
    const writer = store.writer()
    const tree = writer.put('raw', new Uint8Array([1]))
    const who = { name: 'Ada', email: 'ada@example.org', timeMs: 0, zoneMinutes: 0 }
    const commit = { tree, parents: [], author: who, committer: who, message, generation: 1, extra: {} }
    const cid = writeCommit(writer, commit)
    names.set(cid, message)
    const refs = new Map([['refs/heads/main', cid]])
    await store.update(() => ({ refs, operation: { name: 'move', message, author: '' } }), { writer })
    vi.setSystemTime(Date.now() + dayMs)
  }
  const nameOf = async (revision: string): Promise<string> =>
    names.get((await resolveRevision(store, revision)).commit)!
  return { store, nameOf }
}

test.each([
  ['main@{yesterday}', 'd'],
  ['@{1.day.ago}', 'd'],
  ['HEAD@{36 hours ago}', 'c'],
  ['main@{3 days ago}', 'b'],
  ['main@{2026-11-22 11:59Z}', 'b'],
  ['main@{2026-11-22T12:00:00Z}', 'c'],
  [`main@{${(noon + 1.5 * dayMs) / 1000}}`, 'b'],
  ['main@{now}', 'd'],
  ['main@{3}', 'a'],
])('%s is where it was then', async (revision, expected) => {
  expect(await (await moved()).nameOf(revision)).toBe(expected)
})

test('before its log begins a branch was nowhere, and that is said with the day', async () => {
  const { nameOf } = await moved()
  await expect(nameOf('main@{1 week ago}')).rejects.toMatchObject({
    code: 'VARVE_REF_NOT_FOUND',
    message: expect.stringMatching(/was not there then: its log goes back to 2026-11-2\d/) as string,
  })
})

test('a branch that was removed in between was nowhere then', async () => {
  const { store, nameOf } = await moved()
  const main = (await store.manifest()).refs.get('refs/heads/main')!
  for (const value of [null, main]) {
    const refs = new Map([['refs/heads/main', value]])
    await store.update(() => ({ refs, operation: { name: 'branch', message: '', author: '' } }))
    vi.setSystemTime(Date.now() + dayMs)
  }
  await expect(nameOf('main@{36 hours ago}')).rejects.toMatchObject({ code: 'VARVE_REF_NOT_FOUND' })
  await expect(nameOf('main@{1}')).rejects.toMatchObject({ code: 'VARVE_REF_NOT_FOUND' })
  expect([await nameOf('main@{2}'), await nameOf('main@{5}')]).toEqual(['d', 'a'])
})
