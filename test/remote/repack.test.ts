// gc of a remote that is only files puts many small packs together: nothing is lost, whoever reads or pushes meanwhile, and
// wherever it is cut.
import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { BlobStore } from '../../src/remote/transports/blobs/store.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { temporaryDir } from '../support/temporary.ts'
import { DirBlobs } from './dir-blobs.ts'
import { commitOn, manyRows, problemsOf, refOf } from './history.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }
const graceMs = 24 * 3_600_000

function remoteIn(dir: string) {
  const blobs = new DirBlobs(`${dir}/remote`)
  const open = (who: string): Promise<BlobStore> =>
    BlobStore.open(blobs, { create: true, cacheDir: `${dir}/${who}` })
  return { blobs, open }
}

/** A remote that got `pushes` pushes, each a changed row or two and a file. */
async function pushed(pushes: number) {
  const dir = temporaryDir()
  const { blobs, open } = remoteIn(dir)
  const ours = await DiskStore.create(`${dir}/ours`)
  const remote = await open('ours')
  let head = await commitOn(ours, main, { rows: manyRows(3000) })
  for (let i = 1; i < pushes; i++) {
    await push(ours, remote, origin)
    head = await commitOn(ours, main, {
      files: { [`f${i}`]: `file ${i}` },
      rows: new Map([[i * 7, `changed ${i}`]]),
    })
  }
  await push(ours, remote, origin)
  return { dir, blobs, open, ours, head }
}

