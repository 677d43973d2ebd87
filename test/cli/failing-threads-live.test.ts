// Worker threads that cannot start, die or run out of memory where another system is at the other end: amid a first capture of
// a database, and in a server amid a push to it. Nothing waits for ever, nothing is half done, and all goes on.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'
import { identity, json, ok, varve, varveFile } from './varve.ts'

const preload = path.join(import.meta.dirname, '../support/failing-threads.cjs')
const failing = (how: string): Record<string, string> => ({
  NODE_OPTIONS: `--require ${preload}`,
  VARVE_TEST_THREADS: how,
})

describe.skipIf(!hasPostgres)(`a first capture${withoutPostgres}`, () => {
  let postgres: Postgres
  let url: string
  beforeAll(async () => {
    postgres = await startPostgres()
    url = await postgres.database('a')
    const client = await postgres.client(url)
    // Some slices' worth.
    await client.query(
      `CREATE TABLE t (id int PRIMARY KEY, name text, note text);
       INSERT INTO t SELECT i, md5(i::text), repeat('x', 60) FROM generate_series(1, 60000) i`,
    )
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  test.each([
    ['missing', /^a worker thread cannot start: '.*worker\.js' is not whole$/],
    ['killed:1', /^a worker thread ended in the middle of its work: /],
    ['killed:3', /^a worker thread ended in the middle of its work: /],
    ['ends:2', /^a worker thread ended in the middle of its work: it ended with code 0$/],
    ['memory:2', /^a worker thread ran out of memory$/],
  ])(
    'amid which a thread is %s says so, changes nothing, and is made by the next round',
    async (how, message) => {
      const cwd = temporaryDir()
      await ok(['init', '-q'], { cwd })
      await ok(['link', 'add', 'a', url, '--tables', 't', '--mode', 'capture'], { cwd })
      const before = fs.readdirSync(cwd)
      const { code, stderr } = await varve(['sync', '--json'], { cwd, env: failing(how) })
      const { error } = JSON.parse(stderr) as { error: { code: string; message: string; hint: string } }
      expect(error.message).toMatch(message)
      expect([code, error.code]).toEqual([52, 'VARVE_IO'])
      expect(error.hint).not.toBe('')
      expect(fs.readdirSync(cwd)).toEqual(before)
      expect(await json(['log', '--all'], { cwd })).toMatchObject({ items: [] })
      expect(await json(['fsck'], { cwd })).toMatchObject({ problems: [] })
      await ok(['sync'], { cwd })
      expect(await json(['link', 'verify', 'a'], { cwd })).toMatchObject({ matches: true })
      expect(await json(['fsck'], { cwd })).toMatchObject({ problems: [] })
    },
  )
})

describe('a push to a server', () => {
  let child: ChildProcess | null = null
  afterEach(async () => {
    if (child === null || child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'close')
  })

  async function serve(dir: string, env: Readonly<Record<string, string>>): Promise<string> {
    const args = ['serve', '--port', '0', '--state', `${dir}/state`, '--json', '--anonymous', 'write']
    await ok(['init', '--bare', '-q', `${dir}/data/files`], { cwd: dir })
    child = spawn(process.execPath, [varveFile, ...args, `${dir}/data`], {
      cwd: dir,
      env: { PATH: process.env['PATH'], HOME: dir, ...identity, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [part] = (await once(child.stdout!, 'data')) as [Buffer]
    return (JSON.parse(part.toString()) as { url: string }).url
  }

  /** Hashing this much is left to a thread. */
  const large = 6 << 20

  test.each(['missing', 'killed:1', 'ends:1', 'memory:1'])(
    'amid which a thread of its is %s comes in whole, and so does the next',
    async (how) => {
      const dir = temporaryDir()
      const log = path.join(dir, 'threads')
      const url = await serve(dir, { ...failing(how), VARVE_TEST_THREADS_LOG: log })
      const cwd = path.join(dir, 'ada')
      fs.mkdirSync(cwd)
      await ok(['init', '-q'], { cwd })
      for (const file of ['one', 'two']) {
        fs.writeFileSync(path.join(cwd, file), randomBytes(large))
        await ok(['add', '.'], { cwd })
        await ok(['commit', '-qm', file], { cwd })
        await ok(['push', `${url}/files`, 'main'], { cwd })
      }
      expect(fs.readFileSync(log, 'utf8')).toContain(how.split(':')[0])
      await ok(['clone', '-q', `${url}/files`, 'copy'], { cwd: dir })
      for (const file of ['one', 'two']) {
        const [sent, got] = [cwd, `${dir}/copy`].map((at) => fs.readFileSync(path.join(at, file)))
        expect(got!.equals(sent!)).toBe(true)
      }
      expect(await json(['fsck'], { cwd: `${dir}/copy` })).toMatchObject({ problems: [] })
      // Nobody waits there any more, and nothing waits for anybody.
      child!.kill('SIGTERM')
      const [code] = (await once(child!, 'close')) as [number | null]
      expect(code).toBe(0)
      const left = fs.readdirSync(`${dir}/state/uploads`, { recursive: true, encoding: 'utf8' })
      expect(left.filter((name) => name.endsWith('.pack'))).toEqual([])
    },
  )
})
