import { expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { addRemote } from '../../src/remote/remotes.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef, tagCommit, writeChild } from './history.ts'
import { WrappedStore } from './wrapped-store.ts'

const main = 'refs/heads/main'

async function codeAndMessage(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return isVarveError(error) ? `${error.code}: ${error.message}` : String(error)
  }
  return 'no error'
}

test('a first push brings the branch with all it reaches, and names it here as origin/main', async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  const first = await commitOn(local, main, { files: { 'a.txt': 'one', 'dir/b.txt': 'two' } })
  const second = await commitOn(local, main, { files: { 'a.txt': 'three' } })
  const report = await push(local, remote, { remoteName: 'origin', setUpstream: true })
  expect(report.updates).toEqual([{ ref: main, before: null, after: second, forced: false }])
  expect(await refOf(remote, main)).toBe(second)
  expect(await remote.has([first])).toEqual([true])
  expect(await problemsOf(remote)).toEqual([])
  expect(await refOf(local, 'refs/remotes/origin/main')).toBe(second)
  expect((await local.manifest()).config.get('branch.main.upstream')).toBe('refs/remotes/origin/main')
})

test('one edited row in a table of 100,000 sends under 100 KB and reads what changed only', async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  await commitOn(local, main, { rows: manyRows(100_000), files: { 'notes.txt': 'about the rows' } })
  await push(local, remote)
  const all = (await remote.stats()).objects
  await commitOn(local, main, { rows: new Map([[50_000, 'edited']]) })
  const [near, far] = [new WrappedStore(local), new WrappedStore(remote)]
  const report = await push(near, far)
  expect(all).toBeGreaterThan(600)
  expect(report.bytes).toBeLessThan(100_000)
  expect(report.objects).toBeLessThanOrEqual(7)
  expect(near.read.size).toBeLessThan(24)
  expect(far.read.size).toBeLessThan(4)
  expect(await problemsOf(remote)).toEqual([])
})

test('deleting nearly all rows, and adding as many, sends no object that is there', async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  const few = manyRows(300)
  await commitOn(local, main, { rows: few })
  await push(local, remote)
  await commitOn(local, main, { rows: manyRows(40_000) })
  await push(local, remote)
  const before = (await remote.stats()).objects
  const writer = local.writer()
  const head = await writeChild(local, writer, [], { rows: few })
  await local.update(
    () => ({ refs: new Map([[main, head]]), operation: { name: 'x', message: '', author: '' } }),
    { writer },
  )
  const report = await push(local, remote, { force: true })
  expect((await remote.stats()).objects - before).toBe(report.objects)
  expect(report.objects).toBeLessThan(4)
  expect(await problemsOf(remote)).toEqual([])
})

test('a push of nothing new reads one manifest of the remote', async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  await commitOn(local, main, { files: { a: '1' } })
  await push(local, remote)
  const far = new WrappedStore(remote)
  expect(await push(local, far)).toEqual({ updates: [], objects: 0, bytes: 0 })
  expect(far.calls).toBe(1)
})

test("a push over commits we do not have is refused, says 'pull', and with force overwrites them", async () => {
  const [ours, theirs, remote] = [MemoryStore.create(), MemoryStore.create(), MemoryStore.create()]
  await commitOn(theirs, main, { files: { a: 'theirs' } })
  await push(theirs, remote)
  const mine = await commitOn(ours, main, { files: { a: 'ours' } })
  const before = (await remote.stats()).objects
  expect(await codeAndMessage(push(ours, remote))).toBe(
    "VARVE_REFUSED: the remote's 'main' has commits you do not have",
  )
  expect((await remote.stats()).objects).toBe(before)
  const report = await push(ours, remote, { force: true })
  expect(report.updates[0]).toMatchObject({ ref: main, after: mine, forced: true })
  expect(await refOf(remote, main)).toBe(mine)
})

