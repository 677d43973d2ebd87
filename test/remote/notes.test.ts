// Notes on their way: pushed when asked, fetched beside our own, merged without losing what either side wrote.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type OpenOptions, Repository, mirror } from '../../src/index.ts'
import { collect } from '../../src/base/iterables.ts'
import { notesRef } from '../../src/history/refs.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { type Serving, serve } from '../server/serving.ts'
import { bareGit, environment as gitEnvironment } from '../support/git-host.ts'
import { startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import { temporaryDir } from '../support/temporary.ts'
import { setRef } from './history.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const tracking = 'refs/notes/origin/commits'
const open: Repository[] = []
let ada: Repository
let hub: string
let ids: string[]

beforeEach(async () => {
  ada = await started()
  hub = path.join(temporaryDir(), 'hub')
  ids = [await commit(ada, 'one'), await commit(ada, 'two'), await commit(ada, 'three')]
})

afterEach(async () => {
  for (const repo of open.splice(0)) await repo.close()
})

async function started(options: OpenOptions = {}): Promise<Repository> {
  const repo = await Repository.init(temporaryDir(), { author, ...options })
  open.push(repo)
  return repo
}

async function commit(repo: Repository, text: string): Promise<string> {
  await writeFile(path.join(repo.root!, 'a'), `${text}\n`)
  await repo.add(['a'])
  return (await repo.commit({ message: text })).id
}

async function clone(url: string, options: Parameters<typeof Repository.clone>[2] = {}): Promise<Repository> {
  const repo = await Repository.clone(url, path.join(temporaryDir(), 'clone'), { author, ...options })
  open.push(repo)
  return repo
}

async function publish(url: string): Promise<void> {
  await ada.addRemote('origin', url)
  await ada.push('origin', [], { notes: true, setUpstream: true })
}

async function notesOf(repo: Repository): Promise<(string | null)[]> {
  return Promise.all(ids.map((id) => repo.notes.get(id)))
}

/** The life of notes between two people, whatever lies between them. */
async function exchange(url: string, options: OpenOptions = {}): Promise<void> {
  await ada.notes.add('seen', { revision: ids[0]! })
  await publish(url)
  const bob = await clone(url, options)
  expect(await notesOf(bob)).toEqual(['seen', null, null])
  await bob.notes.append('by Bob', { revision: ids[0]! })
  await bob.notes.add('Bob alone', { revision: ids[1]! })
  const { updates } = await bob.push('origin', [notesRef])
  expect(updates.map(({ ref, forced }) => [ref, forced])).toEqual([[notesRef, false]])
  await ada.notes.append('by Ada', { revision: ids[0]! })
  await expect(ada.push('origin', [notesRef])).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
    hint: expect.stringContaining("'varve notes merge'"),
  })
  await ada.fetch('origin')
  expect(await notesOf(ada)).toEqual(['seen\n\nby Ada', null, null])
  expect(await ada.notes.merge()).toEqual({ kind: 'merge', from: tracking, combined: [ids[0]] })
  expect(await notesOf(ada)).toEqual(['seen\n\nby Ada\n\nby Bob', 'Bob alone', null])
  await ada.push('origin', [notesRef])
  await bob.fetch()
  expect(await bob.notes.merge('origin')).toMatchObject({ kind: 'fast-forward', combined: [] })
  expect(await notesOf(bob)).toEqual(await notesOf(ada))
  expect(await bob.notes.merge()).toMatchObject({ kind: 'up-to-date' })
  expect((await bob.fsck()).problems).toEqual([])
}

test('between folders', () => exchange(hub))

test('through a server', async () => {
  const serving = await serve()
  const environment = { VARVE_TOKEN: serving.admin }
  await ada.close()
  open.splice(0)
  ada = await Repository.open(ada.root!, { author, environment })
  open.push(ada)
  await exchange(`${serving.url}/prices`, { environment })
})

test('through a Git host', async () => {
  ada = await Repository.open(ada.root!, { author, environment: gitEnvironment })
  open.push(ada)
  await exchange(bareGit().url, { environment: gitEnvironment })
})

