// Mirrors: exact, in one step, careful with deletions, and tireless.
import { expect, test } from 'vitest'
import { VarveError } from '../../src/base/errors.ts'
import type { CommitCid } from '../../src/encoding/cid.ts'
import { type MirrorEvent, followMirror } from '../../src/remote/follow.ts'
import { mirrorOnce } from '../../src/remote/mirror.ts'
import { push } from '../../src/remote/push.ts'
import type { Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef, tagCommit } from './history.ts'
import { type Hooks, WrappedStore, failAt } from './wrapped-store.ts'

const main = 'refs/heads/main'
const sender = { local: 'sender' } as const

async function sourceOf(branches: number): Promise<{ source: MemoryStore; first: CommitCid }> {
  const source = MemoryStore.create()
  const first = await commitOn(source, main, { rows: manyRows(500), files: { a: '1' } })
  for (let i = 1; i < branches; i++) await setRef(source, `refs/heads/b${i}`, first)
  return { source, first }
}

async function refsOf(store: Store): Promise<Record<string, string>> {
  const { refs, head } = await store.manifest()
  return { ...Object.fromEntries(refs), head: head ?? 'detached' }
}

test.each(['sender', 'receiver'] as const)(
  'has the refs of its source, all of them, read from the %s',
  async (local) => {
    const { source, first } = await sourceOf(3)
    await tagCommit(source, 'v1', first)
    const mirror = MemoryStore.create({ firstBranch: 'trunk' })
    const round = await mirrorOnce(source, mirror, { local })
    expect(round).toMatchObject({ commits: 1 })
    expect(round.updates).toHaveLength(4)
    expect(await refsOf(mirror)).toEqual(await refsOf(source))
    expect(await problemsOf(mirror)).toEqual([])
    const { sequence } = await mirror.manifest()
    expect(await mirrorOnce(source, mirror, { local })).toMatchObject({ updates: [], objects: 0 })
    expect((await mirror.manifest()).sequence).toBe(sequence)
  },
)

test('follows rewritten branches, moved tags, a new current branch, and what was pushed to it is gone', async () => {
  const { source, first } = await sourceOf(2)
  const mirror = MemoryStore.create()
  await mirrorOnce(source, mirror, sender)
  const other = await commitOn(source, 'refs/heads/other', { files: { z: '1' } })
  await setRef(source, main, other)
  await setRef(source, 'refs/heads/b1', null)
  await setRef(source, 'refs/tags/t', first)
  await source.update(() => ({ head: 'refs/heads/other', operation: { name: 'x', message: '', author: '' } }))
  await commitOn(mirror, 'refs/heads/stray', { files: { stray: '1' } })
  await mirrorOnce(source, mirror, sender)
  expect(await refsOf(mirror)).toEqual(await refsOf(source))
  expect(await problemsOf(mirror)).toEqual([])
})

test('a source that lost its refs does not take the mirror with it', async () => {
  const { source } = await sourceOf(9)
  const mirror = MemoryStore.create()
  await mirrorOnce(source, mirror, sender)
  const before = await refsOf(mirror)
  // Four of nine may go, three of any may.
  for (const i of [1, 2, 3, 4]) await setRef(source, `refs/heads/b${i}`, null)
  await mirrorOnce(source, mirror, sender)
  await setRef(source, 'refs/heads/b5', null)
  await setRef(source, 'refs/heads/b6', null)
  await setRef(source, 'refs/heads/b7', null)
  await mirrorOnce(source, mirror, sender)
  expect(Object.keys(await refsOf(mirror))).toHaveLength(3)
  const again = MemoryStore.create()
  await mirrorOnce((await sourceOf(9)).source, again, sender)
  await expect(mirrorOnce(source, again, sender)).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
    message: expect.stringContaining('most refs would be deleted (7 of 9)'),
    hint: expect.stringContaining('--allow-deletions 7'),
  })
  expect(await refsOf(again)).toEqual(before)
  await expect(mirrorOnce(MemoryStore.create(), mirror, sender)).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
    message: expect.stringContaining('no branches and tags any more'),
  })
  await expect(mirrorOnce(source, again, { ...sender, allowDeletions: 6 })).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
  })
  await mirrorOnce(source, again, { ...sender, allowDeletions: 7 })
  expect(await refsOf(again)).toEqual(await refsOf(source))
  await mirrorOnce(MemoryStore.create(), again, { ...sender, allowDeletions: 'all' })
  expect((await again.manifest()).refs.size).toBe(0)
})

