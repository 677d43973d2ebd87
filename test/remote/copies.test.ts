// A remote with fallback copies: who is down or damaged is passed over and named, nobody is believed unchecked, and a copy
// that lags moves nothing back.
import { expect, test } from 'vitest'
import { VarveError } from '../../src/base/errors.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { Copies } from '../../src/remote/copies.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { PartialStore } from '../../src/remote/partial-store.ts'
import { push } from '../../src/remote/push.ts'
import type { Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { closure } from './closure.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef } from './history.ts'
import { type Hooks, WrappedStore } from './wrapped-store.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }

interface Two {
  readonly first: MemoryStore
  readonly second: MemoryStore
  readonly warnings: string[]
  readonly open: (first: Store | null, second?: Store | null) => Copies
}

async function twoCopies(): Promise<Two> {
  const [first, second] = [MemoryStore.create(), MemoryStore.create()]
  await commitOn(first, main, { rows: manyRows(2000), files: { a: 'one', b: 'x'.repeat(100_000) } })
  await push(first, second)
  const warnings: string[] = []
  const opened = async (store: Store | null): Promise<Store> => {
    if (store === null) throw new VarveError('VARVE_UNREACHABLE', 'no route')
    return store
  }
  const open = (one: Store | null, two: Store | null = second): Copies =>
    new Copies(
      [
        { url: '/first', open: () => opened(one) },
        { url: '/second', open: () => opened(two) },
      ],
      (message) => warnings.push(message),
    )
  return { first, second, warnings, open }
}

test('while the remote is down its copy answers, and a warning names it', async () => {
  const { first, warnings, open } = await twoCopies()
  const local = MemoryStore.create()
  await cloneInto(local, open(null), { url: '/first' })
  expect(await refOf(local, main)).toBe(await refOf(first, main))
  expect(warnings).toEqual(["'/first' cannot be reached (no route); going on with '/second'"])
  expect(await problemsOf(local)).toEqual([])
})

test('a remote that goes down amid a fetch is left for its copy', async () => {
  const { first, warnings, open } = await twoCopies()
  let left = 5
  const failing: Hooks = {
    call: () => {
      if (--left < 0) throw new VarveError('VARVE_UNREACHABLE', 'the line went down')
    },
  }
  const local = MemoryStore.create()
  await fetchRefs(local, open(new WrappedStore(first, failing)), origin)
  expect(await refOf(local, 'refs/remotes/origin/main')).toBe(await refOf(first, main))
  expect(warnings).toHaveLength(1)
  expect(await problemsOf(local)).toEqual([])
})

const damages: [string, (lost: Cid) => Hooks][] = [
  [
    'lost',
    (lost) => {
      const missing = (cids: readonly Cid[]): void => {
        if (cids.includes(lost)) throw new VarveError('VARVE_OBJECT_MISSING', 'no such object')
      }
      return {
        get: (cids, objects) => (missing(cids), objects),
        getStored: (objects) => (missing(objects.map(({ cid }) => cid)), objects),
      }
    },
  ],
  [
    'damaged',
    (lost) => ({
      get: (cids, objects) => objects.map((bytes, i) => (cids[i] === lost ? bytes.map((b) => b ^ 1) : bytes)),
      getStored: (objects) =>
        objects.map((object) =>
          object.cid === lost ? { ...object, payload: object.payload.map((b) => b ^ 1) } : object,
        ),
    }),
  ],
]

test.each(damages)('any one object that the remote has %s comes from the copy', async (_, damage) => {
  const { first, warnings, open } = await twoCopies()
  for (const { cid } of await closure(first, (await refOf(first, main))!)) {
    const local = MemoryStore.create()
    await fetchRefs(local, open(new WrappedStore(first, damage(cid))), origin)
    expect(await refOf(local, 'refs/remotes/origin/main')).toBe(await refOf(first, main))
    expect(await problemsOf(local)).toEqual([])
  }
  expect(new Set(warnings.map((text) => text.replace(/\(.*\)/, '()')))).toEqual(
    new Set(["'/first' has lost or damaged objects (); going on with '/second'"]),
  )
})

test('different objects may be lost on either side, and where both lost one the fetch is refused', async () => {
  const { first, second, open } = await twoCopies()
  const objects = await closure(first, (await refOf(first, main))!)
  const [a, b] = [objects.at(-1)!.cid, objects.at(-2)!.cid]
  const lost = damages[0]![1]
  const local = MemoryStore.create()
  await fetchRefs(local, open(new WrappedStore(first, lost(a)), new WrappedStore(second, lost(b))), origin)
  expect(await problemsOf(local)).toEqual([])
  const other = MemoryStore.create()
  const both = open(new WrappedStore(first, lost(a)), new WrappedStore(second, lost(a)))
  await expect(fetchRefs(other, both, origin)).rejects.toMatchObject({ code: 'VARVE_OBJECT_MISSING' })
  expect([...(await other.manifest()).refs]).toEqual([])
})

test('a copy that lags moves no branch back and prunes none, and brings what it has', async () => {
  const { first, second, open } = await twoCopies()
  const local = MemoryStore.create()
  const newer = await commitOn(first, main, { files: { a: 'two' } })
  await commitOn(first, 'refs/heads/side', { files: { s: '1' } }, newer)
  await fetchRefs(local, first, origin)
  const elsewhere = await commitOn(second, 'refs/heads/only-there', { files: { t: '1' } })
  const { updates } = await fetchRefs(local, open(null), { ...origin, prune: true })
  expect(updates.map(({ ref }) => ref)).toEqual(['refs/remotes/origin/only-there'])
  expect(await refOf(local, 'refs/remotes/origin/main')).toBe(newer)
  expect(await refOf(local, 'refs/remotes/origin/only-there')).toBe(elsewhere)
  await setRef(second, 'refs/heads/only-there', null)
  // The remote itself may take back what it likes.
  await fetchRefs(local, first, { ...origin, prune: true })
  expect(await refOf(local, 'refs/remotes/origin/only-there')).toBeUndefined()
})

test('a partial clone reads contents from a copy while its remote is down', async () => {
  const { first, open } = await twoCopies()
  const inner = MemoryStore.create()
  const store = new PartialStore(inner, async () => open(null))
  await cloneInto(store, first, { url: '/first', partial: { filter: null, lazy: true } })
  const head = (await refOf(store, main))!
  for (const { cid } of await closure(first, head)) expect(await store.get([cid])).toHaveLength(1)
})

test('when nobody answers, the error is that of the remote itself', async () => {
  const { open } = await twoCopies()
  await expect(fetchRefs(MemoryStore.create(), open(null, null), origin)).rejects.toMatchObject({
    code: 'VARVE_UNREACHABLE',
    message: 'no route',
  })
})