test('through an object store', async () => {
  const s3 = await startMemoryS3()
  const environment = { ...testEnvironment, AWS_ENDPOINT_URL: s3.endpoint }
  ada = await Repository.open(ada.root!, { author, environment })
  open.push(ada)
  await exchange('s3://bucket/prices', { environment })
})

test('a push of branches takes no notes along, and notes become no branch', async () => {
  await ada.notes.add('mine')
  await ada.addRemote('origin', hub)
  await ada.push('origin', [], { all: true, tags: true })
  expect(await (await clone(hub)).notes.get()).toBeNull()
  for (const spec of [`${notesRef}:main`, `main:${notesRef}`, `${ids[0]}:${notesRef}`])
    await expect(ada.push('origin', [spec])).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  expect((await ada.push('origin', [], { notes: true })).updates.map(({ ref }) => ref)).toEqual([notesRef])
  await ada.push('origin', [notesRef], { delete: true })
  expect(await (await clone(hub)).notes.get()).toBeNull()
})

test('where both sides changed a note, a strategy may choose one', async () => {
  for (const strategy of ['ours', 'theirs'] as const) {
    const there = `${hub}-${strategy}`
    const repo = await started()
    const id = await commit(repo, strategy)
    await repo.notes.add('base')
    await repo.addRemote('origin', there)
    await repo.push('origin', [], { notes: true })
    const other = await clone(there)
    await other.notes.add('theirs', { force: true })
    await other.push('origin', [notesRef])
    await repo.notes.add('ours', { force: true })
    await repo.fetch('origin')
    expect(await repo.notes.merge('origin', { strategy })).toMatchObject({ combined: [id] })
    expect(await repo.notes.get()).toBe(strategy)
  }
})

test('a note that one side took away and the other changed stays', async () => {
  await ada.notes.add('base', { revision: ids[0]! })
  await ada.notes.add('to go', { revision: ids[1]! })
  await publish(hub)
  const bob = await clone(hub)
  await bob.notes.remove([ids[0]!, ids[1]!])
  await bob.push('origin', [notesRef])
  await ada.notes.append('changed', { revision: ids[0]! })
  await ada.fetch()
  await ada.notes.merge()
  expect(await notesOf(ada)).toEqual(['base\n\nchanged', null, null])
})

