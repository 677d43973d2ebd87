// Leases: a push that may lose commits, but only those that were seen.
import { expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { digestHex } from '../../src/encoding/cid.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { type PushOptions, push } from '../../src/remote/push.ts'
import { addRemote } from '../../src/remote/remotes.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { commitOn, refOf, setRef } from './history.ts'
import { WrappedStore } from './wrapped-store.ts'

const main = 'refs/heads/main'

/** Ours has replaced its second commit by another; `theirs` is a second clone at the remote's state. */
async function scene() {
  const [ours, theirs, remote] = [MemoryStore.create(), MemoryStore.create(), MemoryStore.create()]
  const first = await commitOn(ours, main, { files: { a: '1' } })
  const second = await commitOn(ours, main, { files: { a: '2' } })
  await push(ours, remote, { remoteName: 'origin' })
  await addRemote(theirs, 'origin', '/nowhere')
  await fetchRefs(theirs, remote, { remoteName: 'origin' })
  await setRef(theirs, main, second)
  await setRef(ours, main, first)
  const replaced = await commitOn(ours, main, { files: { a: 'another 2' } })
  return { ours, theirs, remote, first, second, replaced }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (isVarveError(error)) return error.data['reason'] === 'stale' ? `${error.code} stale` : error.code
    throw error
  }
  return 'done'
}

const lease = (forceWithLease: PushOptions['forceWithLease']): PushOptions => ({
  remoteName: 'origin',
  forceWithLease: forceWithLease!,
})

test('what is there as we last saw it is replaced, and noted', async () => {
  const { ours, remote, second, replaced } = await scene()
  expect(await refusal(push(ours, remote, { remoteName: 'origin' }))).toBe('VARVE_REFUSED')
  const report = await push(ours, remote, lease(true))
  expect(report.updates).toEqual([{ ref: main, before: second, after: replaced, forced: true }])
  expect(await refOf(remote, main)).toBe(replaced)
  expect(await refOf(ours, 'refs/remotes/origin/main')).toBe(replaced)
})

test.each([[true], [['main']], [[main]]] as const)(
  'what somebody has pushed since is kept: %j',
  async (names) => {
    const { ours, theirs, remote } = await scene()
    const third = await commitOn(theirs, main, { files: { a: '3' } })
    await push(theirs, remote, { remoteName: 'origin' })
    expect(await refusal(push(ours, remote, lease(names)))).toBe('VARVE_REFUSED stale')
    expect(await refOf(remote, main)).toBe(third)
    // Seen, it may go.
    await fetchRefs(ours, remote, { remoteName: 'origin' })
    expect(await refusal(push(ours, remote, lease(names)))).toBe('done')
  },
)

test('what somebody pushes between our look and our compare-and-set is kept', async () => {
  const { ours, theirs, remote } = await scene()
  const third = await commitOn(theirs, main, { files: { a: '3' } })
  let isFirst = true
  const racing = new WrappedStore(remote, {
    call: () => {},
  })
  const update = racing.update.bind(racing)
  racing.update = async (...given) => {
    if (isFirst) await push(theirs, remote, { remoteName: 'origin' })
    isFirst = false
    return update(...given)
  }
  expect(await refusal(push(ours, racing, lease(true)))).toBe('VARVE_REFUSED stale')
  expect(await refOf(remote, main)).toBe(third)
})

test('a commit that is named counts, wherever it is, and nothing else; the other refs are judged as ever', async () => {
  const { ours, remote, first, second, replaced } = await scene()
  const other = await commitOn(ours, 'refs/heads/other', { files: { b: '1' } })
  await push(ours, remote, { refspecs: ['other'] })
  await setRef(ours, 'refs/heads/other', first)
  const both = { refspecs: ['main', 'other'] }
  const wrong = lease([`main:${digestHex(first)}`])
  expect(await refusal(push(ours, remote, wrong))).toBe('VARVE_REFUSED stale')
  const unseen = lease([`main:${'0'.repeat(64)}`])
  expect(await refusal(push(ours, remote, unseen))).toBe('VARVE_REFUSED stale')
  const right = lease([`main:${digestHex(second).slice(0, 12)}`])
  expect(await refusal(push(ours, remote, { ...right, ...both }))).toBe('VARVE_REFUSED')
  expect(await refOf(remote, 'refs/heads/other')).toBe(other)
  expect(await refusal(push(ours, remote, right))).toBe('done')
  expect(await refOf(remote, main)).toBe(replaced)
})

test('a ref that nobody has seen is expected not to be there', async () => {
  const { ours, remote } = await scene()
  const byUrl = (): PushOptions => ({ forceWithLease: true })
  expect(await refusal(push(ours, remote, byUrl()))).toBe('VARVE_REFUSED stale')
  expect(await refusal(push(ours, remote, { ...byUrl(), refspecs: ['main:fresh'] }))).toBe('done')
  expect(await refusal(push(ours, remote, { ...lease(['again:']), refspecs: ['main:again'] }))).toBe('done')
  expect(await refusal(push(ours, remote, { ...lease(['fresh:']), refspecs: [':fresh'] }))).toBe(
    'VARVE_REFUSED stale',
  )
  expect(await refusal(push(ours, remote, lease(['mian'])))).toBe('VARVE_USAGE')
})

test('a dry run judges as the push does, and changes nothing on either side', async () => {
  const { ours, remote, second, replaced } = await scene()
  const states = async () => [(await ours.manifest()).sequence, (await remote.manifest()).sequence]
  const before = await states()
  const objects = (await remote.stats()).objects
  expect(await push(ours, remote, { ...lease(true), dryRun: true, setUpstream: true })).toEqual({
    updates: [{ ref: main, before: second, after: replaced, forced: true }],
    objects: 0,
    bytes: 0,
  })
  expect(await refusal(push(ours, remote, { dryRun: true }))).toBe('VARVE_REFUSED')
  expect(await states()).toEqual(before)
  expect((await remote.stats()).objects).toBe(objects)
})
