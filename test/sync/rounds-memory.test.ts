// What `varve sync --every`, and a program that keeps its heap small, hold that capture a large table again and again:
// bounded, and by the same for more rounds.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { Receipt } from '../../src/index.ts'
import { ok, root, varveFile } from '../cli/varve.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'

const hasProc = existsSync('/proc/self/status')
const withoutProc = hasProc ? '' : ' (skipped: the system tells no process its highest memory)'
const rowCount = 200_000
const laps = 4
/** What is promised for any table; 47 MB are Node's own code, and 220 to 240 MB were seen here. */
const peakBytesMax = 300e6

const program = `
  import { Repository, keepHeapSmall } from ${JSON.stringify(pathToFileURL(path.join(root, 'dist/index.js')))}
  keepHeapSmall()
  const repo = await Repository.open('.', { author: { name: 'Ada', email: 'ada@example.org' } })
  for (;;) {
    console.log(JSON.stringify({ items: [await repo.sync('a')] }))
    await new Promise((done) => setTimeout(done, 1000))
  }`
const processes = {
  'varve sync --every': [varveFile, 'sync', 'a', '--every', '1s', '--json'],
  'a program': ['--input-type=module', '--eval', program],
}

describe.skipIf(!hasPostgres || !hasProc)(
  `memory of rounds upon rounds${withoutPostgres}${withoutProc}`,
  () => {
    let server: Postgres | null = null
    afterAll(() => server?.stop())

    test.each(Object.entries(processes))(
      'a process that captures many large rounds holds no more for each: %s',
      { timeout: 600_000 },
      async (name, args) => {
        server ??= await startPostgres()
        const url = await server.database(name.startsWith('varve') ? 'a' : 'b')
        const client = await server.client(url)
        await client.query(`CREATE TABLE t (id int PRIMARY KEY, name text, email text, amount numeric(12,2), at timestamptz);
      INSERT INTO t SELECT i, 'name ' || md5(i::text), md5((i * 7)::text) || '@example.org', (i % 100000) / 100.0,
        timestamptz '2020-01-01' + i * interval '1 minute' FROM generate_series(1, ${rowCount}) i`)
        const cwd = temporaryDir()
        await ok(['init'], { cwd })
        await ok(['link', 'add', 'a', url, '--tables', 't', '--mode', 'capture'], { cwd })
        const { PATH } = process.env
        const following = spawn(process.execPath, args, {
          cwd,
          env: { PATH, HOME: cwd, VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' },
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const lines = createInterface({ input: following.stdout })[Symbol.asyncIterator]()
        /** Rows of the next round that captures any. */
        const captured = async (): Promise<number> => {
          for (;;) {
            const { value, done } = await lines.next()
            if (done === true) throw new Error('the process has ended')
            const [receipt] = (JSON.parse(value) as { items: Receipt[] }).items
            const { added, changed, removed } = receipt!.tables[0]!.captured
            if (added + changed + removed > 0) return added + changed + removed
          }
        }
        try {
          expect(await captured()).toBe(rowCount)
          for (let lap = 0; lap < laps; lap++) {
            const sets = [
              `UPDATE t SET name = 'x${lap} ' || id WHERE id % 100 = ${lap}`,
              `UPDATE t SET name = 'y${lap} ' || id WHERE id > ${rowCount * 0.9}`,
              `DELETE FROM t WHERE id % 1000 = ${lap + 1}`,
            ]
            for (const sql of sets) {
              const { rowCount: written } = await client.query(sql)
              expect(await captured()).toBe(written)
            }
          }
          expect(highestBytes(following.pid!)).toBeLessThan(peakBytesMax)
        } finally {
          following.kill('SIGINT')
          await once(following, 'exit')
        }
      },
    )
  },
)

function highestBytes(pid: number): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
  return Number(kibibytes) * 1024
}