test('what others pushed and is no note keeps nobody from reading the log, nor from merging', async () => {
  const evil = await started()
  await writeFile(path.join(evil.root!, ids[0]!), 'x'.repeat((1 << 20) + 1))
  await writeFile(path.join(evil.root!, 'no-id'), 'odd')
  await evil.add(['.'])
  await evil.commit({ message: 'Notes' })
  await publish(hub)
  const store = await DiskStore.open(hub)
  await evil.addRemote('hub', hub)
  await evil.push('hub', ['main:evil'])
  await setRef(store, notesRef, (await store.manifest()).refs.get('refs/heads/evil')!)
  await store.close()
  const bob = await clone(hub)
  expect((await collect(bob.log({ notes: true }))).at(-1)!.note).toMatch(/^\(too long for a note: /)
  await ada.notes.add('mine', { revision: ids[0]! })
  await ada.fetch()
  await ada.notes.merge()
  expect(await ada.notes.get(ids[0]!)).toBe('mine')
})

test('a mirror takes notes, and loses them with its source', async () => {
  await ada.notes.add('seen', { revision: ids[0]! })
  await collect(mirror(ada.root!, hub))
  expect(await notesOf(await clone(hub))).toEqual(['seen', null, null])
  await publish(`${hub}-2`)
  await ada.push('origin', [notesRef], { delete: true })
  await collect(mirror(`${hub}-2`, hub))
  expect(await notesOf(await clone(hub))).toEqual([null, null, null])
})

test('a bundle holds them where they are named, or everything is', async () => {
  await ada.notes.add('seen', { revision: ids[0]! })
  const file = path.join(temporaryDir(), 'all.bundle')
  await ada.createBundle(file, { all: true })
  expect(await notesOf(await clone(file))).toEqual(['seen', null, null])
  const named = path.join(temporaryDir(), 'named.bundle')
  await ada.createBundle(named, { revisions: ['main', notesRef] })
  expect(await notesOf(await clone(named))).toEqual(['seen', null, null])
})

test('shallow and partial clones have notes, and exchange them', async () => {
  await ada.notes.add('first', { revision: ids[2]! })
  await ada.notes.append('second', { revision: ids[2]! })
  await publish(hub)
  for (const options of [{ depth: 1 }, { lazy: true }, { filter: ['b'] }]) {
    const bob = await clone(hub, options)
    const before = (await ada.notes.get(ids[2]!))!
    expect(await bob.notes.get()).toBe(before)
    await bob.notes.append(JSON.stringify(options))
    await bob.push('origin', [notesRef])
    expect((await bob.fsck()).problems).toEqual([])
    await bob.gc({ graceMs: 0, manifestsKeptMax: 1 })
    await ada.fetch()
    await ada.notes.merge()
    expect(await ada.notes.get(ids[2]!)).toBe(`${before}\n\n${JSON.stringify(options)}`)
  }
})

test('what is known of a remote goes with its name, stays after undo, and is pruned', async () => {
  await ada.notes.add('seen')
  await publish(hub)
  const seen = async (name: string): Promise<boolean> =>
    (await ada.revisionInfo(`refs/notes/${name}/commits`).catch(() => null)) !== null
  expect(await seen('origin')).toBe(true)
  await ada.renameRemote('origin', 'hub')
  expect([await seen('origin'), await seen('hub')]).toEqual([false, true])
  await ada.undo()
  expect(await seen('hub')).toBe(true)
  const other = await clone(hub)
  await other.push('origin', [notesRef], { delete: true })
  await ada.fetch('hub', { prune: true })
  expect(await seen('hub')).toBe(false)
  await expect(ada.notes.merge('hub')).rejects.toMatchObject({ code: 'VARVE_REF_NOT_FOUND' })
})

test('who may move no branch but their own moves no notes, and protected ones only move forward', async () => {
  const serving: Serving = await serve()
  await serving.repository('prices')
  const as = async (environment: Record<string, string>): Promise<Repository> => {
    const repo = await Repository.open(ada.root!, { author, environment })
    open.push(repo)
    return repo
  }
  await ada.notes.add('one')
  await ada.addRemote('origin', `${serving.url}/prices`)
  const narrow = await as({ VARVE_TOKEN: await serving.token({ scope: 'write', branches: 'main' }) })
  await expect(narrow.push('origin', ['main', notesRef])).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  await narrow.push('origin', ['main'])
  const wide = await as({ VARVE_TOKEN: serving.admin })
  await wide.push('origin', [notesRef])
  await serving.call('/v1/repos/prices/protections', {
    method: 'PUT',
    token: serving.admin,
    body: { branch: '*', protect: 'fast-forward', requireChecks: ['ci'] },
  })
  await ada.notes.append('two')
  await wide.push('origin', [notesRef])
  await ada.undo()
  await expect(wide.push('origin', [notesRef], { force: true })).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
    message: expect.stringContaining('only move forward'),
  })
  await expect(wide.push('origin', [notesRef], { delete: true })).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
  })
})

test('prune takes away the notes of commits that gc has removed', async () => {
  await ada.notes.add('stays', { revision: ids[0]! })
  await ada.notes.add('goes', { revision: ids[2]! })
  await ada.reset('HEAD~1', { mode: 'hard' })
  expect(await ada.notes.prune({ dryRun: true })).toEqual([])
  await ada.gc({ graceMs: 0, manifestsKeptMax: 1 })
  expect(await ada.notes.prune({ dryRun: true })).toEqual([ids[2]])
  expect(await ada.notes.prune()).toEqual([ids[2]])
  expect((await collect(ada.notes.list())).map(({ commit: id }) => id)).toEqual([ids[0]])
})
