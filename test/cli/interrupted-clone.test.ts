// Real processes that are stopped amid a transfer: Ctrl-C and kill -9 leave a folder that the same command carries on
// with, and what had come before is not sent again.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve, varveFile } from './varve.ts'

const dir = temporaryDir()
const source = path.join(dir, 'source')
const megabyte = 1 << 20

interface Line {
  progress: { phase: string; done: number; total: number; unit: string; bytes: number | null }
}

beforeAll(async () => {
  mkdirSync(source)
  await ok(['init'], { cwd: source })
  for (const i of [1, 2, 3, 4]) writeFileSync(path.join(source, `${i}.bin`), randomBytes(36 * megabyte))
  await ok(['add', '.'], { cwd: source })
  await ok(['commit', '-m', 'four large files'], { cwd: source })
}, 120_000)

function progressOf(stderr: string): Line['progress'][] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{"progress"'))
    .map((line) => (JSON.parse(line) as Line).progress)
}

async function stopped(into: string, signal: NodeJS.Signals, isTime: (stderr: string) => boolean) {
  const child = spawn(process.execPath, [varveFile, 'clone', '--progress=json', source, into], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir },
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const timer = setInterval(() => {
    if (!isTime(stderr)) return
    clearInterval(timer)
    child.kill(signal)
  }, 2)
  const [code, by] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearInterval(timer)
  return { code, by, stderr }
}

/** Of packs that a clone has received or is receiving. */
function bytesIn(into: string): number {
  const folder = path.join(dir, into, '.varve')
  if (!existsSync(folder)) return 0
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
    /^(tmp|packs)/.test(name),
  )
  const sizes = names.map((name) => statSync(path.join(folder, name), { throwIfNoEntry: false }))
  return sizes.reduce((sum, stat) => sum + (stat?.isFile() === true ? stat.size : 0), 0)
}

async function carriedOn(into: string): Promise<number> {
  const { code, stderr } = await varve(['clone', '--progress=json', source, into], { cwd: dir })
  expect([code, stderr.replaceAll(/^\{"progress".*\n/gm, '')]).toEqual([0, ''])
  const lines = progressOf(stderr)
  expect(lines.every(({ done, total }) => done <= total)).toBe(true)
  for (const i of [1, 2, 3, 4]) {
    const files = [source, path.join(dir, into)].map((at) => readFileSync(path.join(at, `${i}.bin`)))
    expect(files[0]!.equals(files[1]!)).toBe(true)
  }
  expect(await json(['fsck'], { cwd: path.join(dir, into) })).toMatchObject({ problems: [] })
  expect(await json(['status'], { cwd: path.join(dir, into) })).toMatchObject({ staged: [], unstaged: [] })
  return lines.findLast(({ phase }) => phase === 'fetching')!.bytes!
}

test('kill -9 amid a clone: the same command carries on, and sends the rest alone', async () => {
  const manifests = path.join(dir, 'killed/.varve/m')
  const { by } = await stopped(
    'killed',
    'SIGKILL',
    // Made, begun, and the first 64 MiB kept.
    () => existsSync(manifests) && readdirSync(manifests).length >= 3,
  )
  expect(by).toBe('SIGKILL')
  const bytes = await carriedOn('killed')
  expect(bytes).toBeGreaterThan(10 * megabyte)
  expect(bytes).toBeLessThan(82 * megabyte)
}, 120_000)

test('kill -9 amid the files of a clone: the same command brings the rest', async () => {
  const into = path.join(dir, 'halfway')
  const noteFolder = path.join(into, '.varve/checkouts')
  const { by } = await stopped(
    'halfway',
    'SIGKILL',
    () => existsSync(noteFolder) && existsSync(`${into}/1.bin`),
  )
  expect([by, readdirSync(noteFolder).length, existsSync(`${into}/4.bin`)]).toEqual(['SIGKILL', 1, false])
  await ok(['clone', source, 'halfway'], { cwd: dir })
  for (const i of [1, 2, 3, 4]) {
    const files = [source, into].map((at) => readFileSync(path.join(at, `${i}.bin`)))
    expect(files[0]!.equals(files[1]!)).toBe(true)
  }
  expect(await json(['status'], { cwd: into })).toMatchObject({ staged: [], unstaged: [], untracked: [] })
  // It is whole now, and somebody's.
  expect(await varve(['clone', source, 'halfway'], { cwd: dir })).toMatchObject({ code: 20 })
}, 120_000)

test('Ctrl-C amid a clone: it says how to go on, and nothing that came is lost', async () => {
  // On a fast machine no line of progress tells of it in time.
  const { code, stderr } = await stopped('stopped', 'SIGINT', () => bytesIn('stopped') > 24 * megabyte)
  expect(code).toBe(130)
  expect(stderr).toContain('run the same command again to continue')
  const came = progressOf(stderr).findLast(({ phase }) => phase === 'fetching')!.bytes!
  expect(came).toBeGreaterThan(20 * megabyte)
  const bytes = await carriedOn('stopped')
  // The batch that was on its way is counted, and comes again.
  expect(bytes).toBeLessThan(144 * megabyte - came + 12 * megabyte)
}, 120_000)

test('kill -9 amid a push: the next push carries on, and sends the rest alone', async () => {
  const hub = path.join(dir, 'hub')
  await ok(['remote', 'add', 'hub', hub], { cwd: source })
  const child = spawn(process.execPath, [varveFile, 'push', 'hub', 'main'], {
    cwd: source,
    env: { PATH: process.env['PATH'], HOME: dir },
  })
  const timer = setInterval(() => {
    // Made, and the first 64 MiB kept.
    if (existsSync(path.join(hub, 'm')) && readdirSync(path.join(hub, 'm')).length >= 2) child.kill('SIGKILL')
  }, 2)
  const [, by] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearInterval(timer)
  expect(by).toBe('SIGKILL')
  expect(await json(['log', '--all'], { cwd: hub })).toEqual({ items: [] })
  const { bytes } = await json<{ bytes: number }>(['push', 'hub', 'main'], { cwd: source })
  expect(bytes).toBeGreaterThan(10 * megabyte)
  expect(bytes).toBeLessThan(82 * megabyte)
  expect(await json(['fsck'], { cwd: hub })).toMatchObject({ problems: [] })
}, 120_000)

test('what is in the folder already is not taken for a clone that was begun', async () => {
  mkdirSync(path.join(dir, 'mine'))
  writeFileSync(path.join(dir, 'mine/thesis.txt'), 'mine')
  const { code } = await varve(['clone', source, 'mine'], { cwd: dir })
  expect([code, readdirSync(path.join(dir, 'mine'))]).toEqual([20, ['thesis.txt']])
  const other = await varve(['clone', source, 'killed'], { cwd: dir })
  expect(other).toMatchObject({ code: 20 })
  // Even if the note of an interruption were still there: somebody has worked here.
  const worked = { cwd: path.join(dir, 'killed') }
  const before = await json(['log', '-n', '1'], worked)
  await ok(['config', 'clone.unfinished', source], worked)
  expect(await varve(['clone', source, 'killed'], { cwd: dir })).toMatchObject({ code: 20 })
  expect(await json(['log', '-n', '1'], worked)).toEqual(before)
})
