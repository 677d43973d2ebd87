// Pathspecs, held against Git: what each command makes of patterns and marks, from the top and from within a folder.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'
import { type RanHere, runHere } from '../support/run-here.ts'
import { ok as run } from './varve.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

const files = (
  'a.csv b.txt README star st*r we[1]rd.csv ' +
  'we1rd.csv data/x.csv data/z.txt data/deep/y.csv data/deep/er/w.csv sub/k.csv sub/data/x.csv'
).split(' ')

async function fill(): Promise<void> {
  await begin()
  for (const name of files) put(name, `${name}\n`)
  put('.varveignore', '*.log\nbuild/\n')
  put('.gitignore', '*.log\nbuild/\n')
  await both('add', '.')
  await both('commit', '-q', '-m', 'First')
}

/** Files that differ from what is committed, and new ones. */
function edit(): void {
  for (const name of ['a.csv', 'st*r', 'star', 'data/x.csv', 'data/z.txt', 'data/deep/y.csv', 'sub/k.csv'])
    put(name, `${name} is longer now\n`)
  for (const name of ['new/n.csv', 'new/n.txt', 'new/inner/m.csv', 'data/new.csv', 'x.log', 'data/x.log'])
    put(name, 'new\n')
  put('build/o.csv', 'ignored\n')
  put('b.txt', null)
}

const gitAt = (folder: string, ...args: string[]): string => gitIn(at('theirs', folder), {})(...args)
const varveAt = (folder: string, ...args: string[]): Promise<RanHere> => runHere(args, at('ours', folder))

/** What both print, and whether both refuse. */
async function alike(folder: string, ...args: string[]): Promise<string> {
  const [ran, theirs] = [await varveAt(folder, ...args), attempt(() => gitAt(folder, ...args))]
  expect([args, ran.code === 0, ran.stdout]).toEqual([args, theirs !== null, theirs ?? ''])
  return ran.stdout
}

function attempt(work: () => string): string | null {
  try {
    return work()
  } catch {
    return null
  }
}

const selecting = [
  ['*.csv'],
  ['data/*.csv'],
  ['da*/'],
  ['st*r'],
  ['we[1]rd.csv'],
  [':(literal)st*r'],
  [':(glob)data/*'],
  [':(glob)**/x.csv'],
  [':(icase)DATA'],
  [':/a*'],
  [':'],
  [':!*.csv'],
  ['*.csv', ':!data/deep', ':(exclude)a*'],
  ['nothing*'],
]

test('ls-files lists what Git lists', async () => {
  await fill()
  for (const words of selecting) {
    await alike('', 'ls-files', '-z', ...words)
    await alike('data', 'ls-files', '-z', '--full-name', ...words)
  }
  for (const words of [
    ['../*.txt'],
    ['*.csv', '../*.txt'],
    [':(icase)X*', ':(icase)../SUB/*'],
    [':(icase)../DATA/x*'],
    [':!x.csv'],
    [':!../sub', ':/'],
    ['deep/../*.txt'],
    ['../../*.csv'],
  ])
    await alike('data', 'ls-files', '-z', ...words)
  expect(await alike('', 'ls-files', '-z', path.join('data', '*.csv'))).toBe(
    'data/deep/er/w.csv\0data/deep/y.csv\0data/x.csv\0',
  )
  const absolute = (place: string): string => at(place, 'data/*.txt')
  expect((await varveAt('sub', 'ls-files', absolute('ours'))).stdout).toBe(
    gitAt('sub', 'ls-files', absolute('theirs')),
  )
})

test('what is written wrongly is refused', async () => {
  await fill()
  for (const word of [':(glob,literal)a', ':(nothing)a', ':(top', ':%a', '../*.csv', ':(exclude)../a'])
    await alike('', 'ls-files', '-z', word)
  expect(await varve('ls-files', ':(attr:x)a')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("'attr:x' is no mark of a path, in ':(attr:x)a'") as string,
  })
  expect((await varve('ls-files', '')).code).toBe(2)
})

test('status and diff show what Git shows', async () => {
  await fill()
  edit()
  for (const folder of ['', 'data'])
    for (const words of [...selecting, ['ne*'], ['new/*.csv'], [':!new/n.txt'], ['*.log']]) {
      await alike(folder, 'status', '--porcelain', ...words)
      await alike(folder, 'diff', '--name-status', '--', ...words)
    }
  await alike('', 'status', '--porcelain', '--ignored', '*.log')
  await alike('', 'status', '--porcelain', '-uall', ':(glob)**/n*')
  await alike('', 'ls-files', '-m', '-o', '-z', '--exclude-standard', 'data/*', 'n*/*.csv')
  // A pattern needs no '--': it is no revision.
  for (const words of [['*.csv'], [':!data'], [':(icase)A.CSV'], ['HEAD', 'da*']])
    await alike('', 'diff', '--name-only', ...words)
})