const packsIn = (dir: string): string[] =>
  fs
    .readdirSync(`${dir}/remote/packs`, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.pack'))

async function cloned(dir: string, remote: BlobStore, name: string): Promise<DiskStore> {
  const store = await DiskStore.create(`${dir}/${name}`)
  await cloneInto(store, remote, { url: 'dir:remote' })
  return store
}

describe('gc of many small packs', () => {
  test('makes few of them: a clone asks for those alone, and gets every byte', async () => {
    const { dir, blobs, open, head } = await pushed(12)
    const before = packsIn(dir)
    const dry = await (await open('gc')).gc({ dryRun: true })
    expect(dry).toMatchObject({ objectsDropped: 0, packsBefore: before.length, packsAfter: 1 })
    expect(packsIn(dir)).toEqual(before)
    const report = await (await open('gc')).gc()
    expect(report).toMatchObject({ objectsDropped: 0, packsBefore: before.length, filesRemoved: 0 })
    expect(report.packsAfter).toBeLessThanOrEqual(2)
    expect(
      fs.readdirSync(`${dir}/gc`, { recursive: true }).filter((name) => String(name).endsWith('.pack')),
    ).toEqual([])
    blobs.requests.length = 0
    const clone = await cloned(dir, await open('reader'), 'clone')
    expect(await refOf(clone, main)).toBe(head)
    expect(await problemsOf(clone)).toEqual([])
    expect(new Set(blobs.requests.filter((request) => /packs/.test(request))).size).toBe(report.packsAfter)
    // Few packs are left as they are, and then there is nothing to publish.
    const { sequence } = await (await open('gc')).manifest()
    expect(await (await open('gc')).gc()).toMatchObject({
      packsBefore: report.packsAfter,
      packsAfter: report.packsAfter,
    })
    expect((await (await open('gc')).manifest()).sequence).toBe(sequence)
  })

  test('leaves what it replaced for whoever knows no newer index, until a gc that comes a day later', async () => {
    const { dir, open, head } = await pushed(12)
    const reader = await open('reader')
    await reader.manifest()
    await reader.has([head])
    const old = packsIn(dir)
    await (await open('gc')).gc({ graceMs })
    expect(packsIn(dir)).toEqual(expect.arrayContaining(old))
    const clone = await cloned(dir, reader, 'clone')
    expect(await problemsOf(clone)).toEqual([])
    const report = await (await open('gc')).gc({ graceMs })
    expect([report.filesRemoved, packsIn(dir).length]).toEqual([0, old.length + report.packsAfter])
    await agedBy(graceMs + 60_000, `${dir}/remote`)
    const { now } = Date
    Date.now = () => now() + graceMs + 120_000
    try {
      await (await open('gc')).gc({ graceMs })
    } finally {
      Date.now = now
    }
    expect(packsIn(dir)).toHaveLength(report.packsAfter)
    expect(await problemsOf(await open('fresh'))).toEqual([])
  })

  test('without grace the old ones go at once, and a reader of the old index finds the new', async () => {
    const { dir, blobs, open, ours, head } = await pushed(12)
    const behind = await cloned(dir, await open('reader'), 'behind')
    const reader = await open('reader')
    const next = await commitOn(ours, main, { files: { later: 'x'.repeat(100_000) } })
    await push(ours, await open('ours'), origin)
    await reader.manifest()
    const report = await (await open('gc')).gc({ graceMs: 0 })
    expect(packsIn(dir)).toHaveLength(report.packsAfter)
    expect(await refOf(behind, main)).toBe(head)
    blobs.requests.length = 0
    await fetchRefs(behind, reader, origin)
    // What it has already came anew in the new pack: of that it reads what it lacks, and not the whole.
    const reads = blobs.requests.filter((request) => /packs/.test(request))
    expect([reads.length > 0, reads.filter((request) => request.startsWith('read'))]).toEqual([true, []])
    expect(await refOf(behind, 'refs/remotes/origin/main')).toBe(next)
    expect(await problemsOf(behind)).toEqual([])
  })

  test('a gc that finds nothing to do leaves the index where it is, without grace too', async () => {
    const { open, head } = await pushed(12)
    for (let time = 0; time < 3; time++) {
      await (await open('gc')).gc({ graceMs: 0 })
      const fresh = await open(`fresh${time}`)
      expect([await refOf(fresh, main), await problemsOf(fresh)]).toEqual([head, []])
    }
  })

  test.each([-3, 3])('a clock that is %d days wrong takes nothing for old', async (days) => {
    const { dir, open, ours } = await pushed(12)
    const { now } = Date
    Date.now = () => now() + days * 24 * 3_600_000
    try {
      await (await open('gc')).gc({ graceMs, manifestsKeptMax: 1 })
      await (await open('gc')).gc({ graceMs, manifestsKeptMax: 1 })
    } finally {
      Date.now = now
    }
    const clone = await cloned(dir, await open('reader'), 'clone')
    expect([await refOf(clone, main), await problemsOf(clone)]).toEqual([await refOf(ours, main), []])
  })

  test('cut at any request, nothing is lost, and the next one does it', async () => {
    const made = await pushed(6)
    const seen = new Set<string>()
    let done = false
    for (let cut = 1; !done; cut++) {
      const dir = temporaryDir()
      for (const name of ['remote', 'ours'])
        fs.cpSync(`${made.dir}/${name}`, `${dir}/${name}`, { recursive: true })
      const { blobs, open } = remoteIn(dir)
      const collector = await open('gc')
      let left = cut
      blobs.before = (request) => {
        if (--left !== 0) return
        seen.add(request.split(/[ /]/, 2).join(' '))
        throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
      }
      done = await collector.gc({ graceMs: 0, manifestsKeptMax: 1 }).then(
        () => left > 0,
        () => false,
      )
      blobs.before = () => undefined
      expect(await problemsOf(await open('fresh'))).toEqual([])
      expect(await refOf(await open('fresh'), main)).toBe(made.head)
      const report = await (await open('gc')).gc({ graceMs: 0, manifestsKeptMax: 1 })
      expect(report.packsAfter).toBeLessThanOrEqual(2)
      const ours = await DiskStore.open(`${dir}/ours`)
      const next = await commitOn(ours, main, { rows: new Map([[5, 'after']]) })
      await push(ours, await open('ours'), origin)
      const clone = await cloned(dir, await open('reader'), 'clone')
      expect([await refOf(clone, main), await problemsOf(clone)]).toEqual([next, []])
    }
    for (const kind of ['read packs', 'upload packs', 'create idx', 'create m', 'remove'])
      expect([...seen].some((request) => request.startsWith(kind))).toBe(true)
  })

  test('whoever pushes while the packs are sent wins, and all of theirs is there', async () => {
    const { dir, blobs, open, ours } = await pushed(12)
    let pushes = 0
    let head = ''
    blobs.before = async (request) => {
      if (!/^(upload packs|create idx)/.test(request) || pushes >= 3) return
      const { before } = blobs
      blobs.before = () => undefined
      pushes += 1
      head = await commitOn(ours, main, { files: { raced: `${pushes}` }, rows: new Map([[pushes, 'raced']]) })
      await push(ours, await open('ours'), origin)
      blobs.before = before
    }
    const report = await (await open('gc')).gc({ graceMs: 0 })
    expect(pushes).toBe(3)
    expect(report.packsAfter).toBeLessThan(10)
    const clone = await cloned(dir, await open('reader'), 'clone')
    expect([await refOf(clone, main), await problemsOf(clone)]).toEqual([head, []])
    expect(packsIn(dir)).toHaveLength(report.packsAfter)
  })

  test('pushers, readers and two collectors at once: every commit arrives, and every clone is whole', async () => {
    const { dir, open } = await pushed(12)
    const pushers = ['ada', 'grace', 'mary'].map(async (who) => {
      const store = await DiskStore.create(`${dir}/store-${who}`)
      const ref = `refs/heads/${who}`
      let head = ''
      for (let i = 0; i < 6; i++) {
        head = await commitOn(store, ref, { rows: manyRows(200 + i), files: { [who]: `${i}` } })
        await push(store, await open(who), { refspecs: [who] })
      }
      return [ref, head] as const
    })
    const collectors = ['gc', 'gc-2'].map(async (who) => {
      for (let i = 0; i < 4; i++) await (await open(who)).gc()
    })
    const readers = [1, 2, 3].map(async (i) =>
      problemsOf(await cloned(dir, await open(`reader-${i}`), `clone-${i}`)),
    )
    const heads = await Promise.all(pushers)
    await Promise.all(collectors)
    expect(await Promise.all(readers)).toEqual([[], [], []])
    const end = await open('end')
    await end.gc({ graceMs: 0 })
    for (const [ref, head] of heads) expect(await refOf(end, ref)).toBe(head)
    expect(await problemsOf(await open('fresh'))).toEqual([])
  })

  test('a damaged object is found and not spread: nothing is published, and nothing goes', async () => {
    const { dir, open } = await pushed(12)
    const [first] = packsIn(dir).map((name) => `${dir}/remote/packs/${name}`)
    const bytes = fs.readFileSync(first!)
    bytes[bytes.length - 60] = bytes[bytes.length - 60]! ^ 1
    bytes[120] = bytes[120]! ^ 1
    fs.writeFileSync(first!, bytes)
    const before = [packsIn(dir), (await (await open('x')).manifest()).sequence]
    const error: unknown = await (await open('gc')).gc({ graceMs: 0 }).catch((thrown: unknown) => thrown)
    expect(isVarveError(error, 'VARVE_CORRUPT')).toBe(true)
    expect([packsIn(dir), (await (await open('y')).manifest()).sequence]).toEqual(before)
  })
})

async function agedBy(ms: number, dir: string): Promise<void> {
  for (const name of fs.readdirSync(dir, { recursive: true }).map(String)) {
    const { mtimeMs } = fs.statSync(`${dir}/${name}`)
    fs.utimesSync(`${dir}/${name}`, (mtimeMs - ms) / 1000, (mtimeMs - ms) / 1000)
  }
}
