// What a process holds that captures a large table again and again: bounded, and by the same for more rounds.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'

const child = fileURLToPath(new URL('children/rounds.mjs', import.meta.url))
const rowCount = 200_000
const laps = 4
/** 47 MB are Node's own code, and V8 lets lie what it could collect: 323 MB were seen here, and some 390 of older code. */
const peakBytesMax = 360e6

interface Answer {
  readonly rows: number
  readonly peakBytes: number
}

describe.skipIf(!hasPostgres)(`memory of rounds upon rounds${withoutPostgres}`, () => {
  let server: Postgres | null = null
  afterAll(() => server?.stop())

  test('a process that captures many large rounds holds no more for each', { timeout: 600_000 }, async () => {
    server = await startPostgres()
    const url = await server.database('a')
    const client = await server.client(url)
    await client.query(`CREATE TABLE t (id int PRIMARY KEY, name text, email text, amount numeric(12,2), at timestamptz);
      INSERT INTO t SELECT i, 'name ' || md5(i::text), md5((i * 7)::text) || '@example.org', (i % 100000) / 100.0,
        timestamptz '2020-01-01' + i * interval '1 minute' FROM generate_series(1, ${rowCount}) i`)
    const process = spawn('node', [child, path.join(temporaryDir(), 'repo'), url, 't'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const answers = createInterface({ input: process.stdout })[Symbol.asyncIterator]()
    const round = async (): Promise<Answer> => {
      process.stdin.write('\n')
      const { value, done } = await answers.next()
      if (done === true) throw new Error('the process has ended')
      return JSON.parse(value) as Answer
    }
    try {
      expect((await round()).rows).toBe(rowCount)
      let last: Answer | null = null
      for (let lap = 0; lap < laps; lap++) {
        const sets = [
          `UPDATE t SET name = 'x${lap} ' || id WHERE id % 100 = ${lap}`,
          `UPDATE t SET name = 'y${lap} ' || id WHERE id > ${rowCount * 0.9}`,
          `DELETE FROM t WHERE id % 1000 = ${lap + 1}`,
        ]
        for (const sql of sets) {
          const { rowCount: written } = await client.query(sql)
          last = await round()
          expect(last.rows).toBe(written)
        }
      }
      expect(last!.peakBytes).toBeLessThan(peakBytesMax)
    } finally {
      process.stdin.end()
      await new Promise((done) => process.once('exit', done))
    }
  })
})
