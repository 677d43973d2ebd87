// Clones without all of history: what is here is whole, what is not here is known by name, and no answer is given as if
// history began where it was cut.
import { expect, test } from 'vitest'
import type { CommitCid } from '../../src/encoding/cid.ts'
import { divergence, mergeBases, walkCommits } from '../../src/history/ancestry.ts'
import { readCommit } from '../../src/history/commit.ts'
import { horizonRef, readHorizon } from '../../src/history/horizon.ts'
import { cloneAt } from '../../src/remote/clone-at.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { deepen } from '../../src/remote/deepen.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { PartialStore } from '../../src/remote/partial-store.ts'
import { push } from '../../src/remote/push.ts'
import type { Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef, tagCommit } from './history.ts'
import { WrappedStore } from './wrapped-store.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }

function shallow(inner: Store = MemoryStore.create()): PartialStore {
  return new PartialStore(inner, () => Promise.reject(new Error('nobody asked for contents')))
}

/** Ten commits on main, a branch of two that left it at the eighth, a tag at the third. */
async function remoteOfTen(): Promise<{ remote: MemoryStore; commits: CommitCid[]; side: CommitCid }> {
  const remote = MemoryStore.create()
  const commits: CommitCid[] = []
  for (let i = 0; i < 10; i++) {
    const rows = i === 0 ? manyRows(3000) : new Map([[i, `edited ${i}`]])
    commits.push(await commitOn(remote, main, { rows, files: { [`f${i}`]: `${i}` } }))
  }
  await commitOn(remote, 'refs/heads/side', { files: { s: '1' } }, commits[7])
  const side = await commitOn(remote, 'refs/heads/side', { files: { s: '2' } })
  await tagCommit(remote, 'v3', commits[2]!)
  return { remote, commits, side }
}

async function history(store: Store, from: CommitCid): Promise<CommitCid[]> {
  const found: CommitCid[] = []
  for await (const { cid } of walkCommits(store, [from])) found.push(cid)
  return found
}

test('a clone of depth 2 has two commits of each branch, whole, and no tag of what it lacks', async () => {
  const { remote, commits, side } = await remoteOfTen()
  const local = shallow()
  const far = new WrappedStore(remote)
  await cloneInto(local, far, { url: '/hub', depth: 2 })
  expect(await history(local, commits[9]!)).toEqual([commits[9], commits[8]])
  expect(await history(local, side)).toHaveLength(2)
  expect(await refOf(local, 'refs/tags/v3')).toBeUndefined()
  expect(await local.has(commits.slice(0, 8))).toEqual(commits.slice(0, 8).map(() => false))
  const { commits: beyond, floor } = await readHorizon(local, await local.manifest())
  expect([...beyond]).toEqual([commits[7]])
  expect(floor).toBe(9)
  expect(await problemsOf(local)).toEqual([])
})

test('what lies before the end is an error that says how to get it, never an empty answer', async () => {
  const { remote, commits } = await remoteOfTen()
  const local = shallow()
  await cloneInto(local, remote, { url: '/hub', depth: 1 })
  await expect(readCommit(local, commits[8]!)).rejects.toMatchObject({
    code: 'VARVE_NOT_POSSIBLE',
    hint: expect.stringContaining('--unshallow'),
  })
  const { resolveRevision } = await import('../../src/history/revision.ts')
  await expect(resolveRevision(local, 'main~2')).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
  const { createContext } = await import('../../src/repo/context.ts')
  const { commitIndex } = await import('../../src/repo/commit.ts')
  const repo = createContext(local, { author: { name: 'Ada', email: 'a@b' } })
  await expect(commitIndex(repo, { amend: true, message: 'x' })).rejects.toMatchObject({
    code: 'VARVE_NOT_POSSIBLE',
  })
})