test('log shows the commits that touched it, and of each no more', async () => {
  await fill()
  edit()
  const commit = async (name: string, ...paths: string[]): Promise<void> => {
    await both('add', '-A', ...paths)
    await both('commit', '-q', '-m', name)
  }
  await commit('Deep', 'data/deep')
  await commit('Stars', 'star', ':(literal)st*r')
  await commit('Rest', '.')
  await both('mv', 'sub/k.csv', 'sub/renamed.csv')
  await commit('Moved', 'sub')
  for (const folder of ['', 'data'])
    for (const words of [...selecting, ['sub/r*.csv'], ['a.csv', 'star']]) {
      await alike(folder, 'log', '--format=%s', '--no-follow', '--', ...words)
      const isFollowed = words.length === 1 && !/[*?[:]/.test(words[0]!)
      const told = ['log', '--format=%s', '--name-only', '--', ...words]
      const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
      const { stdout } = await varveAt(folder, ...told)
      if (!isFollowed) expect([words, lines(stdout)]).toEqual([words, lines(gitAt(folder, ...told))])
    }
  await alike('', 'log', '--format=%s', '-S', 'longer', '--', '*.txt')
  expect((await varve('log', '--follow', '*.csv')).code).toBe(2)
})

test.each([[''], ['data']])('add stages what Git stages, from %j', async (folder) => {
  await fill()
  edit()
  for (const words of [
    ['*.csv'],
    [':(glob)*.csv'],
    ['*.log', 'star'],
    ['*.log'],
    [':(literal)st*r'],
    ['st*r'],
    ['nothing*'],
    ['nothing*', '*.csv'],
    ['b.t*'],
    [':/b.t*'],
    [':!data'],
    ['.', ':!x.csv'],
    ['*.csv', ':!*.csv'],
    [':/', ':(exclude,glob)**/n.*'],
    ['build/*'],
    ['-u', '*.csv'],
    ['-u', ':!*.txt'],
    ['../new/*.csv'],
    [':(icase)*.CSV'],
  ]) {
    await both('reset', '-q')
    const [ran, theirs] = [
      await varveAt(folder, 'add', ...words),
      attempt(() => gitAt(folder, 'add', ...words)),
    ]
    expect([words, ran.code === 0]).toEqual([words, theirs !== null])
    expect([words, await ok('status', '--porcelain')]).toEqual([words, git('status', '--porcelain')])
  }
})

test('rm, restore, reset, stash and commit take what Git takes', async () => {
  await fill()
  edit()
  const same = async (...args: string[]): Promise<void> => {
    const [ran, theirs] = [await varve(...args), attempt(() => git(...args))]
    expect([args, ran.code === 0]).toEqual([args, theirs !== null])
    expect([args, await ok('status', '--porcelain')]).toEqual([args, git('status', '--porcelain')])
  }
  for (const verb of [['rm', '-q'], ['restore'], ['restore', '--staged'], ['commit', '-q', '-m', 'x']])
    await same(...verb, 'nothing*')
  await same('commit', '-q', '-m', 'x', 'new/*')
  await same('commit', '-q', '-m', 'Two', '*x.csv', ':(glob)*.csv', ':!sub')
  await same('restore', 's*', ':(exclude,literal)st*r')
  await same('rm', '-q', '--cached', '*.csv', ':!data/deep')
  await same('reset', '-q', '--', '*.csv')
  await same('rm', '-q', ':(glob)data/deep/*.csv', '-f')
  await same('reset', '-q', '--hard')
  for (const name of ['a.csv', 'data/z.txt', 'data/x.csv', 'sub/k.csv']) put(name, 'edited once more\n')
  await same('stash', 'push', '-q', '--', 'nothing*')
  await same('stash', 'push', '-q', '--', '*.csv', ':!a*')
  await same('commit', '-q', '-m', 'Rest', ':!data')
})

test('clean removes what Git removes, and nothing that an exclusion names', async () => {
  await fill()
  edit()
  // Git's -X takes ignored folders along that no pattern stands for.
  for (const place of ['ours', 'theirs']) fs.rmSync(at(place, 'build'), { recursive: true })
  for (const [folder, ...args] of [
    ['', '-n', '*.txt'],
    ['', '-n', 'ne*'],
    ['', '-n', 'new/*.txt'],
    ['', '-n', 'nothing*'],
    ['', '-nX', '*.log'],
    ['', '-nX', 'data/*'],
    ['', '-nd', ':!new'],
    ['data', '-n'],
    ['data', '-nd', ':!x.csv'],
    ['data', '-nx', '*.log'],
    ['data', '-nd', '..'],
  ] as const) {
    const theirs = gitAt(folder, 'clean', ...args)
    const ran = await varveAt(folder, 'clean', ...args)
    const gone = (text: string): string[] =>
      [...text.matchAll(/^would remove (.*)$/gim)].map(([, name]) => name!).sort()
    expect([folder, args, gone(ran.stdout)]).toEqual([folder, args, gone(theirs)])
  }
  await ok('clean', '-fdq', ':!*.csv')
  expect(fs.existsSync(at('ours/new/n.csv'))).toBe(true)
  expect(fs.existsSync(at('ours/new/n.txt'))).toBe(false)
})

test('paths are read from a file as Git reads them', async () => {
  await fill()
  edit()
  put('quo"ted', 'x\n')
  put('ü', 'x\n')
  const list = at('list')
  const listed = async (text: string, ...args: string[]): Promise<void> => {
    fs.writeFileSync(list, text)
    const from = `--pathspec-from-file=${list}`
    git(...args, from)
    await ok(...args, '-q', from)
    expect([args, await ok('status', '--porcelain')]).toEqual([args, git('status', '--porcelain')])
  }
  for (const [text, ...args] of [
    ['*.csv\r\n:!data\n"quo\\"ted"\n"\\303\\274"\n', 'add'],
    ['data/x.csv\0st*r\0', 'add', '--pathspec-file-nul'],
    ['sub/k.csv\n', 'reset'],
    // Where a file 'st*r' is there, Git's commit may or may not take 'star' along, by the order of names.
    ['a.csv\nsta?\n', 'commit', '-m', 'Some'],
    ['data/z.txt', 'restore'],
    ['ü\n', 'rm', '--cached'],
    ['data\n', 'stash', 'push'],
  ])
    await listed(text!, ...args!)
  fs.writeFileSync(list, '')
  for (const verb of ['add', 'rm', 'restore', 'reset', 'stash'])
    expect((await varve(verb, `--pathspec-from-file=${list}`)).code).toBe(2)
  for (const args of [
    ['a.csv', `--pathspec-from-file=${list}`],
    ['--pathspec-file-nul', 'a.csv'],
  ])
    expect((await varve('add', ...args)).code).toBe(2)
  expect(
    await run(['add', '-n', '--pathspec-from-file=-'], { cwd: at('ours'), input: 'new/*.txt\n' }),
  ).toContain('new/n.txt')
})

test('ls lists of a commit what ls-files lists of what is staged', async () => {
  await fill()
  put('later.csv', 'later\n')
  await both('add', 'later.csv')
  await both('commit', '-q', '-m', 'Second')
  for (const words of [
    ['*.csv'],
    ['data/*.csv'],
    ['sub', 'a.csv'],
    [':(glob)data/*'],
    [':!data'],
    [':(icase)READ*'],
  ]) {
    const theirs = gitIn(at('theirs'), {})('ls-files', '-z', '--with-tree=HEAD', ...words)
    const ours = (await ok('ls', 'HEAD', ...words)).replaceAll('\n', '\0')
    expect([words, ours]).toEqual([words, theirs])
    expect(await ok('ls', 'HEAD~1', ...words)).toBe(ours.replace('later.csv\0', '').replaceAll('\0', '\n'))
  }
  expect(await ok('ls', ':sub/k.csv')).toBe('sub/k.csv\n')
  for (const words of [['a.csv', 'nope'], ['nope*'], ['a.csv', 'nope*']])
    expect(await varve('ls', 'HEAD', ...words)).toMatchObject({ code: 40 })
})

test('mv takes several into a folder, or none, as Git', async () => {
  await fill()
  const same = async (...args: string[]): Promise<void> => {
    const [ran, theirs] = [await varve(...args), attempt(() => git(...args))]
    expect([args, ran.code === 0]).toEqual([args, theirs !== null])
    expect([args, await ok('status', '--porcelain')]).toEqual([args, git('status', '--porcelain')])
  }
  await same('mv', 'a.csv', 'nope', 'data')
  await same('mv', 'a.csv', 'b.txt', 'nowhere')
  await same('mv', 'a.csv', 'b.txt', 'star')
  await same('mv', 'data/x.csv', 'sub/data/x.csv', 'data/deep')
  await same('mv', '*.csv', 'data')
  await same('mv', '-n', 'a.csv', 'b.txt', 'data')
  await same('mv', 'a.csv', 'st*r', 'data/deep', 'sub')
})

test('--literal-pathspecs reads names as they stand, as Git does', async () => {
  await fill()
  edit()
  put(':!data', 'a name\n')
  await both('add', '--', ':(literal):!data')
  for (const words of [
    ['*.csv'],
    ['st*r'],
    ['we[1]rd.csv'],
    [':!data'],
    [':/a.csv'],
    [':(glob)data'],
    ['data'],
    ['.'],
  ]) {
    for (const folder of ['', 'data'])
      await alike(folder, '--literal-pathspecs', 'ls-files', '-z', '--full-name', ...words)
    await alike('', '--literal-pathspecs', 'diff', '--name-only', '--', ...words)
    await alike('', '--literal-pathspecs', 'status', '--porcelain', ...words)
  }
  const variables = { VARVE_LITERAL_PATHSPECS: '1', GIT_LITERAL_PATHSPECS: '1' }
  expect(await run(['ls-files', 'st*r'], { cwd: at('ours'), env: { ...process.env, ...variables } })).toBe(
    gitIn(at('theirs'), variables)('ls-files', 'st*r'),
  )
  expect(await run(['ls-files', 'st*r'], { cwd: at('ours') })).toBe('st*r\nstar\n')
})

test('track, cat and resolve take several paths and patterns', async () => {
  await fill()
  const tables = ['data/t1.csv', 'data/t2.csv', 'data/t3.csv']
  for (const [i, name] of tables.entries()) put(name, `id,v\n${i},1\n`)
  await ok('track', '-q', 'data/t?.csv', ':!data/t3.csv', '--key', 'id')
  expect(fs.readFileSync(at('ours/varve.yaml'), 'utf8')).toBe(
    'tables:\n  data/t1.csv:\n    key: id\n  data/t2.csv:\n    key: id\n',
  )
  // One that has no such column, and one that stands for nothing: none of them becomes a table.
  for (const words of [
    ['data/t3.csv', 'a.csv'],
    ['data/t3.csv', 'nope*'],
    ['data/t3.csv', 'data'],
  ])
    expect((await varve('track', ...words, '--key', 'id')).code).not.toBe(0)
  expect(fs.readFileSync(at('ours/varve.yaml'), 'utf8')).not.toContain('t3')
  await ok('add', '.')
  await ok('commit', '-q', '-m', 'Tables')
  expect(await ok('cat', 'data/t2.csv', 'HEAD~1:a.csv', 'data/t1.csv')).toBe('id,v\n1,1\na.csv\nid,v\n0,1\n')
  expect(await ok('cat', 'data/t*.csv', ':!*2.csv')).toBe('id,v\n0,1\nid,v\n2,1\n')
  expect(await varve('cat', 'data/t*.csv', '--json')).toMatchObject({ code: 2 })
  await ok('switch', '-q', '-c', 'side')
  for (const [i, name] of tables.entries()) put(name, `id,v\n${i},theirs\n`)
  await ok('commit', '-qam', 'Theirs')
  await ok('switch', '-q', 'main')
  for (const [i, name] of tables.entries()) put(name, `id,v\n${i},ours\n`)
  await ok('commit', '-qam', 'Ours')
  expect((await varve('merge', 'side')).code).toBe(21)
  expect((await ok('conflicts', 'data/t1.csv', 'data/*3.csv', '--json')).match(/"path":/g)).toHaveLength(2)
  expect(await varve('resolve', 'data/t1.csv', 'a.csv', '--ours')).toMatchObject({ code: 40 })
  expect(JSON.parse(await ok('resolve', 'data/t1.csv', 'data/*3.csv', '--theirs', '--json'))).toEqual({
    resolved: 2,
    left: 1,
  })
  expect(JSON.parse(await ok('resolve', '--forget', 'data/t1.csv', 'data/*3.csv', '--json'))).toEqual({
    reopened: 2,
    left: 3,
  })
  expect(JSON.parse(await ok('resolve', 'data/*', '--ours', '--json'))).toEqual({ resolved: 3, left: 0 })
})
