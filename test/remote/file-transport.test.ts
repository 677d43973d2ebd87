import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { addRemote, listRemotes, removeRemote } from '../../src/remote/remotes.ts'
import { renameRemote } from '../../src/remote/rename-remote.ts'
import { absoluteUrl, openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef } from './history.ts'
import { faultWithHint as fault } from '../support/fault.ts'

const main = 'refs/heads/main'
let dir = ''
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-remote-'))
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

test('a bare store is found by path, relative path and file URL', async () => {
  await (await DiskStore.create(path.join(dir, 'data é'))).close()
  for (const url of [
    path.join(dir, 'data é'),
    'data é',
    './data é',
    pathToFileURL(path.join(dir, 'data é')).href,
  ]) {
    const store = await openRemote(url, { base: dir })
    expect(store.location).toBe(path.join(dir, 'data é'))
    await store.close()
  }
})

test("a working folder's store is found inside it, and its current branch is not moved", async () => {
  const theirs = path.join(dir, 'theirs')
  fs.mkdirSync(theirs)
  await (await DiskStore.create(path.join(theirs, '.varve'))).close()
  const [local, remote] = [MemoryStore.create(), await openRemote(theirs)]
  await commitOn(local, main, { files: { a: '1' } })
  expect(await fault(push(local, remote))).toContain("VARVE_REFUSED: branch 'main' is checked out")
  await push(local, remote, { refspecs: ['main:incoming'] })
  await remote.close()
})

test('nothing there: unreachable, unless the first push may make it', async () => {
  const url = path.join(dir, 'new/remote')
  expect(await fault(openRemote(url))).toContain('VARVE_UNREACHABLE: no repository at')
  expect(fs.existsSync(url)).toBe(false)
  const [local, remote] = [MemoryStore.create(), await openRemote(url, { create: true })]
  const head = await commitOn(local, 'refs/heads/trunk', { files: { a: '1' } })
  await push(local, remote, { refspecs: ['trunk'] })
  const { head: current, refs } = await remote.manifest()
  expect([current, refs.get('refs/heads/trunk')]).toEqual(['refs/heads/trunk', head])
  await remote.close()
})

test('a file that is no bundle, and a Git repository, are called what they are', async () => {
  const file = path.join(dir, 'thesis.txt')
  fs.writeFileSync(file, 'mine')
  expect(await fault(openRemote(file))).toMatch(/^VARVE_UNREACHABLE: '.*' is a file, and no bundle/)
  expect(await fault(openRemote(path.join(file, 'x')))).toContain('VARVE_UNREACHABLE: no repository at')
  execFileSync('git', ['init', '-q', path.join(dir, 'code')])
  execFileSync('git', ['init', '-q', '--bare', path.join(dir, 'code.git')])
  for (const folder of ['code', 'code.git'])
    expect(await fault(openRemote(path.join(dir, folder)))).toMatch(
      new RegExp(`no repository at .*git\\+file://${path.join(dir, folder)}'.*varve import git`),
    )
})

test('a folder with something else in it is never touched', async () => {
  fs.writeFileSync(path.join(dir, 'thesis.txt'), 'mine')
  expect(await fault(openRemote(dir, { create: true }))).toContain('VARVE_REFUSED')
  expect(await fault(openRemote(path.join(dir, 'thesis.txt'), { create: true }))).toContain('VARVE_REFUSED')
  expect(fs.readdirSync(dir)).toEqual(['thesis.txt'])
})

test.each(['gopher://host/data', 'sftp://host/data'])(
  '%s is not supported, and the error says what is',
  async (url) => {
    const message = await fault(openRemote(url, { create: true }))
    expect(message).toMatch(/VARVE_UNREACHABLE: remotes over '\w+' are not supported/)
    expect(message).toContain('file:///PATH')
    expect(fs.readdirSync(dir)).toEqual([])
  },
)

test.each(['https://ada:secret@example.org/x', 'file://a:b@/x', '', '-oops', 'a\nb', 'a\0b', 'file:///%00'])(
  'the URL %j is refused without repeating a secret',
  async (url) => {
    const message = await fault(openRemote(url))
    expect(message).toMatch(/^VARVE_(REFUSED|USAGE|UNREACHABLE)/)
    expect(message).not.toContain('secret')
  },
)

test('remotes are listed by name, kept once, and go with their refs and upstreams', async () => {
  const store = MemoryStore.create()
  const head = await commitOn(store, main, { files: { a: '1' } })
  await addRemote(store, 'origin', absoluteUrl('../hub', '/projects/mine'))
  await addRemote(store, 'backup', '/backup')
  expect(await fault(addRemote(store, 'origin', '/other'))).toContain(
    "VARVE_NOT_POSSIBLE: remote 'origin' exists",
  )
  expect(await fault(addRemote(store, 'a/b', '/other'))).toContain('VARVE_USAGE')
  expect(await fault(addRemote(store, '..', '/other'))).toContain('VARVE_USAGE')
  expect(listRemotes(await store.manifest())).toEqual([
    { name: 'backup', url: '/backup' },
    { name: 'origin', url: '/projects/hub' },
  ])
  await setRef(store, 'refs/remotes/origin/main', head)
  await setRef(store, 'refs/remotes/origin2/main', head)
  await store.update(() => ({
    config: new Map([['branch.main.upstream', 'refs/remotes/origin/main']]),
    operation: { name: 'x', message: '', author: '' },
  }))
  await removeRemote(store, 'origin')
  const { refs, config } = await store.manifest()
  expect([...refs.keys()]).toEqual([main, 'refs/remotes/origin2/main'])
  expect([...config]).toEqual([['remote.backup.url', '/backup']])
  expect(await fault(removeRemote(store, 'origin'))).toContain('VARVE_REF_NOT_FOUND')
})

