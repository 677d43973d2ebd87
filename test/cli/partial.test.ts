// Clones that do not take everything, as people run them.
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

// Each test is ten processes or so.
vi.setConfig({ testTimeout: 120_000 })

const dir = temporaryDir()
const at = { cwd: dir }
const source = path.join(dir, 'source')
const hub = path.join(dir, 'hub')

interface Log {
  items: { id: string; shallow?: boolean }[]
}

beforeAll(async () => {
  mkdirSync(path.join(source, 'images'), { recursive: true })
  const here = { cwd: source }
  await ok(['init'], here)
  for (let i = 1; i <= 4; i++) {
    const rows = Array.from({ length: 2000 }, (_, n) => `${n},${n % 7 === i ? `changed ${i}` : `name ${n}`}`)
    writeFileSync(path.join(source, 'people.csv'), `id,name\n${rows.join('\n')}\n`)
    writeFileSync(path.join(source, `images/${i}.bin`), randomBytes(300_000))
    writeFileSync(path.join(source, 'readme.txt'), `version ${i}\n`)
    if (i === 1) await ok(['track', 'people.csv', '--key', 'id'], here)
    await ok(['add', '.'], here)
    await ok(['commit', '-m', `commit ${i}`], here)
  }
  await ok(['tag', 'v2', 'HEAD~2'], here)
  await ok(['remote', 'add', 'origin', hub], here)
  await ok(['push', '-u', '--tags', 'origin', 'main'], here)
}, 60_000)

describe('a shallow clone', () => {
  test('says where its history ends, and gets more of it', async () => {
    await ok(['clone', '--depth', '2', hub, 'shallow'], at)
    const here = { cwd: path.join(dir, 'shallow') }
    const log = await varve(['log', '--oneline'], here)
    expect(log.stdout.trim().split('\n')).toHaveLength(2)
    expect(log.stderr).toContain("'varve fetch --deepen N' and '--unshallow' bring it")
    const { items } = await json<Log>(['log'], here)
    expect(items.map(({ shallow }) => shallow ?? false)).toEqual([false, true])
    expect((await varve(['log', '-n', '1'], here)).stderr).toBe('')
    expect(await varve(['show', 'HEAD~2'], here)).toMatchObject({ code: 20 })
    expect((await varve(['show', 'HEAD~1'], here)).stdout).not.toContain('people.csv')
    await ok(['fetch', '--deepen', '1'], here)
    expect((await json<Log>(['log'], here)).items).toHaveLength(3)
    expect(await ok(['tag'], here)).toContain('v2')
    await ok(['fetch', '--unshallow'], here)
    expect((await json<Log>(['log'], here)).items).toHaveLength(4)
    expect((await varve(['log'], here)).stderr).toBe('')
    expect(await json(['fsck'], here)).toMatchObject({ problems: [] })
  })

  test('takes one revision alone for a build, and can push from there', async () => {
    await ok(['clone', '--at', 'v2', hub, 'build'], at)
    const here = { cwd: path.join(dir, 'build') }
    expect(readFileSync(path.join(here.cwd, 'readme.txt'), 'utf8')).toBe('version 2\n')
    expect(await json(['status'], here)).toMatchObject({ branch: null, staged: [], unstaged: [] })
    expect((await json<Log>(['log'], here)).items).toHaveLength(1)
    await ok(['clone', '--at', 'main', hub, 'robot'], at)
    const robot = { cwd: path.join(dir, 'robot') }
    writeFileSync(path.join(robot.cwd, 'result.txt'), 'measured\n')
    await ok(['add', 'result.txt'], robot)
    await ok(['commit', '-m', 'a result'], robot)
    expect(await json(['push', 'origin', 'main:results'], robot)).toMatchObject({
      updates: [{ ref: 'refs/heads/results', before: null }],
    })
    expect(await json(['fsck'], { cwd: hub })).toMatchObject({ problems: [] })
  })

  test.each([
    ['--depth', '0'],
    ['--depth', 'x'],
    ['--at', 'main', '--branch', 'main'],
  ])('is refused with %s %s', async (...options) => {
    const { code } = await varve(['clone', ...options, hub, 'refused'], at)
    expect([code, readdirSync(dir).includes('refused')]).toEqual([2, false])
  })
})

function bytesOf(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(path.join(entry.parentPath, entry.name)).size
  return bytes
}

