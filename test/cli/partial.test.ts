// Clones that do not take everything, as people run them.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

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
