// Bundles: history in one file. Whatever else is in the file than a whole one, nothing is changed here.
import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import type { Cid, CommitCid } from '../../src/encoding/cid.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { type CreateBundleOptions, createBundle } from '../../src/remote/transports/bundle/create.ts'
import { encodeBundleHeader } from '../../src/remote/transports/bundle/header.ts'
import { BundleStore } from '../../src/remote/transports/bundle/store.ts'
import { checkBundle } from '../../src/remote/transports/bundle/verify.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import type { Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { temporaryDir } from '../support/temporary.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef, tagCommit } from './history.ts'
import { faultWithHint as fault } from '../support/fault.ts'

const main = 'refs/heads/main'

async function bundled(
  store: Store,
  refs: readonly string[] = [main],
  since: readonly CommitCid[] = [],
  options: Partial<CreateBundleOptions> = {},
): Promise<string> {
  const file = path.join(temporaryDir(), 'data.bundle')
  const named = new Map<string, Cid>()
  for (const ref of refs) named.set(ref, (await refOf(store, ref))!)
  await createBundle(store, file, { refs: named, head: main, since, ...options })
  return file
}

test('a bundle is cloned like a remote, by path and by URL, and leaves nothing beside it', async () => {
  const local = MemoryStore.create()
  const head = await commitOn(local, main, { rows: manyRows(3000), files: { a: '1' } })
  await tagCommit(local, 'v1', head)
  const file = await bundled(local, [main, 'refs/tags/v1'])
  expect(fs.readdirSync(path.dirname(file))).toEqual(['data.bundle'])
  for (const url of [file, `file://${file}`]) {
    const clone = await DiskStore.create(path.join(temporaryDir(), 'clone'))
    const remote = await openRemote(url)
    expect((await cloneInto(clone, remote, { url })).ref).toBe(main)
    expect(await refOf(clone, main)).toBe(head)
    expect(await refOf(clone, 'refs/tags/v1')).toBe(await refOf(local, 'refs/tags/v1'))
    expect(await problemsOf(clone)).toEqual([])
    await clone.close()
  }
})

test('a bundle since a commit has what is new alone, and is fetched by who has that commit', async () => {
  const local = await DiskStore.create(path.join(temporaryDir(), 'local'))
  const first = await commitOn(local, main, { rows: manyRows(20_000), files: { a: '1' } })
  const whole = await bundled(local)
  await commitOn(local, main, { rows: new Map([[10_000, 'edited']]) })
  await commitOn(local, main, { files: { b: '2' } })
  const news = await bundled(local, [main], [first])
  expect(fs.statSync(whole).size).toBeGreaterThan(200_000)
  expect(fs.statSync(news).size).toBeLessThan(60_000)
  const clone = await DiskStore.create(path.join(temporaryDir(), 'clone'))
  await cloneInto(clone, await openRemote(whole), { url: whole })
  await fetchRefs(clone, await openRemote(news), { remoteName: 'origin' })
  expect(await refOf(clone, 'refs/remotes/origin/main')).toBe(await refOf(local, main))
  for (const store of [local, clone]) {
    expect(await problemsOf(store)).toEqual([])
    await store.close()
  }
})

test('what a bundle continues from must be here: the error names it, and nothing is changed', async () => {
  const local = MemoryStore.create()
  const first = await commitOn(local, main, { files: { a: '1' } })
  const second = await commitOn(local, main, { files: { b: '2' } })
  await commitOn(local, main, { files: { c: '3' } })
  for (const since of [first, second]) {
    const file = await bundled(local, [main], [since])
    const other = MemoryStore.create()
    await commitOn(other, main, { files: { z: '9' } })
    const before = await other.manifest()
    for (const work of [
      async () => fetchRefs(other, await openRemote(file), { remoteName: 'origin' }),
      async () => cloneInto(MemoryStore.create(), await openRemote(file), { url: file }),
    ]) {
      const message = await fault(work())
      expect(message).toContain('VARVE_NOT_POSSIBLE')
      expect(message).toContain(`continues from commits that are not here: ${since.slice(8, 18)}`)
    }
    expect(await other.manifest()).toEqual(before)
    // Only checked as far as it can be without them.
    const check = await checkBundle(await BundleStore.open(file))
    expect(check.problems).toEqual([])
    expect(check.outside).toBeGreaterThan(0)
  }
})