describe('a lazy clone', () => {
  const here = { cwd: path.join(dir, 'lazy') }

  test('writes the files of today, and fetches those of yesterday when they are read', async () => {
    await ok(['clone', '--lazy', hub, 'lazy'], at)
    expect(await json(['status'], here)).toMatchObject({ staged: [], unstaged: [], untracked: [] })
    expect(readFileSync(path.join(here.cwd, 'images/4.bin'))).toEqual(
      readFileSync(path.join(source, 'images/4.bin')),
    )
    expect(await ok(['show', 'HEAD~2:readme.txt'], here)).toBe('version 2\n')
    expect((await json<Log>(['log'], here)).items).toHaveLength(4)
    const stat = await ok(['diff', '--stat', 'HEAD~3', 'HEAD'], here)
    expect(stat).toContain('people.csv')
    expect(await json(['fsck'], here)).toMatchObject({ problems: [] })
    await ok(['gc'], here)
    expect(await json(['fsck'], here)).toMatchObject({ problems: [] })
  })

  test('goes to another commit in one go, merges, and pushes', async () => {
    await ok(['switch', '--detach', 'HEAD~3'], here)
    expect(readdirSync(path.join(here.cwd, 'images'))).toEqual(['1.bin'])
    await ok(['switch', '-c', 'work'], here)
    writeFileSync(path.join(here.cwd, 'notes.txt'), 'found something\n')
    await ok(['add', 'notes.txt'], here)
    await ok(['commit', '-m', 'a note'], here)
    await ok(['merge', 'main', '-m', 'bring it together'], here)
    await ok(['push', 'origin', 'work'], here)
    expect(await json(['fsck'], { cwd: hub })).toMatchObject({ problems: [] })
    expect(await ok(['show', 'work:notes.txt'], { cwd: hub })).toBe('found something\n')
  })

  test('cannot do without its remote, and says so', async () => {
    expect(await varve(['remote', 'remove', 'origin'], here)).toMatchObject({ code: 20 })
    await ok(['clone', '--lazy', '--bare', hub, 'alone.varve'], at)
    const alone = { cwd: path.join(dir, 'alone.varve') }
    await ok(['config', 'remote.origin.url', path.join(dir, 'moved')], alone)
    const { code, stderr } = await varve(['show', 'HEAD:readme.txt'], alone)
    expect(code).toBe(60)
    expect(stderr).toContain("remote 'origin' has the rest")
    expect((await varve(['log', '--oneline'], alone)).code).toBe(0)
  })
})

