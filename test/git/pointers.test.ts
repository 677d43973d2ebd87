// Imports of repositories in which Git LFS or DVC keep the contents: the folders are laid out as those tools do.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readFile } from '../../src/files/read.ts'
import { dvcOuts } from '../../src/git/contents/dvc-file.ts'
import { lfsPointer } from '../../src/git/contents/lfs.ts'
import { type ImportGitOptions, type ImportGitReport, importGit } from '../../src/git/import.ts'
import { Tree } from '../../src/files/tree.ts'
import { readCommit } from '../../src/history/commit.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { temporaryDir } from '../support/temporary.ts'
import { codeOf } from '../support/fault.ts'
import { GitRepository } from './git-repository.ts'

const made: GitRepository[] = []
afterEach(() => {
  for (const repository of made.splice(0)) repository.remove()
})

function repository(): GitRepository {
  const created = GitRepository.create()
  made.push(created)
  return created
}

const big = (seed: string): string => `${seed}\n${'0123456789,abcdef\n'.repeat(40_000)}`

function store(git: GitRepository, place: string, content: string): void {
  const file = path.join(git.dir, place)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, content)
}

function digest(algorithm: string, content: string): string {
  return createHash(algorithm).update(content).digest('hex')
}

/** Puts the content into LFS's store and gives the pointer. */
function lfs(git: GitRepository, content: string): string {
  const oid = digest('sha256', content)
  store(git, `.git/lfs/objects/${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`, content)
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`
}

function dvcPut(git: GitRepository, content: string, suffix = '', layout = 'files/md5/'): string {
  const md5 = digest('md5', content)
  store(git, `.dvc/cache/${layout}${md5.slice(0, 2)}/${md5.slice(2)}${suffix}`, content)
  return md5 + suffix
}

const out = (md5: string, name: string): string =>
  `outs:\n- md5: ${md5}\n  size: 1\n  hash: md5\n  path: ${name}\n`

/** A folder's list, and the .dvc file for it. */
function dvcFolder(git: GitRepository, name: string, files: Record<string, string>): string {
  const list = Object.entries(files).map(([relpath, content]) => ({ md5: dvcPut(git, content), relpath }))
  return out(dvcPut(git, JSON.stringify(list), '.dir'), name)
}

type Brought = ImportGitReport & { files: Record<string, string>[]; store: MemoryStore }

/** With the files of each commit, newest first. */
async function bring(git: GitRepository, options: Partial<ImportGitOptions> = {}): Promise<Brought> {
  const into = MemoryStore.create()
  const nodes = new NodeStore(into)
  const report = await importGit({ store: into, nodes }, git.dir, { branch: 'main', ...options })
  const states: Record<string, string>[] = []
  for (let at = report.head; at !== null && at !== undefined;) {
    const commit = await readCommit(into, at)
    const files: Record<string, string> = {}
    for await (const batch of (await Tree.load(nodes, commit.tree)).scan()) {
      for (const { path: name, entry } of batch) {
        if (entry.kind !== 'file') continue
        let text = ''
        for await (const part of readFile(nodes, entry)) text += Buffer.from(part).toString()
        files[name] = text
      }
    }
    states.push(files)
    at = commit.parents[0] ?? null
  }
  return { ...report, files: states, store: into } as unknown as Brought
}

test('pointers of Git LFS come in as their contents where that is asked for', async () => {
  const git = repository()
  const pointer = lfs(git, big('one'))
  git.write('big.csv', pointer)
  git.write('small.txt', 'small')
  git.commit('first')
  git.write('big.csv', lfs(git, big('two')))
  git.commit('second')
  const plain = await bring(git)
  expect([plain.pointers, plain.files[1]!['big.csv']]).toEqual([2, pointer])
  const followed = await bring(git, { follow: ['lfs'] })
  expect(followed.pointers).toBe(0)
  expect(followed.files.map((files) => files['big.csv'] === big('two'))).toEqual([true, false])
  expect(followed.files[1]!['big.csv'] === big('one')).toBe(true)
  expect(followed.files[0]!['small.txt']).toBe('small')
  expect(followed.head).not.toBe(plain.head)
  expect((await bring(git, { follow: ['lfs'] })).head).toBe(followed.head)
})

test('an import that goes on knows what was chosen before', async () => {
  const git = repository()
  git.write('big.csv', lfs(git, big('one')))
  git.commit('first')
  const { store: into } = await bring(git, { follow: ['lfs'] })
  git.write('big.csv', lfs(git, big('two')))
  git.commit('second')
  const repo = { store: into, nodes: new NodeStore(into) }
  expect((await importGit(repo, git.dir, { branch: 'main', follow: ['lfs'] })).commits).toBe(1)
  // The same commits with their pointers are another history.
  expect(await codeOf(importGit(repo, git.dir, { branch: 'main' }))).toBe('VARVE_REFUSED')
})

test('contents that are missing or damaged stop the import, unless missing ones may be', async () => {
  const git = repository()
  const pointer = lfs(git, big('one'))
  git.write('big.csv', pointer)
  git.commit('first')
  const folder = path.join(git.dir, '.git/lfs/objects')
  const file = path.join(folder, fs.readdirSync(folder, { recursive: true }).map(String).at(-1)!)
  fs.writeFileSync(file, big('other'))
  await expect(bring(git, { follow: ['lfs'] })).rejects.toMatchObject({
    code: 'VARVE_CORRUPT',
    hint: "remove that file, then run 'git lfs fetch --all' there",
  })
  fs.rmSync(folder, { recursive: true })
  expect(await codeOf(bring(git, { follow: ['lfs'] }))).toBe('VARVE_NOT_POSSIBLE')
  const left = await bring(git, { follow: ['lfs'], allowMissing: true })
  expect([left.pointers, left.files[0]!['big.csv']]).toEqual([1, pointer])
})

test('.dvc files come in as the files and folders that they stand for, version by version', async () => {
  const git = repository()
  git.write('.gitignore', '.dvc/cache\n')
  git.write('data/people.csv.dvc', out(dvcPut(git, 'id\n1\n'), 'people.csv'))
  git.write('data/images.dvc', dvcFolder(git, 'images', { 'a.txt': 'a', 'deep/b.txt': 'b' }))
  git.commit('first')
  // A folder that loses, changes and gains files; a file as DVC 2 kept it; a .dvc file that goes.
  git.write('data/images.dvc', dvcFolder(git, 'images', { 'deep/b.txt': 'b2', 'c.txt': 'c' }))
  git.commit('second')
  fs.rmSync(path.join(git.dir, 'data/people.csv.dvc'))
  const old = dvcPut(git, 'x\n', '', '')
  git.write('old.txt.dvc', `wdir: sub\nouts:\n- md5: ${old}\n  path: ./old.txt\n`)
  git.commit('third')
  expect((await bring(git)).pointers).toBe(4)
  const { files, pointers } = await bring(git, { follow: ['dvc'] })
  const ignored = { '.gitignore': '.dvc/cache\n' }
  expect(pointers).toBe(0)
  expect(files).toEqual([
    { ...ignored, 'data/images/c.txt': 'c', 'data/images/deep/b.txt': 'b2', 'sub/old.txt': 'x\n' },
    { ...ignored, 'data/images/c.txt': 'c', 'data/images/deep/b.txt': 'b2', 'data/people.csv': 'id\n1\n' },
    { ...ignored, 'data/images/a.txt': 'a', 'data/images/deep/b.txt': 'b', 'data/people.csv': 'id\n1\n' },
  ])
})

test("DVC's cache may lie elsewhere, texts may have been hashed without CR, and what is missing is told", async () => {
  const git = repository()
  git.write('.gitignore', '.dvc/cache\nelsewhere\n')
  git.write(
    '.dvc/config',
    '[core]\n    analytics = false\n[\'remote "x"\']\n    url = /x\n[cache]\n    dir = ../elsewhere\n',
  )
  const md5 = digest('md5', 'a\nb\n')
  store(git, `elsewhere/${md5.slice(0, 2)}/${md5.slice(2)}`, 'a\r\nb\r\n')
  git.write('a.txt.dvc', out(md5, 'a.txt'))
  git.commit('first')
  expect((await bring(git, { follow: ['dvc'] })).files[0]!['a.txt']).toBe('a\r\nb\r\n')
  git.write('b.txt.dvc', out('0'.repeat(32), 'b.txt'))
  git.write('c.dvc', out(`${'0'.repeat(32)}.dir`, 'c'))
  git.commit('second')
  expect(await codeOf(bring(git, { follow: ['dvc'] }))).toBe('VARVE_NOT_POSSIBLE')
  const { files, pointers } = await bring(git, { follow: ['dvc'], allowMissing: true })
  expect(pointers).toBe(2)
  expect(Object.keys(files[0]!).sort()).toEqual(['.dvc/config', '.gitignore', 'a.txt', 'b.txt.dvc', 'c.dvc'])
})

test('a dvc.lock brings in what stages made, from a cache or a folder that is a remote, also below the root', async () => {
  const git = repository()
  const kept = temporaryDir()
  const put = (content: string, suffix = ''): string => {
    const md5 = digest('md5', content)
    const file = path.join(kept, 'files/md5', md5.slice(0, 2), md5.slice(2) + suffix)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, content)
    return md5 + suffix
  }
  const lock = (model: string, plots: string): string =>
    `schema: '2.0'\nstages:\n  train@a:\n    cmd: python x.py\n    deps:\n    - path: x.py\n      md5: ${'1'.repeat(32)}\n    outs:\n` +
    `    - path: model.bin\n      hash: md5\n      md5: ${model}\n    - path: ../plots\n      md5: ${plots}\n` +
    `    - path: metrics.json\n      md5: ${'2a'.repeat(16)}\n  empty:\n    cmd: 'true'\n`
  git.write('.gitignore', 'cache\n')
  git.write('sub/.dvc/config', `[core]\n    remote = local\n['remote "local"']\n    url = ${kept}\n`)
  git.write('sub/dvc.yaml', 'stages:\n  train:\n    wdir: job\n    foreach: [a]\n')
  git.write('sub/job/metrics.json', '{}')
  const list = JSON.stringify([{ md5: put('<svg/>'), relpath: 'a.svg' }])
  const first = lock(put('one'), put(list, '.dir'))
  git.write('sub/dvc.lock', first)
  git.commit('first')
  git.write('sub/dvc.lock', lock(put('two'), put('[]', '.dir')))
  git.commit('second')
  const { files, pointers } = await bring(git, { follow: ['dvc'] })
  expect(pointers).toBe(0)
  const [second, before] = files
  expect(before).toMatchObject({
    'sub/job/model.bin': 'one',
    'sub/plots/a.svg': '<svg/>',
    'sub/job/metrics.json': '{}',
    'sub/dvc.lock': first,
  })
  expect([second!['sub/job/model.bin'], second!['sub/plots/a.svg']]).toEqual(['two', undefined])
  fs.rmSync(path.join(kept, 'files'), { recursive: true })
  expect(await codeOf(bring(git, { follow: ['dvc'] }))).toBe('VARVE_NOT_POSSIBLE')
  const left = await bring(git, { follow: ['dvc'], allowMissing: true })
  expect([left.pointers, left.files[1]!['sub/dvc.lock']]).toEqual([2, first])
})

test('what only looks like settings of DVC is not read', async () => {
  const git = repository()
  git.write('.dvc/config/odd', 'a folder')
  git.write('a.txt.dvc', out(dvcPut(git, 'a\n'), 'a.txt'))
  git.commit('first')
  expect((await bring(git)).pointers).toBe(1)
  expect((await bring(git, { follow: ['dvc'] })).files[0]!['a.txt']).toBe('a\n')
})

test('texts that lead elsewhere, or only look like pointers, are files', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const md5 = 'd'.repeat(32)
  for (const name of ['../x', '/x', 's3://bucket/x', 'a/../../x', '.', 'a\\b'])
    expect(dvcOuts(bytes(out(md5, JSON.stringify(name))))).toBeNull()
  expect(dvcOuts(bytes(`outs:\n- md5: ${md5}\n  path: x\n  cache: false\n`))).toBeNull()
  expect(dvcOuts(bytes('outs: &a\n- *a\n'))).toBeNull()
  expect(dvcOuts(bytes('outs:\n- md5: ../../etc\n  path: x\n'))).toBeNull()
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'e'.repeat(64)}\nsize 1\n`
  expect(lfsPointer(bytes(pointer))).toBe('e'.repeat(64))
  expect(lfsPointer(bytes(pointer.replace('e'.repeat(64), '../../x')))).toBeNull()
  expect(lfsPointer(bytes(`x${pointer}`))).toBeNull()
})
