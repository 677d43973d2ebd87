// A transfer that breaks off is not begun anew: what has come lies at the receiver without a ref, and the next run walks
// over it and asks for the rest. And a transfer waits for the other side as seldom as it can.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { VarveError } from '../../src/base/errors.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import type { Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { commitOn, manyRows, problemsOf, refOf } from './history.ts'
import { type Hooks, WrappedStore } from './wrapped-store.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }

/** Text that does not shrink and has no two equal parts. */
function noise(name: string, bytes: number): string {
  let text = ''
  for (let i = 0; text.length < bytes; i++)
    text += createHash('sha512').update(`${name} ${i}`).digest('base64')
  return text.slice(0, bytes)
}

async function sixMegabytes(): Promise<MemoryStore> {
  const store = MemoryStore.create()
  const files = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`f${i}`, noise(`f${i}`, 1 << 20)]))
  await commitOn(store, main, { files, rows: manyRows(500) })
  return store
}

/** Goes down once this much has been handed out. */
function downAfter(bytesMax: number): Hooks & { bytes: number } {
  const hooks = {
    bytes: 0,
    getStored: (objects: Awaited<ReturnType<Store['getStored']>>) => {
      for (const object of objects) hooks.bytes += object.payload.length
      if (hooks.bytes > bytesMax) throw new VarveError('VARVE_UNREACHABLE', 'the line went down')
      return objects
    },
  }
  return hooks
}

test('a fetch goes on where the line went down: what had come is not sent again', async () => {
  const [remote, local] = [await sixMegabytes(), MemoryStore.create()]
  await expect(fetchRefs(local, new WrappedStore(remote, downAfter(4 << 20)), origin)).rejects.toMatchObject({
    code: 'VARVE_UNREACHABLE',
  })
  const broken = await local.manifest()
  expect([...broken.refs]).toEqual([])
  expect(await problemsOf(local)).toEqual([])
  const second = downAfter(Number.POSITIVE_INFINITY)
  const { updates } = await fetchRefs(local, new WrappedStore(remote, second), origin)
  expect(updates).toHaveLength(1)
  expect(second.bytes).toBeGreaterThan(1 << 20)
  expect(second.bytes).toBeLessThan(5 << 20)
  expect(await problemsOf(local)).toEqual([])
})

test('a push goes on where it was stopped: what is there is not sent again', async () => {
  const [local, remote] = [await sixMegabytes(), MemoryStore.create()]
  await expect(push(new WrappedStore(local, downAfter(4 << 20)), remote)).rejects.toMatchObject({
    code: 'VARVE_UNREACHABLE',
  })
  expect([...(await remote.manifest()).refs]).toEqual([])
  const second = await push(local, remote)
  expect(second.updates).toHaveLength(1)
  expect(second.bytes).toBeLessThan(5 << 20)
  expect(await problemsOf(remote)).toEqual([])
})

test('a remote that lies leaves nothing behind, however much it sent before', async () => {
  const [remote, local] = [await sixMegabytes(), MemoryStore.create()]
  let sent = 0
  const hooks: Hooks = {
    getStored: (objects) => {
      sent += objects.length
      return sent < 60 ? objects : objects.map((object) => ({ ...object, payload: object.payload.slice(1) }))
    },
  }
  await expect(fetchRefs(local, new WrappedStore(remote, hooks), origin)).rejects.toMatchObject({
    code: 'VARVE_CORRUPT',
  })
  expect((await local.stats()).objects).toBe(0)
  expect((await local.manifest()).sequence).toBe(1)
})

test('the next batch is on its way while one is written, and never a third', async () => {
  const [remote, local] = [await sixMegabytes(), MemoryStore.create()]
  let [asked, written, ahead, aheadMax, overlaps] = [0, 0, 0, 0, 0]
  const far = new WrappedStore(remote, {
    call: (name) => {
      if (name !== 'getStored') return
      asked++
      ahead++
      aheadMax = Math.max(aheadMax, ahead)
    },
  })
  const near = new WrappedStore(local, {
    call: (name) => {
      if (name === 'putStored') overlaps += Number(ahead === 2)
      // A batch is done when the writer is asked to drain.
      if (name === 'drained') {
        written++
        ahead--
      }
    },
  })
  await fetchRefs(near, far, origin)
  expect(asked).toBeGreaterThan(4)
  expect(written).toBeGreaterThanOrEqual(asked)
  expect(aheadMax).toBe(2)
  expect(overlaps).toBeGreaterThan(100)
})

/** Calls that had to be answered before the next could be made. */
function rounds(): Hooks & { count: number } {
  const hooks = {
    count: 0,
    call: (name: string) => {
      if (['get', 'getStored', 'has', 'manifest'].includes(name)) hooks.count++
    },
  }
  return hooks
}

test('a fetch of one commit waits for the remote once a level, and never for what is here', async () => {
  const [remote, local] = [MemoryStore.create(), MemoryStore.create()]
  await commitOn(remote, main, { rows: manyRows(20_000), files: { a: '1' } })
  await fetchRefs(local, remote, origin)
  await commitOn(remote, main, { rows: new Map([[77, 'edited']]), files: { a: '2' } })
  const far = rounds()
  const { objects } = await fetchRefs(local, new WrappedStore(remote, far), origin)
  // Manifest and commit; path tree; table and file; the levels of the rows (three at most).
  expect(far.count).toBeLessThanOrEqual(7)
  expect(objects).toBeGreaterThanOrEqual(6)
})

test('a push reads nothing of the remote but its manifest, and asks once a level what is there', async () => {
  const [remote, local] = [MemoryStore.create(), MemoryStore.create()]
  await commitOn(local, main, { rows: manyRows(20_000) })
  await push(local, remote)
  await commitOn(local, main, { rows: new Map([[77, 'edited']]) })
  const asked: string[] = []
  await push(local, new WrappedStore(remote, { call: (name) => void asked.push(name) }))
  const count = (name: string): number => asked.filter((call) => call === name).length
  expect([count('manifest'), count('get'), count('getStored')]).toEqual([1, 0, 0])
  expect(count('has')).toBeLessThanOrEqual(8)
})

test('what a checkpoint keeps is in no log that people see, and undo passes over it', async () => {
  const [remote, local] = [await sixMegabytes(), MemoryStore.create()]
  const head = await commitOn(local, main, { files: { mine: '1' } })
  await fetchRefs(local, new WrappedStore(remote, downAfter(4 << 20)), origin).catch(() => undefined)
  expect((await local.manifest()).operation).toMatchObject({ name: 'fetch', message: 'part of a transfer' })
  const { createContext } = await import('../../src/repo/context.ts')
  const { reflog } = await import('../../src/repo/reflog.ts')
  const { undo } = await import('../../src/repo/undo.ts')
  const repo = createContext(local)
  const lines = []
  for await (const line of reflog(repo)) lines.push(line.operation)
  expect(lines).toEqual(['commit'])
  expect(await refOf(local, main)).toBe(head)
  expect(await undo(repo, null)).toMatchObject({ operation: 'commit' })
})