describe('a filtered clone', () => {
  const here = { cwd: path.join(dir, 'filtered') }

  test('has the files of its paths, and leaves all others as they are', async () => {
    await ok(['clone', '--filter', 'people.csv', hub, 'filtered'], at)
    expect(readdirSync(here.cwd).sort()).toEqual(['.varve', 'people.csv', 'varve.yaml'])
    expect(bytesOf(path.join(here.cwd, '.varve'))).toBeLessThan(300_000)
    expect(await json(['status'], here)).toMatchObject({ staged: [], unstaged: [] })
    const text = readFileSync(path.join(here.cwd, 'people.csv'), 'utf8')
    writeFileSync(path.join(here.cwd, 'people.csv'), text.replace('1,name 1', '1,renamed'))
    await ok(['commit', '-am', 'rename one'], here)
    const { items } = await json<{ items: { path: string }[] }>(['ls', 'HEAD'], here)
    expect(items.map((item) => item.path)).toEqual([
      'images/1.bin',
      'images/2.bin',
      'images/3.bin',
      'images/4.bin',
      'people.csv',
      'readme.txt',
      'varve.yaml',
    ])
    await ok(['push'], here)
    expect(await ok(['show', 'main:readme.txt'], { cwd: hub })).toBe('version 4\n')
  })

  test('refuses to take a file that is not its own, and gets it when it is asked to', async () => {
    writeFileSync(path.join(here.cwd, 'readme.txt'), 'mine\n')
    const refused = await varve(['add', 'readme.txt'], here)
    expect([refused.code, refused.stderr]).toEqual([20, expect.stringContaining('partial.filter')])
    const passed = await varve(['add', '.'], here)
    expect([passed.code, passed.stderr]).toEqual([
      0,
      "warning: 'readme.txt' is left out: it is outside of what this clone took\n",
    ])
    expect(await json(['status'], here)).toMatchObject({
      staged: [],
      untracked: [],
      skipped: [{ path: 'readme.txt', reason: 'is outside of what this clone took' }],
    })
    rmSync(path.join(here.cwd, 'readme.txt'))
    expect(await json(['fetch', '--paths', 'readme.txt'], here)).toMatchObject({ paths: 1, objects: 1 })
    expect(await json(['fetch', '--paths', 'readme.txt'], here)).toMatchObject({ paths: 1, objects: 0 })
    await ok(['config', 'partial.filter', '["people.csv","readme.txt"]'], here)
    await ok(['restore', '.'], here)
    expect(readFileSync(path.join(here.cwd, 'readme.txt'), 'utf8')).toBe('version 4\n')
    expect(await json(['status'], here)).toMatchObject({ staged: [], unstaged: [], untracked: [] })
    expect(await json(['fsck'], here)).toMatchObject({ problems: [] })
  })

  test('by size: all files are written, and of large ones no older versions are here until they are read', async () => {
    await ok(['pull'], { cwd: source })
    const big = path.join(source, 'images/1.bin')
    writeFileSync(big, randomBytes(300_000))
    await ok(['commit', '-am', 'commit 5'], { cwd: source })
    await ok(['push'], { cwd: source })
    await ok(['clone', '--filter', 'blob:limit=200k', hub, 'small'], at)
    const small = { cwd: path.join(dir, 'small') }
    expect(readFileSync(path.join(small.cwd, 'images/1.bin')).equals(readFileSync(big))).toBe(true)
    expect(await json(['config', 'partial.limit'], small)).toMatchObject({ value: '204800' })
    const before = bytesOf(path.join(small.cwd, '.varve'))
    expect(await json(['status'], small)).toMatchObject({ staged: [], unstaged: [], untracked: [] })
    expect(await ok(['show', 'HEAD~2:readme.txt'], small)).toMatch(/^version \d\n$/)
    expect(bytesOf(path.join(small.cwd, '.varve')) - before).toBeLessThan(50_000)
    expect((await varve(['cat', 'HEAD~1:images/1.bin'], small)).code).toBe(0)
    expect(bytesOf(path.join(small.cwd, '.varve')) - before).toBeGreaterThan(290_000)
    expect(await json(['fsck'], small)).toMatchObject({ problems: [] })
    for (const bad of ['blob:limit=x', 'blob:limit=', 'blob:size=1', 'blob:limit=-1'])
      expect(await varve(['clone', '--filter', bad, hub, 'bad'], at)).toMatchObject({ code: 2 })
    expect(await varve(['config', 'partial.limit', '10k'], small)).toMatchObject({ code: 2 })
    await ok(['clone', '--filter', 'blob:none', hub, 'none'], at)
    expect(await json(['config', 'partial.lazy'], { cwd: path.join(dir, 'none') })).toMatchObject({
      value: 'true',
    })
  })

  test('says which of its paths are not there', async () => {
    const { code, stderr } = await varve(
      ['clone', '--filter', 'images', '--filter', 'peple.csv', hub, 'slip'],
      at,
    )
    expect([code, stderr]).toEqual([0, expect.stringMatching(/names nothing that is there: 'peple.csv' /)])
    const whole = await varve(['clone', '--filter', 'images', '--filter', '*.csv', hub, 'no-slip'], at)
    expect([whole.code, whole.stderr]).toEqual([0, ''])
  })

  test('a filter that cannot be read is refused before it is kept', async () => {
    for (const bad of ['["people.csv"', '[]', '../x', '[1]', '!x'])
      expect(await varve(['config', 'partial.filter', bad], here)).toMatchObject({ code: 2 })
    expect(await varve(['status'], here)).toMatchObject({ code: 0 })
    expect(await varve(['clone', '--filter', '../x', hub, 'outside'], at)).toMatchObject({ code: 2 })
    expect(readdirSync(dir)).not.toContain('outside')
  })

  test('merges what others changed elsewhere without their files', async () => {
    await ok(['pull'], { cwd: source })
    writeFileSync(path.join(source, 'images/5.bin'), randomBytes(300_000))
    await ok(['add', '.'], { cwd: source })
    await ok(['commit', '-m', 'a fifth image'], { cwd: source })
    await ok(['push'], { cwd: source })
    writeFileSync(path.join(here.cwd, 'readme.txt'), 'version 5\n')
    await ok(['commit', '-am', 'a new readme'], here)
    await ok(['pull'], here)
    expect(readdirSync(here.cwd).sort()).toEqual(['.varve', 'people.csv', 'readme.txt', 'varve.yaml'])
    expect(await ok(['ls', 'HEAD', 'images'], here)).toContain('images/5.bin')
    expect(bytesOf(path.join(here.cwd, '.varve'))).toBeLessThan(400_000)
    await ok(['push'], here)
    expect(await json(['fsck'], { cwd: hub })).toMatchObject({ problems: [] })
  })

  test('with --lazy and --at it is the least there is: some files of one commit', async () => {
    await ok(['clone', '--lazy', '--filter', 'images/*', '--at', 'v2', hub, 'least'], at)
    expect(readdirSync(path.join(dir, 'least')).sort()).toEqual(['.varve', 'images', 'varve.yaml'])
    expect(await json(['fsck'], { cwd: path.join(dir, 'least') })).toMatchObject({ problems: [] })
  })
})
