// History written as a Git repository, and judged by git itself: fsck, logs, files and ids.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { Repository } from '../../src/index.ts'
import { Tree } from '../../src/files/tree.ts'
import { exportGit } from '../../src/git/export.ts'
import { openTarget } from '../../src/git/export-target.ts'
import { GitPackWriter } from '../../src/git/git-pack.ts'
import { writeCommit } from '../../src/history/commit.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { temporaryDir } from '../support/temporary.ts'
import { GitRepository } from './git-repository.ts'

const made: GitRepository[] = []
const opened: Repository[] = []
afterEach(async () => {
  for (const repository of opened.splice(0)) await repository.close()
  for (const repository of made.splice(0)) repository.remove()
})

function gitIn(dir: string): GitRepository {
  const git = new GitRepository(dir)
  made.push(git)
  return git
}

function created(): GitRepository {
  const git = GitRepository.create()
  made.push(git)
  return git
}

async function ours(): Promise<{ repo: Repository; dir: string }> {
  const dir = temporaryDir()
  let minutes = 0
  const repo = await Repository.init(dir, {
    author: { name: 'Ada Löve', email: 'ada@example.org' },
    now: () => ({ timeMs: 1_700_000_000_000 + 60_000 * minutes++, zoneMinutes: -210 }),
    environment: { PATH: process.env['PATH'] },
  })
  opened.push(repo)
  return { repo, dir }
}

const fsck = (git: GitRepository): string => git.git('fsck', '--strict', '--no-dangling').trim()
const facts = '%H %T %P|%an|%ae|%at %ad|%cn|%ce|%ct|%B'
const logOf = (git: GitRepository, ...args: string[]): string =>
  git.git('log', '--date=raw', `--format=${facts}`, ...args)