test('fsck and gc know what is absent on purpose, and still see what is lost', async () => {
  const { remote, commits } = await remoteOfTen()
  const inner = MemoryStore.create()
  const local = shallow(inner)
  await cloneInto(local, remote, { url: '/hub', depth: 3 })
  await setRef(local, 'refs/heads/loose', commits[9]!)
  await commitOn(local, 'refs/heads/loose', { files: { loose: 'garbage soon' } })
  await setRef(local, 'refs/heads/loose', null)
  const before = (await local.stats()).objects
  const { objectsDropped } = await local.gc({ manifestsKeptMax: 1 })
  expect(objectsDropped).toBeGreaterThan(0)
  expect((await local.stats()).objects).toBe(before - objectsDropped)
  expect(await problemsOf(local)).toEqual([])
  // The same store without the list: what is absent counts as lost.
  await setRef(inner, horizonRef, null)
  expect((await local.fsck()).problems.map(({ where }) => where)).toContain(commits[6])
})

test('a fetch brings what is new and goes no deeper than history does here', async () => {
  const { remote, commits } = await remoteOfTen()
  const local = shallow()
  await cloneInto(local, remote, { url: '/hub', depth: 2 })
  const eleventh = await commitOn(remote, main, { files: { f10: '10' } })
  const old = await commitOn(remote, 'refs/heads/old', { files: { o: '1' } }, commits[1])
  const { updates } = await fetchRefs(local, remote, origin)
  expect(updates).toEqual([
    { ref: 'refs/remotes/origin/main', before: commits[9], after: eleventh, forced: false },
    { ref: 'refs/remotes/origin/old', before: null, after: old, forced: false },
  ])
  expect(await history(local, eleventh)).toEqual([eleventh, commits[9], commits[8]])
  // It left main long before the end of history: its own commit alone.
  expect(await history(local, old)).toEqual([old])
  expect(await problemsOf(local)).toEqual([])
})

test('deepening goes so much further, and unshallow to the beginning, for the price of what is new', async () => {
  const { remote, commits, side } = await remoteOfTen()
  const local = shallow()
  await cloneInto(local, remote, { url: '/hub', depth: 1 })
  const more = await deepen(local, remote, { ...origin, to: { by: 2 } })
  expect(await history(local, commits[9]!)).toEqual([commits[9], commits[8], commits[7]])
  expect(await history(local, side)).toHaveLength(3)
  // A commit, its path tree, a table of which one leaf changed: not the 3000 rows again.
  expect(more.objects).toBeLessThan(20)
  await deepen(local, remote, { ...origin, to: { depth: 5 } })
  expect(await history(local, commits[9]!)).toHaveLength(5)
  const all = await deepen(local, remote, { ...origin, to: 'all' })
  expect(all.updates.map(({ ref }) => ref)).toEqual(['refs/tags/v3'])
  expect(await history(local, commits[9]!)).toEqual(commits.toReversed())
  expect(await refOf(local, horizonRef)).toBeUndefined()
  expect(await problemsOf(local)).toEqual([])
  expect(await deepen(local, remote, { ...origin, to: 'all' })).toMatchObject({ objects: 0 })
})

test('work in a shallow clone is pushed where the remote has what is before it, and refused elsewhere', async () => {
  const { remote, commits } = await remoteOfTen()
  const local = shallow()
  await cloneInto(local, remote, { url: '/hub', depth: 1 })
  const mine = await commitOn(local, main, { rows: new Map([[5, 'mine']]) })
  const { objects } = await push(local, remote, origin)
  expect(objects).toBeLessThan(8)
  expect(await refOf(remote, main)).toBe(mine)
  expect(await problemsOf(remote)).toEqual([])
  await expect(push(local, MemoryStore.create())).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
    hint: expect.stringContaining('--unshallow'),
  })
  // A branch that grew out of the very edge, to a remote that has the commit before it and no more.
  const other = MemoryStore.create()
  await push(remote, other, { refspecs: [`main~2:main`] })
  expect(await refOf(other, main)).toBe(commits[8])
  await push(local, other)
  expect(await refOf(other, main)).toBe(mine)
  expect(await problemsOf(other)).toEqual([])
})