test('content that was taken back after the common commit is found at the receiver', async () => {
  const local = MemoryStore.create()
  const first = await commitOn(local, main, { files: { a: 'old '.repeat(500), k: '1' } })
  const file0 = await bundled(local)
  await commitOn(local, main, { files: { a: 'new '.repeat(500) } })
  const file1 = await bundled(local)
  await commitOn(local, main, { files: { a: 'old '.repeat(500), k: '2' } })
  const file2 = await bundled(local, [main], [first])
  for (const start of [file0, file1]) {
    const clone = MemoryStore.create()
    await cloneInto(clone, await openRemote(start), { url: start })
    await fetchRefs(clone, await openRemote(file2), { remoteName: 'origin' })
    expect(await problemsOf(clone)).toEqual([])
  }
})

test('several branches with several common commits', async () => {
  const local = MemoryStore.create()
  const base = await commitOn(local, main, { files: { a: '1' } })
  const side = await commitOn(local, 'refs/heads/side', { files: { s: '1' } }, base)
  const whole = await bundled(local, [main, 'refs/heads/side'])
  const tip = await commitOn(local, main, { files: { b: '2' } })
  await commitOn(local, 'refs/heads/side', { files: { s: '2' } })
  const news = await bundled(local, [main, 'refs/heads/side'], [base, side])
  expect([...(await BundleStore.open(news)).header.needs].sort()).toEqual([base, side].sort())
  const clone = MemoryStore.create()
  await cloneInto(clone, await openRemote(whole), { url: whole })
  await fetchRefs(clone, await openRemote(news), { remoteName: 'origin' })
  expect(await refOf(clone, 'refs/remotes/origin/main')).toBe(tip)
  expect(await problemsOf(clone)).toEqual([])
})

test('where there is nothing new, no bundle is made', async () => {
  const local = MemoryStore.create()
  const head = await commitOn(local, main, { files: { a: '1' } })
  const file = path.join(temporaryDir(), 'x.bundle')
  const refs = new Map([[main, head]])
  expect(await fault(createBundle(local, file, { refs, head: main, since: [head] }))).toContain(
    'VARVE_NOT_POSSIBLE',
  )
  expect(fs.readdirSync(path.dirname(file))).toEqual([])
})

test('a bundle is not pushed to', async () => {
  const local = MemoryStore.create()
  await commitOn(local, main, { files: { a: '1' } })
  const file = await bundled(local)
  const before = fs.readFileSync(file)
  await commitOn(local, main, { files: { b: '2' } })
  expect(await fault(push(local, await openRemote(file, { create: true })))).toContain('VARVE_REFUSED')
  expect(Buffer.compare(fs.readFileSync(file), before)).toBe(0)
})

test('a bundle that cannot be finished leaves the old one', async () => {
  const local = MemoryStore.create()
  const head = await commitOn(local, main, { rows: manyRows(2000) })
  const file = await bundled(local)
  const before = fs.readFileSync(file)
  const stop = new AbortController()
  const onProgress = (): void => stop.abort()
  const work = createBundle(local, file, {
    refs: new Map([[main, head]]),
    head: null,
    since: [],
    signal: stop.signal,
    onProgress,
  })
  expect(await fault(work)).toContain('VARVE_ABORTED')
  expect(fs.readdirSync(path.dirname(file))).toEqual(['data.bundle'])
  expect(Buffer.compare(fs.readFileSync(file), before)).toBe(0)
})