/** A history with everything: tables, folders that become files, links, modes, odd names, merges, tags. */
async function eventful(): Promise<{ repo: Repository; dir: string }> {
  const { repo, dir } = await ours()
  const put = (name: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    fs.writeFileSync(path.join(dir, name), text)
  }
  put('people.csv', 'id;name\r\n2;"Grace"\r\n1;Ada\r\n')
  put('dir/deep/b.txt', 'two\n')
  put('dir.txt', 'sorts before dir/\n')
  put('dir-x', 'sorts between\n')
  put('bild ä.txt', 'ümläut')
  put('empty', '')
  put('big.bin', 'varve'.repeat(600_000))
  put('run.sh', '#!/bin/sh\n')
  fs.chmodSync(path.join(dir, 'run.sh'), 0o755)
  fs.symlinkSync('dir.txt', path.join(dir, 'link'))
  await repo.track('people.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'Begin\n\nWith a body.' })
  await repo.switch('side', { create: true })
  put('people.csv', 'id;name\r\n2;"Grace H."\r\n1;Ada\r\n')
  await repo.commit({ message: 'Rename Grace', all: true })
  await repo.createTag('light')
  await repo.switch('main')
  fs.rmSync(path.join(dir, 'dir'), { recursive: true })
  put('dir', 'a file now\n')
  fs.rmSync(path.join(dir, 'dir-x'))
  put('dir-x/inside', 'a folder now\n')
  await repo.add(['.'])
  await repo.commit({ message: 'Trade places' })
  await repo.merge('side', { message: 'Merge side' })
  await repo.createTag('v1', { message: 'First release' })
  return { repo, dir }
}

function sameFiles(git: GitRepository, dir: string): void {
  for (const name of git.git('ls-files', '-z').split('\0').filter(Boolean)) {
    const [file, other] = [path.join(dir, name), path.join(git.dir, name)]
    const [stat, otherStat] = [fs.lstatSync(file), fs.lstatSync(other)]
    expect([name, otherStat.isSymbolicLink(), otherStat.mode & 0o100]).toEqual([
      name,
      stat.isSymbolicLink(),
      stat.mode & 0o100,
    ])
    if (stat.isSymbolicLink()) expect(fs.readlinkSync(other)).toBe(fs.readlinkSync(file))
    else expect(fs.readFileSync(other).equals(fs.readFileSync(file))).toBe(true)
  }
}

describe('a new repository', () => {
  test('has the commits, people, dates, messages, tags and files, and git finds no fault', async () => {
    const { repo, dir } = await eventful()
    const target = path.join(temporaryDir(), 'out')
    const report = await repo.exportGit(target)
    const git = gitIn(target)
    expect(fsck(git)).toBe('')
    expect([report.commits, report.skipped]).toEqual([4, []])
    expect(report.refs.map(({ ref, state }) => `${ref} ${state}`)).toEqual([
      'refs/heads/main new',
      'refs/tags/light new',
      'refs/tags/v1 new',
    ])
    expect(git.git('status', '--porcelain')).toBe('')
    sameFiles(git, dir)
    expect(git.git('log', '--format=%s', '--topo-order').trim().split('\n')).toEqual([
      'Merge side',
      'Rename Grace',
      'Trade places',
      'Begin',
    ])
    const { timeMs } = (await repo.commitInfo('light')).author
    expect(git.git('log', '-1', '--date=raw', '--format=%an <%ae> %ad %B', 'light').trim()).toBe(
      `Ada Löve <ada@example.org> ${timeMs / 1000} -0330 Rename Grace`,
    )
    expect(git.git('show', 'v1:people.csv')).toBe('id;name\r\n2;"Grace H."\r\n1;Ada\r\n')
    expect(git.git('cat-file', 'tag', 'v1')).toMatch(
      /^object \w+\ntype commit\ntag v1\ntagger Ada [^]*First release\n$/,
    )
  })

  test('again, it gets only what is new; its files follow, and changes there are never written over', async () => {
    const { repo, dir } = await eventful()
    const git = gitIn(path.join(temporaryDir(), 'out'))
    await repo.exportGit(git.dir)
    const again = await repo.exportGit(git.dir)
    expect([again.commits, again.objects, again.refs[0]!.state]).toEqual([0, 0, 'same'])
    fs.writeFileSync(path.join(dir, 'dir'), 'changed here\n')
    await repo.commit({ message: 'Change', all: true })
    fs.writeFileSync(path.join(git.dir, 'dir'), 'changed there\n')
    const head = git.head()
    await expect(repo.exportGit(git.dir)).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    expect([git.head(), fs.readFileSync(path.join(git.dir, 'dir'), 'utf8')]).toEqual([
      head,
      'changed there\n',
    ])
    git.git('checkout', '-q', 'dir')
    const third = await repo.exportGit(git.dir)
    expect([third.refs[0]!.state, git.git('status', '--porcelain')]).toEqual(['moved', ''])
    sameFiles(git, dir)
    // What is kept of earlier exports saves work: what of it cannot be is passed over, and without it all is the same.
    const kept = path.join(git.dir, '.git/varve/exported')
    const lines = fs.readFileSync(kept, 'utf8').trim().split('\n')
    const oids = lines.slice(1).map((line) => line.split(' ')[1]!)
    const turned = lines.slice(1).map((line, i) => `${line.split(' ')[0]!} ${oids.at(-1 - i)!}`)
    fs.writeFileSync(kept, [lines[0], 'no line', ...turned, ''].join('\n'))
    expect((await repo.exportGit(git.dir)).refs[0]!).toMatchObject({ id: git.head(), state: 'same' })
    fs.rmSync(path.join(git.dir, '.git/varve'), { recursive: true })
    const without = await repo.exportGit(git.dir, { all: true })
    expect([without.commits, without.objects, fsck(git)]).toEqual([0, 0, ''])
    expect(without.refs.map(({ state }) => state)).toEqual(['same', 'new', 'same', 'same'])
  })

  test('a bare one takes all branches, and what is not safe is refused before anything is written', async () => {
    const { repo } = await eventful()
    const git = gitIn(path.join(temporaryDir(), 'bare.git'))
    await repo.exportGit(git.dir, { all: true, bare: true })
    expect(git.git('branch', '--list').replaceAll(/[* ]/g, '').trim().split('\n')).toEqual(['main', 'side'])
    expect([fsck(git), git.git('rev-parse', '--is-bare-repository').trim()]).toEqual(['', 'true'])
    const full = temporaryDir()
    fs.writeFileSync(path.join(full, 'mine'), '')
    await expect(repo.exportGit(full)).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    expect(fs.readdirSync(full)).toEqual(['mine'])
    const nowhere = path.join(temporaryDir(), 'none')
    await expect(repo.exportGit(nowhere, { revisions: ['nothing'] })).rejects.toMatchObject({
      code: 'VARVE_REF_NOT_FOUND',
    })
    expect(fs.existsSync(nowhere)).toBe(false)
  })
})

test('what is committed on top in Git comes back as one history, and a list that lies is refused', async () => {
  const { repo, dir } = await eventful()
  const git = gitIn(path.join(temporaryDir(), 'out'))
  await repo.exportGit(git.dir)
  const before = await repo.commitInfo('HEAD')
  git.write('people.csv', 'id;name\r\n2;"Grace H."\r\n1;Ada L.\r\n')
  const top = git.commit('By Git')
  expect(await repo.importGit(git.dir)).toMatchObject({ commits: 1, branch: 'main' })
  expect((await repo.commitInfo('HEAD')).parents).toEqual([before.id])
  const [diff] = await collect(repo.diff({ from: before.id, to: 'HEAD' }))
  expect([diff!.path, diff!.kind]).toEqual(['people.csv', 'table'])
  fs.writeFileSync(path.join(dir, 'dir'), 'on both\n')
  await repo.commit({ message: 'On top', all: true })
  await repo.exportGit(git.dir)
  expect([git.head('HEAD~1'), fsck(git)]).toEqual([top, ''])
  const file = path.join(git.dir, '.git/varve/exported')
  git.write('more', 'x')
  git.commit('More')
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(git.head('HEAD~1'), git.head()))
  await expect(repo.importGit(git.dir)).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
  fs.rmSync(file)
  expect(await repo.exportGit(git.dir, { revisions: ['v1'] })).toMatchObject({ objects: 0 })
})

