// Push and fetch over files that lie elsewhere: how many requests wait for each other, how many bytes travel, and what
// is left when a request fails. Every request of one wave is answered together, so waves are round trips.
import fs from 'node:fs'
import { expect, test, vi } from 'vitest'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { BlobStore } from '../../src/remote/transports/blobs/store.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { temporaryDir } from '../support/temporary.ts'
import { DirBlobs } from './dir-blobs.ts'
import { commitOn, manyRows, problemsOf, refOf } from './history.ts'
import { fault } from '../support/fault.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }

interface Hub {
  readonly dir: string
  readonly blobs: DirBlobs
  readonly open: (who: string) => Promise<BlobStore>
}

function hub(): Hub {
  const dir = temporaryDir()
  const blobs = new DirBlobs(`${dir}/remote`)
  return { dir, blobs, open: (who) => BlobStore.open(blobs, { create: true, cacheDir: `${dir}/${who}` }) }
}

/** Requests of each wave, as they are made from now on. */
function wavesOf(blobs: DirBlobs): string[][] {
  const waves: string[][] = []
  let wave: { requests: string[]; over: Promise<void> } | null = null
  blobs.before = (request) => {
    if (wave === null) {
      const requests: string[] = []
      waves.push(requests)
      wave = {
        requests,
        over: new Promise((done) => {
          setTimeout(() => {
            wave = null
            done()
          }, 25)
        }),
      }
    }
    wave.requests.push(request)
    return wave.over
  }
  return waves
}

test('a row edited in a table of 100,000: under 100 KB each way, 2 round trips to push and 4 to fetch', async () => {
  const { dir, blobs, open } = hub()
  const ours = await DiskStore.create(`${dir}/ours`)
  const theirs = await DiskStore.create(`${dir}/theirs`)
  await commitOn(ours, main, { rows: manyRows(100_000), files: { 'notes.txt': 'about the rows' } })
  const remote = await open('our-cache')
  await push(ours, remote, origin)
  await fetchRefs(theirs, await open('their-cache'), origin)

  const edited = await commitOn(ours, main, { rows: new Map([[50_000, 'edited']]) })
  const [pushing, written] = [wavesOf(blobs), blobs.bytesWritten]
  await push(ours, await open('our-cache'), origin)
  expect(blobs.bytesWritten - written).toBeLessThan(100_000)
  const isUpload = (request: string): boolean => /^(upload|create idx)/.test(request)
  expect(pushing.filter((wave) => !wave.every(isUpload))).toHaveLength(2)

  const [fetching, read] = [wavesOf(blobs), blobs.bytesRead]
  await fetchRefs(theirs, await open('their-cache'), origin)
  expect(blobs.bytesRead - read).toBeLessThan(100_000)
  expect(fetching.length).toBeLessThanOrEqual(4)
  expect(await refOf(theirs, 'refs/remotes/origin/main')).toBe(edited)
  expect(await problemsOf(theirs)).toEqual([])
})

test('a fetch of nothing new is one request, in another process too', async () => {
  const { dir, blobs, open } = hub()
  const [ours, theirs] = [await DiskStore.create(`${dir}/ours`), await DiskStore.create(`${dir}/theirs`)]
  await commitOn(ours, main, { files: { a: '1' } })
  await push(ours, await open('ours'), origin)
  await fetchRefs(theirs, await open('theirs'), origin)
  blobs.requests.length = 0
  expect((await fetchRefs(theirs, await open('theirs'), origin)).updates).toEqual([])
  expect(blobs.requests).toEqual(['newest'])
})

test('a push that is cut at any request leaves the remote as it was, and the next one goes through', async () => {
  for (let cut = 1, done = false; !done; cut++) {
    const { dir, blobs, open } = hub()
    const ours = await DiskStore.create(`${dir}/ours`)
    const first = await commitOn(ours, main, { files: { a: 'one' } })
    await push(ours, await open('cache'), origin)
    const second = await commitOn(ours, main, { rows: manyRows(2000) })
    let left = cut
    blobs.before = () => {
      if (--left === 0) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
    }
    const message = await fault(open('cache').then((remote) => push(ours, remote, origin)))
    done = message === 'no error'
    blobs.before = () => undefined
    const fresh = await open('other-cache')
    expect(await refOf(fresh, main)).toBe(done ? second : first)
    expect(await problemsOf(fresh)).toEqual([])
    await push(ours, await open('cache'), origin)
    expect(await refOf(await open('third'), main)).toBe(second)
    expect(done || cut < 20).toBe(true)
  }
})

test('a push whose number was taken and freed again by gc while it was sending is done over, not lost', async () => {
  const { dir, blobs, open } = hub()
  const [ours, theirs] = [await DiskStore.create(`${dir}/ours`), await DiskStore.create(`${dir}/theirs`)]
  await commitOn(ours, main, { files: { a: 'one' } })
  await push(ours, await open('ours'), origin)
  const second = await commitOn(ours, main, { files: { a: 'two' } })
  const clock = vi.spyOn(performance, 'now')
  const later = performance.now() + 3_600_000
  let isSending = false
  blobs.before = async (request) => {
    if (isSending || !request.startsWith('upload')) return
    isSending = true
    const remote = await open('theirs')
    for (const name of ['x', 'y']) {
      const head = await commitOn(theirs, `refs/heads/${name}`, { files: { [name]: name } })
      await push(theirs, remote, { refspecs: [name] })
      expect(await refOf(remote, `refs/heads/${name}`)).toBe(head)
    }
    await remote.gc({ manifestsKeptMax: 1 })
    clock.mockReturnValue(later)
  }
  await push(ours, await open('ours'), origin)
  clock.mockRestore()
  expect(isSending).toBe(true)
  expect(await refOf(await open('fresh'), main)).toBe(second)
  expect(await problemsOf(await open('fresh'))).toEqual([])
})

