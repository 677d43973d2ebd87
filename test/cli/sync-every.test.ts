// `varve sync --every` as a process: it outlives an endpoint that is down, and shows what it counts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve, varveFile } from './varve.ts'

let postgres: Postgres

describe.skipIf(!hasPostgres)(`varve sync --every${withoutPostgres}`, () => {
  const dir = temporaryDir()
  const env = {
    PATH: process.env['PATH'],
    VARVE_AUTHOR_NAME: 'Ada',
    VARVE_AUTHOR_EMAIL: 'ada@example.org',
  }

  beforeAll(async () => {
    postgres = await startPostgres()
    const url = await postgres.database('shop')
    const db = await postgres.client(url)
    await db.query(`CREATE TABLE people (id int PRIMARY KEY); INSERT INTO people VALUES (1), (2)`)
    await ok(['init'], { cwd: dir })
    await ok(['link', 'add', 'shop', url, '--tables', 'people', '--mode', 'two-way'], { cwd: dir })
  }, 60_000)
  afterAll(() => postgres.stop())

  test('it waits for an endpoint that is down, says so once, and its metrics are scraped', async () => {
    const child = spawn(process.execPath, [varveFile, 'sync', '--every', '1s', '--metrics', '127.0.0.1:0'], {
      cwd: dir,
      env,
    })
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaints += chunk))
    child.stdout.resume()
    const said = async (words: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const found = words.exec(complaints)
        if (found !== null) return found
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${complaints}`)
        await new Promise((done) => setTimeout(done, 50))
      }
    }
    try {
      const [, url] = await said(/metrics at (\S+)/)
      const counted = async (sample: RegExp): Promise<number> => {
        const response = await fetch(url!)
        expect(response.headers.get('content-type')).toContain('text/plain')
        return Number(new RegExp(`^${sample.source} (\\S+)$`, 'm').exec(await response.text())?.[1] ?? 0)
      }
      const until = async (sample: RegExp, least: number): Promise<void> => {
        while ((await counted(sample)) < least) await new Promise((done) => setTimeout(done, 50))
      }
      const done = /varve_sync_rounds_total\{link="shop",result="done"\}/
      const failed = /varve_sync_rounds_total\{link="shop",result="failed"\}/
      await until(done, 2)
      expect(await counted(/varve_sync_rows_total\{link="shop",direction="captured"\}/)).toBe(2)
      expect(await counted(/varve_sync_in_step\{link="shop",table="people"\}/)).toBe(1)
      expect(await counted(/varve_sync_table_rows\{link="shop",table="people",side="branch"\}/)).toBe(2)
      expect(await counted(/varve_sync_lag_seconds\{link="shop"\}/)).toBeGreaterThan(0)
      expect((await fetch(new URL('/other', url))).status).toBe(404)
      await postgres.kill()
      await until(failed, 2)
      const rounds = await counted(done)
      await postgres.start()
      await said(/'?shop'? answers again/)
      await until(done, rounds + 2)
      expect(complaints.match(/trying again until it passes/g)).toHaveLength(1)
    } finally {
      child.kill('SIGINT')
    }
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(0)
  }, 120_000)

  test('metrics are shown to this machine alone, unless somebody says otherwise', async () => {
    const every = ['sync', '--every', '1h', '--metrics']
    const open = [...every, '0.0.0.0:0']
    expect((await varve(open, { cwd: dir })).code).toBe(61)
    expect((await varve([...every, '9464'], { cwd: dir })).code).toBe(2)
    const child = spawn(process.execPath, [varveFile, ...open, '--metrics-anywhere'], { cwd: dir, env })
    let said = ''
    child.stderr.on('data', (part: Buffer) => {
      // Once: whoever is asked a second time ends at once.
      const isFirst = !said.includes('metrics at')
      said += part.toString()
      if (isFirst && said.includes('metrics at')) child.kill('SIGINT')
    })
    expect(await once(child, 'close')).toEqual([expect.any(Number), null])
    expect(said).toContain('metrics at http://0.0.0.0:')
    expect((await varve(['sync', '--metrics-anywhere'], { cwd: dir })).code).toBe(2)
  }, 60_000)
})