test('on disk, one edited row of 50,000 travels as a few kilobytes of deltas, and the clone is whole', async () => {
  const local = await DiskStore.create(path.join(dir, 'local'))
  const remote = await openRemote(path.join(dir, 'hub'), { create: true })
  await commitOn(local, main, { rows: manyRows(50_000) })
  const whole = await push(local, remote)
  await commitOn(local, main, { rows: new Map([[25_000, 'edited']]) })
  const edit = await push(local, remote)
  expect(whole.bytes).toBeGreaterThan(400_000)
  expect(edit.bytes).toBeLessThan(4000)
  const clone = await DiskStore.create(path.join(dir, 'clone'))
  await cloneInto(clone, remote, { url: path.join(dir, 'hub') })
  expect(await refOf(clone, main)).toBe(await refOf(local, main))
  for (const store of [local, remote, clone]) {
    expect(await problemsOf(store)).toEqual([])
    await store.close()
  }
})

test('on disk, pushers that pull and try again all get their commits in', async () => {
  const hub = path.join(dir, 'hub')
  const seed = MemoryStore.create()
  await commitOn(seed, main, { files: { seed: '1' } })
  await push(seed, await openRemote(hub, { create: true }))
  await Promise.all(Array.from({ length: 4 }, (_, i) => pushUntilIn(hub, i)))
  const remote = await openRemote(hub)
  const { walkCommits } = await import('../../src/history/ancestry.ts')
  let commits = 0
  for await (const _ of walkCommits(remote, [(await refOf(remote, main))!])) commits++
  expect(commits).toBe(9)
  expect(await problemsOf(remote)).toEqual([])
})

async function pushUntilIn(hub: string, i: number): Promise<void> {
  const local = MemoryStore.create()
  const remote = await openRemote(hub)
  for (let n = 0; n < 2; n++) {
    for (let result = ''; result !== 'no error';) {
      await fetchRefs(local, remote, { remoteName: 'origin' })
      await setRef(local, main, (await refOf(local, 'refs/remotes/origin/main'))!)
      await commitOn(local, main, { files: { [`file${i}`]: `${n}` } })
      result = await fault(push(local, remote))
      expect(result).toMatch(/^no error|VARVE_REFUSED/)
    }
  }
  await remote.close()
}

test('a renamed remote takes its settings, its branches and its upstreams along, and nobody else’s', async () => {
  const store = MemoryStore.create()
  const head = await commitOn(store, main, { files: { a: 'a' } })
  for (const name of ['a', 'a.b', 'c']) await addRemote(store, name, `/srv/${name}`)
  for (const name of ['a', 'a.b']) {
    await setRef(store, `refs/remotes/${name}/main`, head)
    await store.update(() => ({
      config: new Map([
        [`remote.${name}.pushurl`, '/srv/second'],
        [`branch.of-${name}.upstream`, `refs/remotes/${name}/main`],
      ]),
      operation: { name: 'x', message: '', author: '' },
    }))
  }
  await store.update(() => ({
    config: new Map([['partial.remote', 'a']]),
    operation: { name: 'x', message: '', author: '' },
  }))
  expect(await fault(renameRemote(store, 'a', 'c'))).toContain('VARVE_NOT_POSSIBLE')
  expect(await fault(renameRemote(store, 'b', 'd'))).toContain('VARVE_REF_NOT_FOUND')
  expect(await fault(renameRemote(store, 'a', 'd/e'))).toContain('VARVE_USAGE')
  await renameRemote(store, 'a', 'new')
  const { refs, config } = await store.manifest()
  expect([...refs.keys()].sort()).toEqual([main, 'refs/remotes/a.b/main', 'refs/remotes/new/main'])
  expect(refs.get('refs/remotes/new/main')).toBe(head)
  expect([...config].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
    ['branch.of-a.b.upstream', 'refs/remotes/a.b/main'],
    ['branch.of-a.upstream', 'refs/remotes/new/main'],
    ['partial.remote', 'new'],
    ['remote.a.b.pushurl', '/srv/second'],
    ['remote.a.b.url', '/srv/a.b'],
    ['remote.c.url', '/srv/c'],
    ['remote.new.pushurl', '/srv/second'],
    ['remote.new.url', '/srv/a'],
  ])
})

test('removing a remote leaves the one whose name goes on after a dot', async () => {
  const store = MemoryStore.create()
  for (const name of ['a', 'a.b']) await addRemote(store, name, `/srv/${name}`)
  await removeRemote(store, 'a')
  expect(listRemotes(await store.manifest())).toEqual([{ name: 'a.b', url: '/srv/a.b' }])
})