/** Its first answer to the creation of a manifest is lost, and the repetition finds the manifest there. */
class ForgetfulBlobs extends DirBlobs {
  lost = 0

  override async create(name: string, bytes: Uint8Array): Promise<boolean> {
    const isMade = await super.create(name, bytes)
    if (!name.startsWith('m/')) return isMade
    if (isMade) this.lost++
    return false
  }
}

test('a push and a gc whose manifest was created, but the answer lost, have won, and remove nothing of it', async () => {
  const dir = temporaryDir()
  const blobs = new ForgetfulBlobs(`${dir}/remote`)
  const ours = await DiskStore.create(`${dir}/ours`)
  const remote = await BlobStore.open(blobs, { create: true, cacheDir: `${dir}/cache` }).catch(() =>
    BlobStore.open(blobs, { cacheDir: `${dir}/cache` }),
  )
  for (const text of ['one', 'two']) {
    await commitOn(ours, main, { files: { a: text } })
    await push(ours, remote, origin)
  }
  await remote.gc({ manifestsKeptMax: 1 })
  expect(blobs.lost).toBeGreaterThan(3)
  const fresh = await BlobStore.open(blobs, { cacheDir: `${dir}/fresh` })
  expect(await refOf(fresh, main)).toBe(await refOf(ours, main))
  expect(await problemsOf(fresh)).toEqual([])
})

test('what a push has packed before it was cut is not packed again, and what arrived is not sent again', async () => {
  const { dir, blobs, open } = hub()
  const ours = await DiskStore.create(`${dir}/ours`)
  await commitOn(ours, main, { rows: manyRows(50_000) })
  blobs.before = (request) => {
    if (request.startsWith('create m/') && !request.endsWith('1')) throw new Error('cut')
  }
  expect(await fault(open('cache').then((remote) => push(ours, remote, origin)))).toContain('cut')
  blobs.before = () => undefined
  const written = blobs.bytesWritten
  expect(written).toBeGreaterThan(400_000)
  const report = await push(ours, await open('cache'), origin)
  // The segment and the manifest; the packs have arrived.
  expect(blobs.bytesWritten - written).toBeLessThan(60_000)
  expect(report.objects).toBe(0)
  expect(
    fs
      .readdirSync(`${dir}/cache/remotes`, { recursive: true })
      .filter((name) => /spool.+/.test(String(name))),
  ).toEqual([])
  expect(await problemsOf(await open('other'))).toEqual([])
})

test('a remote that was made anew under the same address is not taken for the old one', async () => {
  const { dir, blobs, open } = hub()
  const ours = await DiskStore.create(`${dir}/ours`)
  const theirs = await DiskStore.create(`${dir}/theirs`)
  for (const text of ['one', 'two', 'three']) {
    await commitOn(ours, main, { files: { a: text } })
    await push(ours, await open('ours'), origin)
  }
  await fetchRefs(theirs, await open('theirs'), origin)
  fs.rmSync(`${dir}/remote`, { recursive: true })
  const other = await DiskStore.create(`${dir}/other`)
  const anew = await commitOn(other, main, { files: { b: 'of another history' } })
  await push(other, await open('others'), origin)
  await fetchRefs(theirs, await open('theirs'), origin)
  expect(await refOf(theirs, 'refs/remotes/origin/main')).toBe(anew)
  expect(await fault(open('ours').then((remote) => push(ours, remote, origin)))).toContain('VARVE_REFUSED')
  expect(await problemsOf(await open('check'))).toEqual([])
  expect(blobs.requests.length).toBeGreaterThan(0)
})

test('a cache that is damaged or gone costs requests and nothing else', async () => {
  const { dir, open } = hub()
  const [ours, theirs] = [await DiskStore.create(`${dir}/ours`), await DiskStore.create(`${dir}/theirs`)]
  const first = await commitOn(ours, main, { rows: manyRows(3000) })
  await push(ours, await open('ours'), origin)
  await fetchRefs(theirs, await open('theirs'), origin)
  for (const name of fs.readdirSync(`${dir}/theirs/remotes`, { recursive: true, withFileTypes: true }))
    if (name.isFile()) fs.writeFileSync(`${name.parentPath}/${name.name}`, 'nonsense')
  expect(await refOf(await open('theirs'), main)).toBe(first)
  const second = await commitOn(ours, main, { rows: new Map([[7, 'seven']]) })
  await push(ours, await open('ours'), origin)
  await fetchRefs(theirs, await open('theirs'), origin)
  expect(await refOf(theirs, 'refs/remotes/origin/main')).toBe(second)
})

test('two who push at once to one branch: one is told to pull, and nothing is lost', async () => {
  const { dir, open } = hub()
  const [ours, theirs] = [await DiskStore.create(`${dir}/ours`), await DiskStore.create(`${dir}/theirs`)]
  const ourCommit = await commitOn(ours, main, { files: { a: 'ours' } })
  const theirCommit = await commitOn(theirs, main, { files: { b: 'theirs' } })
  const outcomes = await Promise.all([
    fault(open('ours').then((remote) => push(ours, remote, origin))),
    fault(open('theirs').then((remote) => push(theirs, remote, origin))),
  ])
  expect(outcomes.filter((outcome) => outcome === 'no error')).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome.startsWith('VARVE_REFUSED'))).toHaveLength(1)
  const winner = outcomes[0] === 'no error' ? ourCommit : theirCommit
  expect(await refOf(await open('check'), main)).toBe(winner)
})