describe('back to where it came from', () => {
  function simple(): GitRepository {
    const git = created()
    git.write('a.txt', 'one\n')
    git.write('data/people.csv', 'id,name\n1,Ada\n')
    git.write('varve.yaml', 'tables:\n  data/people.csv:\n    key: id\n')
    git.write(Buffer.from([0x66, 0xff, 0x2e, 0x74]), 'a name that is not UTF-8')
    git.write('run.sh', '#!/bin/sh\n', 0o755)
    fs.symlinkSync('a.txt', `${git.dir}/link`)
    git.commit('Begin\n\nWith a body, ünïcödé\nand lines.')
    git.git('checkout', '-q', '-b', 'side')
    git.write('data/people.csv', 'id,name\n1,Ada\n2,Grace\n')
    git.commit('Add Grace')
    git.git('checkout', '-q', 'main')
    git.write('a.txt', 'one more\n')
    git.commit('Edit')
    git.commit('Change nothing')
    git.git('merge', '-q', '--no-ff', '-m', 'Merge side', 'side')
    git.git('tag', '-a', 'v1', '-m', 'First release')
    return git
  }

  test('all commits and tags have the ids that they had, in a new repository', async () => {
    const git = simple()
    const { repo } = await ours()
    await repo.importGit(git.dir)
    const copy = gitIn(path.join(temporaryDir(), 'copy.git'))
    await repo.exportGit(copy.dir, { bare: true, revisions: ['main'] })
    expect(fsck(copy)).toBe('')
    expect(logOf(copy, 'main')).toBe(logOf(git, 'main'))
    expect(copy.git('show-ref', '--tags')).toBe(git.git('show-ref', '--tags'))
  })

  test('into the same repository nothing is written but what is new here', async () => {
    const git = simple()
    const { repo, dir } = await ours()
    await repo.importGit(git.dir)
    const back = await repo.exportGit(git.dir)
    expect([back.commits, back.objects, back.refs[0]!.state]).toEqual([0, 0, 'same'])
    fs.writeFileSync(path.join(dir, 'data/people.csv'), 'id,name\n1,Ada L.\n2,Grace\n')
    await repo.commit({ message: 'Correct', all: true })
    const before = git.head()
    const more = await repo.exportGit(git.dir)
    expect([more.commits, more.refs[0]!.state, git.head('HEAD~1'), fsck(git)]).toEqual([
      1,
      'moved',
      before,
      '',
    ])
    expect(git.git('diff', '--stat', 'HEAD~1').trim()).toContain('data/people.csv | 2 +-')
    expect(git.git('status', '--porcelain')).toBe('')
    // And in again: the commit that came from here is known by what it says.
    git.write('a.txt', 'from git\n')
    git.commit('From Git')
    const ahead = await repo.exportGit(git.dir)
    expect(ahead.refs[0]!.state).toBe('ahead')
    const commit = await repo.commitInfo('HEAD')
    expect((await repo.importGit(git.dir)).commits).toBe(1)
    expect((await repo.commitInfo('HEAD')).parents).toEqual([commit.id])
    expect(fs.readFileSync(path.join(dir, 'a.txt'), 'utf8')).toBe('from git\n')
    expect((await repo.exportGit(git.dir)).refs[0]!.state).toBe('same')
  })

  test('a commit with more to it than we keep stays what it was where it is there', async () => {
    const git = simple()
    // A header that no commit of ours has, as a signature is.
    const raw = git.git('cat-file', 'commit', 'HEAD').replace('\n\n', '\nx-more to it\n\n')
    const file = path.join(temporaryDir(), 'commit')
    fs.writeFileSync(file, raw)
    const oid = git.git('hash-object', '-t', 'commit', '-w', '--literally', file).trim()
    git.git('reset', '-q', '--hard', oid)
    const { repo } = await ours()
    await repo.importGit(git.dir)
    expect((await repo.exportGit(git.dir)).refs[0]).toMatchObject({ id: oid, state: 'same' })
    const copy = gitIn(path.join(temporaryDir(), 'copy'))
    await repo.exportGit(copy.dir)
    expect([copy.head() === oid, copy.head('HEAD^{tree}'), copy.head('HEAD~1')]).toEqual([
      false,
      git.head('HEAD^{tree}'),
      git.head('HEAD~1'),
    ])
  })

  test('commits there are left behind only by force', async () => {
    const { repo } = await eventful()
    const git = created()
    git.write('other.txt', 'x\n')
    git.commit('Elsewhere')
    git.git('checkout', '-q', '--detach')
    await expect(repo.exportGit(git.dir)).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
    expect(git.git('log', '-1', '--format=%s', 'main').trim()).toBe('Elsewhere')
    expect(fs.readdirSync(path.join(git.dir, '.git/objects/pack'))).toEqual([])
    await repo.exportGit(git.dir, { force: true })
    expect([git.git('log', '-1', '--format=%s', 'main').trim(), fsck(git)]).toEqual(['Merge side', ''])
  })
})