test('merges and comparisons use what is here, and ahead and behind are counted', async () => {
  const { remote, commits, side } = await remoteOfTen()
  const local = shallow()
  await cloneInto(local, remote, { url: '/hub', depth: 3 })
  expect(await mergeBases(local, commits[9]!, side)).toEqual([commits[7]])
  expect(await divergence(local, commits[9]!, side)).toMatchObject({ ahead: 2, behind: 2 })
  const narrow = shallow()
  await cloneInto(narrow, remote, { url: '/hub', depth: 2 })
  expect(await mergeBases(narrow, commits[9]!, side)).toEqual([])
})

test('a push into a shallow repository gives it what its own history lacks', async () => {
  const { remote, commits } = await remoteOfTen()
  const inner = MemoryStore.create()
  await cloneInto(shallow(inner), remote, { url: '/hub', depth: 1 })
  await commitOn(remote, 'refs/heads/old', { files: { o: '1' } }, commits[1])
  await push(remote, inner, { refspecs: ['old'] })
  expect(await problemsOf(shallow(inner))).toEqual([])
})

test('a full clone of a shallow one is refused; a shallow one of it ends where it does', async () => {
  const { remote, commits } = await remoteOfTen()
  const middle = MemoryStore.create()
  await cloneInto(shallow(middle), remote, { url: '/hub', depth: 2 })
  await setRef(middle, 'refs/heads/side', null)
  await expect(cloneInto(shallow(), middle, { url: '/middle' })).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
  })
  const local = shallow()
  await cloneInto(local, middle, { url: '/middle', depth: 5 })
  expect(await history(local, commits[9]!)).toHaveLength(2)
  expect(await problemsOf(local)).toEqual([])
})

test('a clone at a revision has that commit alone: of a branch, a tag, an ancestor, an id', async () => {
  const { remote, commits, side } = await remoteOfTen()
  const cases: [string, CommitCid, string | null][] = [
    ['side', side, 'refs/heads/side'],
    ['v3', commits[2]!, null],
    ['main~3', commits[6]!, null],
    [commits[4]!.slice(8), commits[4]!, null],
  ]
  for (const [at, commit, ref] of cases) {
    const local = shallow()
    const report = await cloneAt(local, remote, { url: '/hub', at })
    expect(report).toMatchObject({ head: commit, ref: ref ?? 'HEAD' })
    const { head, refs } = await local.manifest()
    expect([head, refs.get(head ?? 'HEAD')]).toEqual([ref, commit])
    expect(await history(local, commit)).toEqual([commit])
    expect(await problemsOf(local)).toEqual([])
  }
  const far = new WrappedStore(remote)
  await cloneAt(shallow(), far, { url: '/hub', at: 'main' })
  // The manifest, the commit twice, and a call for each level of trees and rows.
  expect(far.calls).toBeLessThanOrEqual(9)
  await expect(cloneAt(shallow(), remote, { url: '/hub', at: 'nowhere' })).rejects.toMatchObject({
    code: 'VARVE_REF_NOT_FOUND',
    message: "the remote has no revision 'nowhere'",
    hint: expect.stringMatching(/^there are: .*main/) as string,
  })
})

test('a remote that calls its gaps a horizon cannot make a whole clone a shallow one', async () => {
  const { remote, commits } = await remoteOfTen()
  const local = MemoryStore.create()
  await fetchRefs(local, remote, origin)
  await commitOn(remote, main, { files: { x: '1' } })
  await commitOn(remote, main, { files: { x: '2' } })
  const { writeHorizon } = await import('../../src/history/horizon.ts')
  const writer = remote.writer()
  const parent = (await readCommit(remote, (await refOf(remote, main))!)).parents[0]!
  const lie = writeHorizon(writer, { commits: new Set([parent]), floor: 1 })!
  const operation = { name: 'x', message: '', author: '' }
  await remote.update(() => ({ refs: new Map([[horizonRef, lie]]), operation }), { writer })
  await expect(fetchRefs(local, remote, origin)).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  expect(await refOf(local, 'refs/remotes/origin/main')).toBe(commits[9])
  expect(await refOf(local, horizonRef)).toBeUndefined()
})
