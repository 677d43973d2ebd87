import fs from 'node:fs'
import http from 'node:http'
import { spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { deflateSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import type { CommitCid } from '../../src/encoding/cid.ts'
import { readFile } from '../../src/files/read.ts'
import type { TreeEntry } from '../../src/files/interface.ts'
import { pathToBytes } from '../../src/files/path.ts'
import { Tree } from '../../src/files/tree.ts'
import { renderTable } from '../../src/formats/render.ts'
import { walkCommits } from '../../src/history/ancestry.ts'
import { readTag } from '../../src/history/commit.ts'
import type { Commit } from '../../src/history/interface.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { parseGitCommit } from '../../src/git/git-objects.ts'
import { withoutUser } from '../../src/git/git-source.ts'
import { type ImportGitOptions, type ImportGitReport, importGit } from '../../src/git/import.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { loadTable } from '../../src/table/table-object.ts'
import { commitOn, problemsOf, refOf } from '../remote/history.ts'
import { GitRepository } from './git-repository.ts'

const made: GitRepository[] = []
afterEach(() => {
  for (const repository of made.splice(0)) repository.remove()
})

function repository(options: readonly string[] = []): GitRepository {
  const created = GitRepository.create(options)
  made.push(created)
  return created
}

async function bring(
  store: MemoryStore,
  source: string,
  options: Partial<ImportGitOptions> = {},
): Promise<ImportGitReport> {
  return importGit({ store, nodes: new NodeStore(store) }, source, { branch: 'main', ...options })
}

async function historyOf(store: MemoryStore, tip: CommitCid | null): Promise<Commit[]> {
  const commits: Commit[] = []
  if (tip !== null) for await (const commit of walkCommits(store, [tip])) commits.push(commit)
  return commits
}

async function bytesOf(store: MemoryStore, entry: TreeEntry): Promise<Buffer> {
  if (entry.kind === 'symlink') return Buffer.from(entry.target)
  const nodes = new NodeStore(store)
  const parts: Uint8Array[] = []
  if (entry.kind === 'table') {
    for await (const part of renderTable(nodes, await loadTable(store, entry.table))) parts.push(part.slice())
  } else {
    for await (const part of readFile(nodes, entry)) parts.push(part.slice())
  }
  return Buffer.concat(parts)
}

/** 'mode path content' of every file, as both sides have it. */
async function listOurs(store: MemoryStore, commit: Commit): Promise<string[]> {
  const lines: string[] = []
  for await (const batch of (await Tree.load(new NodeStore(store), commit.tree)).scan()) {
    for (const { path, entry } of batch) {
      const mode = entry.kind === 'symlink' ? '120000' : entry.executable ? '100755' : '100644'
      const name = Buffer.from(pathToBytes(path)).toString('latin1')
      lines.push(`${mode} ${name} ${(await bytesOf(store, entry)).toString('latin1')}`)
    }
  }
  return lines.sort()
}

function listGits(git: GitRepository, oid: string): string[] {
  const lines = git.gitWith({}, 'ls-tree', '-r', '-z', oid).toString('latin1').split('\0').filter(Boolean)
  const files = lines
    .map((line) => /^(\d+) (\w+) (\w+)\t(.*)$/s.exec(line)!)
    .filter(([, , type]) => type === 'blob')
  return files
    .map(
      ([, mode, , blob, name]) =>
        `${mode} ${name} ${git.gitWith({}, 'cat-file', 'blob', blob!).toString('latin1')}`,
    )
    .sort()
}

/** Every commit of ours says what git says: trees, bytes, modes, people, dates, zones, message, parents. */
async function expectSame(store: MemoryStore, git: GitRepository, tip: CommitCid | null): Promise<void> {
  const ours = await historyOf(store, tip)
  const oidOf = new Map(ours.map((commit) => [commit.cid, String(commit.extra['git'])]))
  expect(ours.map((commit) => oidOf.get(commit.cid)!).sort()).toEqual(
    git.git('rev-list', 'HEAD').trim().split('\n').sort(),
  )
  for (const commit of ours) {
    const oid = oidOf.get(commit.cid)!
    const format = '%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B'
    const [parents, ...facts] = git
      .git('show', '-s', '--date=raw', `--format=${format}`, oid)
      .replace(/\n$/, '')
      .split('\0')
    expect(commit.parents.map((parent) => oidOf.get(parent)).join(' ')).toBe(parents)
    const { author, committer } = commit
    expect([
      author.name,
      author.email,
      raw(author),
      committer.name,
      committer.email,
      raw(committer),
      commit.message,
    ]).toEqual(facts)
    expect(await listOurs(store, commit)).toEqual(listGits(git, oid))
  }
  expect(await problemsOf(store)).toEqual([])
}

function raw({ timeMs, zoneMinutes }: { timeMs: number; zoneMinutes: number }): string {
  const zone = Math.abs(zoneMinutes)
  const digits = `${Math.floor(zone / 60)}`.padStart(2, '0') + `${zone % 60}`.padStart(2, '0')
  return `${timeMs / 1000} ${zoneMinutes < 0 ? '-' : '+'}${digits}`
}

function eventful(): GitRepository {
  const git = repository()
  git.write('a.txt', 'one\n')
  git.write('dir/deep/b.txt', 'two\n')
  git.write('run.sh', '#!/bin/sh\n', 0o755)
  fs.symlinkSync('a.txt', `${git.dir}/link`)
  git.write(Buffer.from([0x66, 0xff, 0xe9, 0x2e, 0x74]), 'a name that is not UTF-8')
  git.write('bild ä.txt', 'ümläut')
  git.write('big.bin', Buffer.alloc(300_000, 'varve'))
  git.commit('Begin\n\nWith a body, ünïcödé\nand lines.')
  git.git('checkout', '-q', '-b', 'side')
  git.git('mv', 'dir/deep/b.txt', 'moved.txt')
  git.write('run.sh', '#!/bin/sh\n', 0o644)
  git.commit('Move')
  git.git('checkout', '-q', 'main')
  git.write('a.txt', 'one more\n')
  git.commit('Edit')
  git.git('rm', '-q', 'link')
  git.write('link/now-a-folder', 'x')
  git.commit('Replace the link with a folder')
  git.commit('Change nothing')
  git.git('merge', '-q', '--no-ff', '-m', 'Merge side', 'side')
  git.git('tag', '-a', 'v1', '-m', 'First release')
  git.git('tag', 'light', 'side')
  return git
}

test('history, people, dates, modes, links, renames and merges come through as git has them', async () => {
  const [git, store] = [eventful(), MemoryStore.create()]
  const report = await bring(store, git.dir)
  expect(report).toMatchObject({ commits: 6, skipped: 0, tags: 2 })
  expect(await refOf(store, 'refs/heads/main')).toBe(report.head)
  await expectSame(store, git, report.head)
})

test('annotated tags stay annotated, lightweight ones name the commit', async () => {
  const [git, store] = [eventful(), MemoryStore.create()]
  const { head } = await bring(store, git.dir)
  const tag = await readTag(store, (await refOf(store, 'refs/tags/v1'))!)
  expect(tag).toMatchObject({
    name: 'v1',
    target: head,
    message: 'First release\n',
    tagger: { name: 'Charles Babbage' },
  })
  const light = (await historyOf(store, head)).find((commit) => commit.extra['git'] === git.head('side'))
  expect(await refOf(store, 'refs/tags/light')).toBe(light!.cid)
})

test('packed repositories, bare ones and linked worktrees give the same commits', async () => {
  const git = eventful()
  const tips: unknown[] = []
  tips.push((await bring(MemoryStore.create(), git.dir)).head)
  git.git('gc', '-q', '--aggressive')
  git.git('pack-refs', '--all')
  tips.push((await bring(MemoryStore.create(), `${git.dir}/.git`)).head)
  const bare = new GitRepository(`${git.dir}-bare`)
  made.push(bare)
  git.git('clone', '-q', '--bare', '--no-local', git.dir, bare.dir)
  tips.push((await bring(MemoryStore.create(), bare.dir)).head)
  const linked = new GitRepository(`${git.dir}-linked`)
  made.push(linked)
  git.git('worktree', 'add', '-q', '-b', 'other', linked.dir, 'HEAD')
  tips.push((await bring(MemoryStore.create(), linked.dir)).head)
  expect(new Set(tips).size).toBe(1)
})

test('importing again brings only what is new, and nothing when nothing is', async () => {
  const [git, store] = [eventful(), MemoryStore.create()]
  const first = await bring(store, git.dir)
  const { sequence } = await store.manifest()
  expect(await bring(store, git.dir)).toMatchObject({ commits: 0, files: 0, head: first.head })
  expect((await store.manifest()).sequence).toBe(sequence)
  git.write('new.txt', 'new')
  git.commit('Add one')
  const second = await bring(store, git.dir)
  expect(second).toMatchObject({ commits: 1, files: 1 })
  await expectSame(store, git, second.head)
})

test('a path filter keeps its files, and the commits that touch them', async () => {
  const [git, store] = [repository(), MemoryStore.create()]
  git.write('code.c', 'int main;')
  git.commit('Code')
  git.write('data/a.csv', 'id\n1\n')
  git.commit('Data')
  git.write('code.c', 'int main();')
  git.commit('More code')
  git.git('checkout', '-q', '-b', 'side')
  git.write('code.h', 'x')
  git.commit('Header')
  git.git('checkout', '-q', 'main')
  git.write('data/a.csv', 'id\n1\n2\n')
  git.commit('More data')
  git.git('merge', '-q', '--no-ff', '-m', 'Merge code', 'side')
  const { head, commits } = await bring(store, git.dir, { paths: ['data/'] })
  const ours = await historyOf(store, head)
  expect(ours.map((commit) => commit.message)).toEqual(['More data\n', 'Data\n'])
  expect(commits).toBe(2)
  expect(await listOurs(store, ours[0]!)).toEqual(['100644 data/a.csv id\n1\n2\n'])
  expect(await bring(store, git.dir, { paths: ['data'] })).toMatchObject({ commits: 0, head })
})

test('submodules and names that are traps elsewhere are counted, not brought in', async () => {
  const [git, store] = [repository(), MemoryStore.create()]
  git.write('good', '1')
  git.write('back\\slash', '2')
  git.write('a/.varve/format', '3')
  git.commit('Files')
  git.git('update-index', '--add', '--cacheinfo', `160000,${git.head()},module`)
  git.git('commit', '-q', '-m', 'Submodule')
  const report = await bring(store, git.dir)
  expect(report.skipped).toBe(3)
  expect([...report.skippedPaths.keys()].sort()).toEqual(['a/.varve/format', 'back\\slash', 'module'])
  const [last] = await historyOf(store, report.head)
  expect(await listOurs(store, last!)).toEqual(['100644 good 1'])
})

test('what varve.yaml tracks comes in as tables, from the commit on that says so, byte for byte', async () => {
  const [git, store] = [repository(), MemoryStore.create()]
  git.write('people.csv', 'id,name\n1,Ada\n2,Bob\n')
  git.write('notes.txt', 'plain')
  git.commit('Before')
  git.write('varve.yaml', 'tables:\n  people.csv:\n    key: id\n')
  git.commit('Track')
  git.write('people.csv', 'id,name\n1,Ada L.\n2,"Bob"\n')
  git.commit('Edit')
  git.write('people.csv', 'id,name\n1,x\n1,y\n')
  git.commit('Break the key')
  const { head } = await bring(store, git.dir)
  const kinds: unknown[] = []
  for (const commit of await historyOf(store, head)) {
    const entry = await (await Tree.load(new NodeStore(store), commit.tree)).get('people.csv')
    kinds.push(entry?.kind)
  }
  expect(kinds).toEqual(['file', 'table', 'table', 'file'])
  await expectSame(store, git, head)
})

test('a branch with commits of its own is not overwritten, and a fast one stays where it is', async () => {
  const [git, store] = [eventful(), MemoryStore.create()]
  await bring(store, git.dir)
  const mine = await commitOn(store, 'refs/heads/main', { files: { mine: '1' } })
  expect(await bring(store, git.dir)).toMatchObject({ commits: 0, head: mine })
  git.write('theirs', '1')
  git.commit('Theirs')
  await expect(bring(store, git.dir)).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  expect(await refOf(store, 'refs/heads/main')).toBe(mine)
})

test('old encodings, odd dates and empty messages come through', async () => {
  const [git, store] = [repository(), MemoryStore.create()]
  git.write('a', '1')
  git.commit('x')
  const latin = Buffer.concat([
    Buffer.from(
      `tree ${git.head('HEAD^{tree}')}\nparent ${git.head()}\nauthor J\xf6rg <j@x> 1 -1234\n`,
      'latin1',
    ),
    Buffer.from(
      'committer  <> 99999999999 +1400\nencoding ISO-8859-1\ngpgsig -----BEGIN\n more\n\nGr\xfc\xdfe',
      'latin1',
    ),
  ])
  fs.writeFileSync(`${git.dir}/raw`, latin)
  const oid = git.git('hash-object', '-t', 'commit', '-w', '--literally', 'raw').trim()
  git.git('update-ref', 'refs/heads/main', oid)
  const [commit] = await historyOf(store, (await bring(store, git.dir)).head)
  expect(commit).toMatchObject({
    message: 'Grüße',
    author: { name: 'Jörg', email: 'j@x', timeMs: 1000, zoneMinutes: -754 },
    committer: { name: '', email: '', timeMs: 99_999_999_999_000, zoneMinutes: 840 },
  })
})

test('a signature is read at once, however many brackets it has', () => {
  const commitOf = (author: string): { author: { name: string; email: string; timeMs: number } } =>
    parseGitCommit('x', Buffer.from(`tree t\nauthor ${author}\ncommitter A <a> 1 +0000\n\nm`, 'latin1'))
  const start = performance.now()
  const many = '<'.repeat(1 << 20)
  expect(commitOf(many).author).toMatchObject({ name: many, email: '', timeMs: 0 })
  expect(performance.now() - start).toBeLessThan(5_000)
  expect(commitOf('A <b <c@d> 5 +0000').author).toMatchObject({ name: 'A', email: 'b <c@d', timeMs: 5000 })
  expect(commitOf('A <a@b>').author).toMatchObject({ name: 'A', email: 'a@b', timeMs: 0 })
  expect(commitOf('A').author).toMatchObject({ name: 'A', email: '' })
})

test('a password is not repeated, whatever is in it', () => {
  expect(withoutUser('https://ada:p@ss:w@example.org/x.git')).toBe('https://example.org/x.git')
  expect(withoutUser('https://example.org/x@y.git')).toBe('https://example.org/x@y.git')
})

async function faultOf(source: string, options: Partial<ImportGitOptions> = {}): Promise<string> {
  const store = MemoryStore.create()
  try {
    await bring(store, source, options)
  } catch (error) {
    expect((await store.manifest()).sequence).toBe(1)
    return isVarveError(error) ? `${error.code}: ${error.message}` : String(error)
  }
  return 'no error'
}

test('repositories that cannot be read whole are refused in plain words', async () => {
  const git = eventful()
  const shallow = new GitRepository(`${git.dir}-shallow`)
  made.push(shallow)
  git.git('clone', '-q', '--depth', '1', `file://${git.dir}`, shallow.dir)
  expect(await faultOf(shallow.dir)).toContain('shallow')
  const shared = new GitRepository(`${git.dir}-shared`)
  made.push(shared)
  git.git('clone', '-q', '--shared', git.dir, shared.dir)
  expect(await faultOf(shared.dir)).toContain('borrows')
  expect(await faultOf(repository(['--object-format=sha256']).dir)).toContain('SHA-256')
  expect(await faultOf('/no/such/folder')).toContain('VARVE_UNREACHABLE: no Git repository')
  expect(await faultOf('git@example.org:a/b.git')).toContain('VARVE_UNREACHABLE')
  expect(await faultOf('ssh://user:secret@example.org/a')).not.toContain('secret')
  expect(await faultOf(repository().dir)).toContain('VARVE_REF_NOT_FOUND')
  expect(await faultOf(git.dir, { revision: 'gone' })).toContain('VARVE_REF_NOT_FOUND')
  expect(await faultOf(git.dir, { paths: ['/'] })).toContain('VARVE_USAGE')
})

test('an object that is missing stops the import, and nothing has changed', async () => {
  const git = eventful()
  const blob = git.head('HEAD:a.txt')
  fs.rmSync(`${git.dir}/.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`)
  expect(await faultOf(git.dir)).toContain(`VARVE_OBJECT_MISSING: Git object '${blob}' is missing`)
})

test.each([
  ['says another length', (body: Buffer) => deflateSync(Buffer.concat([Buffer.from('blob 1\0'), body]))],
  ['is another', (body: Buffer) => deflateSync(Buffer.concat([Buffer.from(`blob ${body.length}\0`), body]))],
  ['is cut short', (body: Buffer) => deflateSync(body).subarray(0, 20)],
])('an object that %s stops the import in plain words', async (_, spoiled) => {
  const git = eventful()
  const blob = git.head('HEAD:a.txt')
  const place = `${git.dir}/.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`
  fs.chmodSync(place, 0o644)
  fs.writeFileSync(place, spoiled(Buffer.from('something else than it was')))
  const fault = await faultOf(git.dir)
  expect(fault).toContain(`VARVE_CORRUPT: Git object '${blob}' is damaged: `)
  expect(fault).not.toContain('isomorphic-git')
})

test('a repository behind an http URL is fetched and imported', async () => {
  const [git, store] = [eventful(), MemoryStore.create()]
  const server = serveGit(`${git.dir}/.git`)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as { port: number }
    const { head } = await bring(store, `http://127.0.0.1:${port}/repo`)
    await expectSame(store, git, head)
    const side = await bring(store, `http://127.0.0.1:${port}/repo`, { revision: 'side', branch: 'side' })
    expect(side.commits).toBe(2)
  } finally {
    server.close()
  }
})

/** git's own CGI program behind Node's server. */
function serveGit(gitdir: string): http.Server {
  return http.createServer((request, response) => {
    const [pathname, query] = request.url!.split('?')
    const backend = spawn('git', ['http-backend'], {
      env: {
        ...process.env,
        GIT_PROJECT_ROOT: gitdir,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: pathname!.replace('/repo', ''),
        QUERY_STRING: query ?? '',
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        ...(request.headers['git-protocol'] === undefined
          ? {}
          : { GIT_PROTOCOL: String(request.headers['git-protocol']) }),
      },
    })
    request.pipe(backend.stdin)
    const parts: Buffer[] = []
    backend.stdout.on('data', (part: Buffer) => parts.push(part))
    backend.on('close', () => {
      const all = Buffer.concat(parts)
      const end = all.indexOf('\r\n\r\n')
      for (const line of all.subarray(0, end).toString().split('\r\n')) {
        const [name, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]
        if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
        else response.setHeader(name, value)
      }
      response.end(all.subarray(end + 4))
    })
  })
}

test('a folder is taken by its name, whatever is in it; a file URL is decoded', async () => {
  const git = repository()
  git.write('f', 'x')
  git.commit('One')
  const odd = new GitRepository(`${git.dir} 100%#`)
  made.push(odd)
  fs.cpSync(git.dir, odd.dir, { recursive: true })
  expect((await bring(MemoryStore.create(), odd.dir)).commits).toBe(1)
  expect((await bring(MemoryStore.create(), pathToFileURL(odd.dir).href)).commits).toBe(1)
  expect(await faultOf('file:///tmp/%zz')).toContain('VARVE_UNREACHABLE')
})
