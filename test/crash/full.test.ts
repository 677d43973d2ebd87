// A disk that runs full, at whatever write, is an error with its own code; nothing of the attempt stays.
import { readdirSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { codeOf } from '../support/fault.ts'
import { operation, publish, setRef } from '../contract/store.ts'
import { temporaryDir } from '../support/temporary.ts'
import { Faults, systemError } from './faults.ts'

let faults = new Faults()
afterEach(() => faults.uninstall())

function filesIn(dir: string): string[] {
  const names = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((found) => found.isFile())
  return names.map((found) => `${found.parentPath}/${found.name}`).sort()
}

test('on a full disk a commit fails with VARVE_DISK_FULL, and the store is as it was', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  await publish(store, 'refs/heads/main', 'first')
  const before = filesIn(dir)
  for (let at = 1; ; at++) {
    faults = new Faults()
    let writes = 0
    faults.install((call) => {
      if (call !== 'write' || ++writes < at) return undefined
      throw systemError('ENOSPC')
    })
    const writer = store.writer()
    const chunk = writer.put('raw', utf8('a chunk'))
    const code = await codeOf(store.update(() => setRef('refs/heads/main', chunk), { writer }))
    faults.uninstall()
    if (code === 'no error') {
      expect(at).toBeGreaterThan(4)
      break
    }
    expect(code).toBe('VARVE_DISK_FULL')
    expect(filesIn(dir)).toEqual(before)
    expect(await codeOf(store.update(() => ({ operation }), { writer }))).toBe('VARVE_DISK_FULL')
    expect((await store.manifest()).sequence).toBe(2)
  }
  expect((await store.fsck()).problems).toEqual([])
})

test('where the manifest stands and could not be flushed, nobody is told that nothing has changed', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  faults = new Faults()
  faults.install((call, target) => {
    if (call === 'fsync' && target === `${dir}/m`) throw systemError('EDQUOT')
    return undefined
  })
  const writer = store.writer()
  const chunk = writer.put('raw', utf8('a chunk'))
  const failed = await store
    .update(() => setRef('refs/heads/main', chunk), { writer })
    .catch((e: unknown) => e)
  faults.uninstall()
  expect(failed).toMatchObject({ code: 'VARVE_DISK_FULL', hint: expect.stringContaining('varve reflog') })
  expect((await (await DiskStore.open(dir)).manifest()).refs.get('refs/heads/main')).toBe(chunk)
})

test('writes that take only some of the bytes are continued', async () => {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir, { firstBranch: 'main' })
  faults = new Faults()
  faults.install((call) => (call === 'write' ? { shortWrite: 1 + (faults.calls % 7) } : undefined))
  const writer = store.writer()
  const chunk = writer.put('raw', utf8('a chunk that is written in many small pieces'))
  await store.update(() => setRef('refs/heads/main', chunk), { writer })
  faults.uninstall()
  expect((await store.fsck()).problems).toEqual([])
  expect(Buffer.from((await store.get([chunk]))[0]!).toString()).toBe(
    'a chunk that is written in many small pieces',
  )
})

test('on a file system without hard links commits work, and of two with one number one wins', async () => {
  const dir = `${temporaryDir()}/store`
  faults = new Faults()
  faults.install((call) => {
    if (call === 'link') throw systemError('ENOTSUP')
    return undefined
  })
  const [a, b] = [await DiskStore.create(dir, { firstBranch: 'main' }), await DiskStore.open(dir)]
  await Promise.all([publish(a, 'refs/heads/a', 'a'), publish(b, 'refs/heads/b', 'b')])
  faults.uninstall()
  expect([...(await a.manifest()).refs.keys()].sort()).toEqual(['refs/heads/a', 'refs/heads/b'])
  expect((await a.fsck()).problems).toEqual([])
})