describe('damage', () => {
  async function opened(bytes: Uint8Array): Promise<{ message: string; problems: number }> {
    const file = path.join(temporaryDir(), 'bad.bundle')
    fs.writeFileSync(file, bytes)
    const clone = MemoryStore.create()
    let problems = -1
    const message = await fault(
      openRemote(file).then(async (remote) => cloneInto(clone, remote, { url: file })),
    )
    // A copy that went through is whole, whatever was changed.
    if (message === 'no error') expect(await problemsOf(clone)).toEqual([])
    else expect((await clone.manifest()).sequence).toBe(1)
    try {
      problems = (await checkBundle(await BundleStore.open(file))).problems.length
    } catch (error) {
      expect(isVarveError(error)).toBe(true)
    }
    return { message, problems }
  }

  test('every flipped bit is noticed by a check, and none gives a wrong clone', async () => {
    const local = MemoryStore.create()
    await commitOn(local, main, { rows: manyRows(300), files: { a: '1' } })
    const bytes = fs.readFileSync(await bundled(local))
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const bad = Uint8Array.from(bytes)
        bad[at]! ^= 1 << bit
        const { message, problems } = await opened(bad)
        expect(message).toMatch(/^(no error|VARVE_)/)
        expect(problems).not.toBe(0)
      }),
      { numRuns: 150 },
    )
  }, 60_000)

  test('cut short anywhere, or longer, it is refused', async () => {
    const local = MemoryStore.create()
    await commitOn(local, main, { files: { a: '1' } })
    const bytes = fs.readFileSync(await bundled(local))
    for (let length = 0; length < bytes.length; length += 7)
      expect((await opened(bytes.subarray(0, length))).message).toMatch(/^VARVE_(CORRUPT|UNREACHABLE)/)
    expect((await opened(Buffer.concat([bytes, Buffer.from('x')]))).message).toMatch(
      /^VARVE_CORRUPT.*behind its end/,
    )
  }, 60_000)

  test('the hint sends to whoever made the file: no repository here is at fault', async () => {
    const local = MemoryStore.create()
    await commitOn(local, main, { files: { a: '1' } })
    const file = await bundled(local)
    fs.truncateSync(file, 300)
    await expect(openRemote(file)).rejects.toMatchObject({
      code: 'VARVE_CORRUPT',
      hint: expect.stringMatching(/^get the file once more/) as unknown,
    })
  })

  const name = 'a'.repeat(64)
  const files = [
    { name: `idx/${name}.idx`, bytes: 2000 },
    { name: `packs/aa/${name}.pack`, bytes: 2000 },
  ]
  test.each([
    ['a pack of a terabyte', [files[0]!, { ...files[1]!, bytes: 2 ** 40 }]],
    ['a negative length', [files[0]!, { ...files[1]!, bytes: -5 }]],
    ['half a byte', [files[0]!, { ...files[1]!, bytes: 2000.5 }]],
    ['a path that leads out', [files[0]!, { name: '../../etc/passwd', bytes: 2000 }]],
    ['no pack', [files[0]!]],
    ['no index', [files[1]!]],
    ['a file twice', [files[0]!, files[1]!, files[1]!]],
    ['nothing', []],
  ])('a header that names %s is refused', async (_, named) => {
    const header = encodeBundleHeader({ head: null, refs: new Map(), needs: [], files: named })
    const size = named.reduce((sum, { bytes }) => sum + bytes, 0)
    const rest = new Uint8Array(size > 0 && size < 10_000 ? Math.ceil(size) : 0)
    expect((await opened(Buffer.concat([header, rest]))).message).toMatch(/^VARVE_CORRUPT/)
  })

  test('a header of four gigabytes is refused before it is read', async () => {
    const bytes = Buffer.alloc(100)
    bytes.write('VBUN')
    bytes[4] = 1
    bytes.writeUInt32LE(0xffffffff, 8)
    expect((await opened(bytes)).message).toMatch(/^VARVE_CORRUPT/)
    bytes[4] = 2
    expect((await opened(bytes)).message).toMatch(/^VARVE_UNSUPPORTED_FORMAT/)
  })

  test('a ref that names nothing inside, and names that could do harm, are refused', async () => {
    const local = MemoryStore.create()
    const head = await commitOn(local, main, { files: { a: '1' } })
    const bytes = fs.readFileSync(await bundled(local))
    const file = path.join(temporaryDir(), 'x')
    fs.writeFileSync(file, bytes)
    const { header } = await BundleStore.open(file)
    const rest = bytes.subarray(bytes.length - header.files.reduce((sum, one) => sum + one.bytes, 0))
    const ghost = `01711220${'ab'.repeat(32)}` as Cid
    for (const refs of [new Map([[main, ghost]]), new Map([['refs/heads/../../config', head]])])
      expect((await opened(Buffer.concat([encodeBundleHeader({ ...header, refs }), rest]))).message).toMatch(
        /^VARVE_(CORRUPT|OBJECT_MISSING|REFUSED)/,
      )
  })
})

test('a pull that goes back and forth by bundles ends with both sides alike', async () => {
  const [a, b] = [MemoryStore.create(), MemoryStore.create()]
  await commitOn(a, main, { files: { seed: '1' } })
  const first = await bundled(a)
  await cloneInto(b, await openRemote(first), { url: first })
  for (let i = 0; i < 3; i++) {
    for (const [from, to] of [[a, b] as const, [b, a] as const]) {
      const known = (await refOf(from, main))!
      await commitOn(from, main, { files: { [`f${i}`]: `${i}` } })
      const file = await bundled(from, [main], [known])
      await fetchRefs(to, await openRemote(file), { remoteName: 'origin' })
      await setRef(to, main, (await refOf(to, 'refs/remotes/origin/main'))!)
    }
  }
  expect(await refOf(a, main)).toBe(await refOf(b, main))
  expect(await problemsOf(a)).toEqual([])
  expect(await problemsOf(b)).toEqual([])
})
