// `diff --no-index`: two files or folders without a repository, lines and names held against Git.
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { diffFiles } from '../../src/index.ts'
import { type RanHere, runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

const dir = temporaryDir()
const varve = (...args: string[]): Promise<RanHere> => runHere(args, dir)

function put(name: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
  fs.writeFileSync(path.join(dir, name), text)
}

/** What Git prints, and whether there are differences. */
function git(...args: string[]): { code: number | null; stdout: string } {
  const { status, stdout } = spawnSync('git', ['diff', '--no-index', ...args], { cwd: dir, encoding: 'utf8' })
  return { code: status, stdout }
}

const rows = (...cities: string[]): string =>
  `id,name,city\n${cities.map((city, i) => `${i + 1},Name ${i + 1},${city}\n`).join('')}`

beforeAll(() => {
  put('old.csv', rows('London', 'New York'))
  put('new.csv', rows('Paris', 'New York', 'Rome'))
  put('a.txt', 'one\ntwo\nthree\n')
  put('b.txt', 'one\n2\nthree\nfour\n')
  for (const [name, text] of Object.entries({
    'A/same': 'same\n',
    'A/deep/changed': 'before\n',
    'A/deep/gone': 'only here\n',
    'A/spaced': 'a b\n',
    'A/.git/config': 'not looked at\n',
    'B/same': 'same\n',
    'B/deep/changed': 'after\n',
    'B/added here': 'new\n',
    'B/spaced': 'a  b\n',
  }))
    put(name, text)
  fs.symlinkSync('same', path.join(dir, 'A/link'))
  fs.symlinkSync('spaced', path.join(dir, 'B/link'))
})

test('tables are compared by row and cell, a pipe too', async () => {
  const expected =
    'old.csv => new.csv: 1 row changed, 1 added\n' +
    '  (rows are told apart by id, unique in both versions)\n' +
    '  ~ id=1  city: London -> Paris\n' +
    '  + id=3  name: Name 3, city: Rome\n'
  expect(await varve('diff', '--no-index', 'old.csv', 'new.csv')).toMatchObject({ code: 1, stdout: expected })
  // As in Git, it need not be said where no repository is.
  expect(await varve('diff', 'old.csv', 'new.csv')).toMatchObject({ code: 1, stdout: expected })
  execFileSync('mkfifo', [path.join(dir, 'pipe')])
  const [ran] = await Promise.all([
    varve('diff', '--no-index', 'pipe', 'new.csv'),
    fs.promises.writeFile(path.join(dir, 'pipe'), rows('London', 'New York')),
  ])
  expect(ran.stdout).toBe(expected.replace('old.csv', 'pipe'))
  fs.rmSync(path.join(dir, 'pipe'))
})

test('lines are those of Git', async () => {
  // A range of one line is written shorter there, with the line before it.
  const hunks = (text: string): string =>
    text
      .slice(text.indexOf('@@'))
      .replaceAll(/^(@@ .* @@).*$/gm, '$1')
      .replaceAll(/,1(?= )/g, '')
  for (const options of [[], ['-U0']]) {
    const args = [...options, 'a.txt', 'b.txt']
    const { code, stdout } = await varve('diff', '--no-index', ...args)
    expect([code, hunks(stdout)]).toEqual([1, hunks(git(...args).stdout)])
  }
  expect(await varve('diff', '--no-index', '-w', 'A/spaced', 'B/spaced')).toMatchObject({
    code: 0,
    stdout: '',
  })
})

test('folders are compared by the paths in them', async () => {
  const { code, stdout } = await varve('diff', '--no-index', '--name-status', 'A', 'B')
  // Git names the folders, and looks into repositories.
  const theirs = git('--name-status', '--no-renames', 'A', 'B')
    .stdout.trimEnd()
    .split('\n')
    .filter((line) => !line.includes('.git/'))
    .map((line) => line.replace(/\t[AB]\//, '\t'))
  expect([code, stdout.trimEnd().split('\n').sort()]).toEqual([1, theirs.sort()])
  expect((await varve('diff', '--no-index', 'A', 'A')).code).toBe(git('A', 'A').code)
  expect(await varve('diff', '--no-index', '-q', 'A', 'B')).toMatchObject({ code: 1, stdout: '' })
  expect((await varve('diff', '--no-index', 'old.csv', '.')).code).toBe(0)
})

test('what is not there is nothing, or an error', async () => {
  const added = JSON.parse(
    (await varve('diff', '--no-index', '--stat', '--json', '/dev/null', 'a.txt')).stdout,
  ) as object
  expect(added).toMatchObject({ items: [{ path: 'a.txt', state: 'added', lines: { added: 3, removed: 0 } }] })
  const gone = JSON.parse(
    (await varve('diff', '--no-index', '--name-status', '--json', 'a.txt', '/dev/null')).stdout,
  ) as object
  expect(gone).toMatchObject({ items: [{ path: 'a.txt', state: 'deleted' }] })
  for (const [code, ...args] of [
    [40, '--no-index', 'nope', 'a.txt'],
    [40, '--no-index', 'a.txt', 'A/deep'],
    [41, 'main', 'side'],
    [41, 'a.txt'],
    [2, '--no-index', 'a.txt'],
    [2, '--no-index', '--staged', 'a.txt', 'b.txt'],
  ] as const)
    expect([args, (await varve('diff', ...args)).code]).toEqual([args, code])
})

test('a program gets rows, and nothing is left behind', async () => {
  const before = process.env['TMPDIR']
  const own = temporaryDir()
  process.env['TMPDIR'] = own
  onTestFinished(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  const cells: unknown[] = []
  for await (const diff of diffFiles(path.join(dir, 'old.csv'), path.join(dir, 'new.csv')))
    for await (const batch of diff.rows()) for (const row of batch) cells.push(row.kind)
  expect(cells).toEqual(['changed', 'added'])
  await expect(async () => {
    for await (const diff of diffFiles(path.join(dir, 'A'), path.join(dir, 'B'))) throw new Error(diff.path)
  }).rejects.toThrow('added here')
  expect(fs.readdirSync(own)).toEqual([])
})