test('a round that breaks off at any step leaves the mirror as it was or as it is to be', async () => {
  const { source } = await sourceOf(3)
  const old = MemoryStore.create()
  await mirrorOnce(source, old, sender)
  const before = await refsOf(old)
  await commitOn(source, main, { rows: new Map([[3, 'edited']]), files: { b: '2' } })
  await setRef(source, 'refs/heads/b1', null)
  const after = await refsOf(source)
  for (let step = 1, broken = true; broken; step++) {
    const mirror = MemoryStore.create()
    await mirrorOnce((await sourceOf(3)).source, mirror, sender)
    broken = await mirrorOnce(source, new WrappedStore(mirror, failAt(step)), sender).then(
      () => false,
      () => true,
    )
    expect([before, after]).toContainEqual(await refsOf(mirror))
    expect(await problemsOf(mirror)).toEqual([])
    await mirrorOnce(source, mirror, sender)
    expect(await refsOf(mirror)).toEqual(after)
  }
})

test('what somebody pushes to the mirror meanwhile is noticed, and the round is done again', async () => {
  const { source } = await sourceOf(2)
  const mirror = MemoryStore.create()
  await mirrorOnce(source, mirror, sender)
  await commitOn(source, main, { files: { b: '2' } })
  let updates = 0
  class Raced extends WrappedStore {
    override async update(...given: Parameters<Store['update']>): ReturnType<Store['update']> {
      if (updates++ === 0) await commitOn(mirror, 'refs/heads/stray', { files: { s: '1' } })
      return super.update(...given)
    }
  }
  await mirrorOnce(source, new Raced(mirror), sender)
  expect(updates).toBe(2)
  expect(await refsOf(mirror)).toEqual(await refsOf(source))
})

test("a working folder's store is no mirror", async () => {
  const { source } = await sourceOf(2)
  const folder = MemoryStore.create()
  await folder.update(() => ({
    config: new Map([['core.bare', 'false']]),
    operation: { name: 'x', message: '', author: '' },
  }))
  await expect(mirrorOnce(source, folder, sender)).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
})

test('following copies what comes, tells the lag, sits out an outage, and stops when told', async () => {
  const { source } = await sourceOf(1)
  const mirror = MemoryStore.create()
  const stop = new AbortController()
  let [down, opened] = [0, 0]
  const flaky: Hooks = {
    call: (name) => {
      if (name === 'manifest' && down > 0) {
        down--
        throw new VarveError('VARVE_UNREACHABLE', 'no route')
      }
    },
  }
  const open = async () => {
    opened++
    return { source: new WrappedStore(source, flaky), mirror, close: async () => undefined }
  }
  const events: MirrorEvent[] = []
  for await (const event of followMirror(open, { ...sender, everyMs: 5, signal: stop.signal })) {
    events.push(event)
    if (events.length === 1) await commitOn(source, main, { files: { b: '2' } })
    if (events.length === 2) down = 2
    if (event.kind === 'unreachable' && down === 0) await commitOn(source, main, { files: { c: '3' } })
    if (events.length > 4 && event.kind === 'mirrored') stop.abort()
    if (events.length > 50) break
  }
  expect(events.map(({ kind }) => kind)).toEqual([
    'mirrored',
    'mirrored',
    'unreachable',
    'unreachable',
    'mirrored',
  ])
  expect(events[2]).toMatchObject({ message: 'no route' })
  expect(events[3]!.lagMs).toBeGreaterThanOrEqual(events[2]!.lagMs)
  expect(events.at(-1)).toMatchObject({ commits: 1 })
  expect(opened).toBe(3)
  expect(await refOf(mirror, main)).toBe(await refOf(source, main))
})

test('a source that gives up its refs ends the following, and the mirror keeps them', async () => {
  const { source } = await sourceOf(2)
  const mirror = MemoryStore.create()
  const open = async () => ({ source, mirror, close: async () => undefined })
  const following = followMirror(open, { ...sender, everyMs: 1 })
  await following.next()
  await setRef(source, main, null)
  await setRef(source, 'refs/heads/b1', null)
  await expect(following.next()).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  expect(Object.keys(await refsOf(mirror))).toHaveLength(3)
})

test('a shallow or partial source is refused rather than mirrored with gaps', async () => {
  const { source, first } = await sourceOf(1)
  await commitOn(source, main, { files: { b: '2' } })
  const { cloneInto } = await import('../../src/remote/clone.ts')
  const shallow = MemoryStore.create()
  await cloneInto(shallow, source, { url: '/x', depth: 1 })
  expect(await shallow.has([first])).toEqual([false])
  await expect(mirrorOnce(shallow, MemoryStore.create(), sender)).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
  })
  const lazy = MemoryStore.create()
  await cloneInto(lazy, source, { url: '/x', partial: { filter: null, lazy: true } })
  await expect(mirrorOnce(lazy, MemoryStore.create(), sender)).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
  })
})

test('a mirror that others push to is a remote like any', async () => {
  const { source } = await sourceOf(1)
  const mirror = MemoryStore.create()
  await mirrorOnce(source, mirror, sender)
  const head = await commitOn(source, main, { files: { b: '2' } })
  await push(source, mirror)
  expect(await mirrorOnce(source, mirror, sender)).toMatchObject({ updates: [] })
  expect(await refOf(mirror, main)).toBe(head)
})