test('the branch that is checked out over there is not moved; another one is', async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  await remote.update(() => ({
    config: new Map([['core.bare', 'false']]),
    operation: { name: 'x', message: '', author: '' },
  }))
  const head = await commitOn(local, main, { files: { a: '1' } })
  expect(await codeAndMessage(push(local, remote))).toBe(
    "VARVE_REFUSED: branch 'main' is checked out in the remote's working folder",
  )
  await push(local, remote, { refspecs: ['main:incoming'] })
  expect(await refOf(remote, 'refs/heads/incoming')).toBe(head)
  expect((await remote.manifest()).head).toBe(main)
})

test("a bare remote's current branch goes only by force, and the next that is pushed takes its place", async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  const head = await commitOn(local, main, { files: { a: '1' } })
  await push(local, remote, { refspecs: ['main', 'main:dev'] })
  const refusal = "VARVE_REFUSED: 'main' is the remote's current branch, which clones check out"
  expect(await codeAndMessage(push(local, remote, { refspecs: [':main'] }))).toBe(refusal)
  expect(await codeAndMessage(push(local, remote, { refspecs: [':main', 'main:trunk'] }))).toBe(refusal)
  expect(await refOf(remote, main)).toBe(head)
  await push(local, remote, { refspecs: [':main', 'main:trunk'], force: true })
  expect([await refOf(remote, main), (await remote.manifest()).head]).toEqual([undefined, 'refs/heads/trunk'])
  // Without another one it names none, until a branch comes.
  await push(local, remote, { refspecs: ['+:trunk'] })
  expect((await remote.manifest()).head).toBe('refs/heads/trunk')
  await push(local, remote, { refspecs: ['main:new'] })
  expect((await remote.manifest()).head).toBe('refs/heads/new')
})

test('refspecs push under another name, push tags, and delete, all in one step', async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  const head = await commitOn(local, main, { files: { a: '1' } })
  await push(local, remote, { refspecs: ['main:first', 'main:old'] })
  const tag = await tagCommit(local, 'v1', head)
  const before = (await remote.manifest()).sequence
  await push(local, remote, { refspecs: ['main:next', 'v1', ':old'], remoteName: 'origin' })
  const { refs, sequence } = await remote.manifest()
  expect([...refs]).toEqual([
    ['refs/heads/first', head],
    ['refs/heads/next', head],
    ['refs/tags/v1', tag],
  ])
  expect(sequence).toBe(before + 1)
  expect(await problemsOf(remote)).toEqual([])
  await tagCommit(local, 'v1', await commitOn(local, main, { files: { a: '2' } }))
  expect(await codeAndMessage(push(local, remote, { refspecs: ['v1'] }))).toContain('VARVE_REFUSED: tag')
})

test.each([
  ['nothing', 'VARVE_REF_NOT_FOUND'],
  [':nothing', 'VARVE_REF_NOT_FOUND'],
  ['main:', 'VARVE_USAGE'],
  ['', 'VARVE_USAGE'],
  ['main:a..b', 'VARVE_USAGE'],
  ['main:refs/remotes/origin/main', 'VARVE_REFUSED'],
  ['main:refs/heads/../HEAD', 'VARVE_USAGE'],
  ['main:INDEX:x', 'VARVE_USAGE'],
])("the refspec '%s' is %s and moves nothing", async (refspec, code) => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  await commitOn(local, main, { files: { a: '1' } })
  expect(await codeAndMessage(push(local, remote, { refspecs: ['main:other', refspec] }))).toContain(code)
  expect((await remote.manifest()).sequence).toBe(1)
})

test('an object that is missing here fails the push before any ref moves', async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  const head = await commitOn(local, main, { rows: manyRows(2000) })
  const objects = await local.stats()
  const lossy = new WrappedStore(local, {
    get: (cids, found) => {
      if (!cids.includes(head) && cids.length > 1) throw new Error('lost')
      return found
    },
  })
  expect(objects.objects).toBeGreaterThan(3)
  expect(await codeAndMessage(push(lossy, remote))).toContain('lost')
  expect(await remote.manifest()).toMatchObject({ sequence: 1 })
  expect((await remote.stats()).objects).toBe(0)
})