test('names that Git refuses are refused by name, and people cannot break out of their line', async () => {
  const store = MemoryStore.create()
  const writer = store.writer()
  const nodes = new NodeStore(writer)
  const link = { kind: 'symlink', target: Buffer.from('x') } as const
  const commit = async (name: string, path: string): Promise<void> => {
    const tree = await Tree.empty(nodes, writer).update(writer, new Map([[path, link]]))
    const who = { name: 'A <b>\nparent 0', email: 'a@b>\nx', timeMs: -5500, zoneMinutes: 10_000 }
    const cid = writeCommit(writer, {
      tree: tree.cid,
      parents: [],
      author: who,
      committer: who,
      message: 'x\0y',
      generation: 1,
      extra: {},
    })
    await store.update(
      () => ({
        refs: new Map([[`refs/heads/${name}`, cid]]),
        operation: { name: 'x', message: '', author: '' },
      }),
      { writer },
    )
  }
  await commit('main', 'fine')
  await commit('modules', 'sub/.GitModules')
  const target = path.join(temporaryDir(), 'out.git')
  await exportGit({ store, nodes }, target, { revisions: ['main'], bare: true })
  const git = gitIn(target)
  expect([fsck(git), git.git('log', '--format=%P|%an|%ae|%at', 'main').trim()]).toEqual([
    '',
    '|A  b  parent 0|a@b  x|0',
  ])
  await expect(exportGit({ store, nodes }, target, { revisions: ['modules'] })).rejects.toThrow(
    "Git refuses 'sub/.GitModules'",
  )
})