test('objects that lie unreachable at the receiver are no proof: what they link to is sent', async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  const head = await commitOn(local, main, { rows: manyRows(2000) })
  // A part of the closure is there, its leaves are not: as after a gc that left a pack behind.
  const { closure } = await import('./closure.ts')
  const writer = remote.writer()
  for (const { cid, bytes, links } of await closure(local, head)) {
    if (links > 0 && !cid.startsWith('0155')) writer.put('dag-cbor', bytes)
  }
  await remote.update(
    () => ({ config: new Map([['a.b', 'c']]), operation: { name: 'x', message: '', author: '' } }),
    { writer },
  )
  expect(await remote.has([head])).toEqual([true])
  await push(local, remote)
  expect(await refOf(remote, main)).toBe(head)
  expect(await problemsOf(remote)).toEqual([])
})

test('two pushers at once to one branch: one wins, the other is refused', async () => {
  const [a, b, remote] = [MemoryStore.create(), MemoryStore.create(), MemoryStore.create()]
  await commitOn(a, main, { files: { a: '1' } })
  await push(a, remote)
  await fetchRefs(b, remote, { remoteName: 'origin' })
  await setRef(b, main, (await refOf(b, 'refs/remotes/origin/main'))!)
  await commitOn(a, main, { files: { a: '2' } })
  await commitOn(b, main, { files: { b: '2' } })
  const results = await Promise.all([codeAndMessage(push(a, remote)), codeAndMessage(push(b, remote))])
  expect(results.sort()).toEqual([
    "VARVE_REFUSED: the remote's 'main' has commits you do not have",
    'no error',
  ])
  expect(await problemsOf(remote)).toEqual([])
})

test('eight pushers that pull and try again all get their commits in', async () => {
  const remote = MemoryStore.create()
  const seed = MemoryStore.create()
  await commitOn(seed, main, { files: { seed: '1' } })
  await push(seed, remote)
  await Promise.all(Array.from({ length: 8 }, (_, i) => pushUntilIn(remote, i)))
  const { walkCommits } = await import('../../src/history/ancestry.ts')
  const messages: string[] = []
  for await (const commit of walkCommits(remote, [(await refOf(remote, main))!]))
    messages.push(commit.message)
  for (let i = 0; i < 8; i++) {
    for (let n = 0; n < 3; n++) expect(messages).toContain(JSON.stringify({ [`file${i}`]: `${n}` }))
  }
  expect(await problemsOf(remote)).toEqual([])
})

async function pushUntilIn(remote: MemoryStore, i: number): Promise<void> {
  const local = MemoryStore.create()
  await addRemote(local, 'origin', '/remote')
  for (let n = 0; n < 3; n++) {
    for (;;) {
      await fetchRefs(local, remote, { remoteName: 'origin' })
      await setRef(local, main, (await refOf(local, 'refs/remotes/origin/main'))!)
      await commitOn(local, main, { files: { [`file${i}`]: `${n}` } })
      const result = await codeAndMessage(push(local, remote, { remoteName: 'origin' }))
      if (result === 'no error') break
      expect(result).toContain('VARVE_REFUSED')
    }
  }
}

test('a gc on the remote during a push is noticed, and the push starts over', async () => {
  const [local, remote] = [MemoryStore.create(), MemoryStore.create()]
  const head = await commitOn(local, main, { files: { a: 'x'.repeat(100) } })
  await push(local, remote, { refspecs: ['main:old'] })
  await setRef(remote, 'refs/heads/old', null)
  let collected = false
  const far = new WrappedStore(remote, {
    call: (name) => {
      if (name !== 'update' || collected) return
      collected = true
      void remote.gc({ manifestsKeptMax: 1 })
    },
  })
  await push(local, far)
  expect(collected).toBe(true)
  expect(await refOf(remote, main)).toBe(head)
  expect(await problemsOf(remote)).toEqual([])
})