test('a full disk stops a large file at once, and leaves nothing behind', async () => {
  const objects = temporaryDir()
  const pack = new GitPackWriter(objects, () => false)
  const pieces = Array.from({ length: 64 }, () => randomBytes(64 << 10))
  let writes = 0
  const { writeSync } = fs
  const spy = vi.spyOn(fs, 'writeSync').mockImplementation(((...args: Parameters<typeof writeSync>) => {
    if (++writes > 3) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
    return writeSync(...args)
  }) as typeof writeSync)
  try {
    await expect(pack.putBlob(4 << 20, Readable.from(pieces))).rejects.toMatchObject({
      code: 'VARVE_DISK_FULL',
      hint: 'free some space and run the command again',
    })
  } finally {
    spy.mockRestore()
  }
  pack.abort()
  expect(fs.readdirSync(path.join(objects, 'pack'))).toEqual([])
})

test('a repository that the disk has no room to begin is not left half-made', async () => {
  const { repo } = await eventful()
  const target = path.join(temporaryDir(), 'out')
  const { writeFileSync } = fs
  const spy = vi.spyOn(fs, 'writeFileSync').mockImplementation(((
    ...args: Parameters<typeof writeFileSync>
  ) => {
    if (String(args[0]).endsWith('config')) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
    writeFileSync(...args)
  }) as typeof writeFileSync)
  try {
    await expect(repo.exportGit(target)).rejects.toMatchObject({
      code: 'VARVE_DISK_FULL',
      hint: 'free some space and run the command again',
    })
  } finally {
    spy.mockRestore()
  }
  expect(fs.existsSync(target)).toBe(false)
  expect((await repo.exportGit(target)).commits).toBe(4)
})

test.skipIf(process.platform !== 'linux')(
  'a folder that cannot be made is an error, not a loop',
  async () => {
    const { repo } = await eventful()
    await expect(repo.exportGit('/proc/4194999/out')).rejects.toMatchObject({ code: 'VARVE_IO' })
  },
)

test('two repositories export to one, and neither stumbles over what the other said of it', async () => {
  const { repo, dir } = await ours()
  const save = async (text: string): Promise<void> => {
    fs.writeFileSync(path.join(dir, 'a.txt'), text)
    await repo.add(['a.txt'])
    await repo.commit({ message: text })
  }
  await save('one')
  const target = path.join(temporaryDir(), 'out')
  await repo.exportGit(target)
  const { repo: other } = await ours()
  await other.importGit(target)
  await other.exportGit(target)
  await save('two')
  expect(await repo.exportGit(target)).toMatchObject({ commits: 1, refs: [{ state: 'moved' }] })
})

test('of two exports that make one repository at once, the slower takes nothing away', async () => {
  const { repo } = await eventful()
  const dir = path.join(temporaryDir(), 'out')
  const [mine, other] = [0, 1].map(() => openTarget(dir, { bare: false, branch: 'refs/heads/main' }))
  expect([mine!.made, other!.made]).toEqual([true, false])
  await repo.exportGit(dir)
  mine!.remove()
  const done = await Promise.allSettled([repo.exportGit(dir), repo.exportGit(dir)])
  expect(done.map(({ status }) => status)).toContain('fulfilled')
  expect(logOf(gitIn(dir), 'main')).not.toBe('')
})

test('on the command line', async () => {
  const { dir } = await eventful()
  const target = path.join(temporaryDir(), 'out')
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, [path.join(import.meta.dirname, '../../bin/varve.js'), ...args], {
      cwd: dir,
      encoding: 'utf8',
    })
  expect(run('export', 'git', target)).toMatch(/^4 new commits, \d+ new objects\n {2}main +\w{10} {2}new\n/)
  expect(JSON.parse(run('export', 'git', target, 'side', '--json'))).toMatchObject({
    commits: 0,
    refs: [
      { ref: 'refs/heads/side', state: 'new' },
      { ref: 'refs/tags/light', state: 'same' },
    ],
  })
})
