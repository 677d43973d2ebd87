// Queries of strangers on the built product, each in a process of its own: what never ends is ended, what grows is stopped,
// and meanwhile and afterwards the server answers as ever.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import type * as Serve from '../../src/server/serve.ts'
import { temporaryDir } from '../support/temporary.ts'

const endless = 'WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c)'

let serving: Serve.RunningServer
let stateDir: string

beforeEach(async () => {
  const base = temporaryDir()
  const repo = await Repository.init(path.join(base, 'data/shop'), {
    author: { name: 'Ada', email: 'ada@example.org' },
  })
  await repo.transaction('main', (tx) =>
    tx.createTable('prices', { key: ['id'] }).putAll([{ id: 1, price: 10 }]),
  )
  await repo.close()
  stateDir = path.join(base, 'state')
  const built = new URL('../../dist/server/serve.js', import.meta.url).href
  const { serve } = (await import(built)) as typeof Serve
  serving = await serve({
    dirs: [path.join(base, 'data')],
    stateDir,
    anonymous: 'read',
    limits: { queryMsMax: 4000, queryMemoryBytesMax: 128 << 20, queryFileBytesMax: 32 << 20 },
  })
})

afterEach(() => serving.close())

async function ask(sql: string, signal?: AbortSignal): Promise<{ status: number; text: string }> {
  const response = await fetch(`${serving.url}/v1/repos/shop/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql }),
    ...(signal === undefined ? {} : { signal }),
  })
  return { status: response.status, text: await response.text() }
}

/** Processes that this one has started and that are still there. */
function children(): string[] {
  return readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)
}

async function until(claim: () => boolean): Promise<void> {
  for (let tries = 0; !claim() && tries < 200; tries++) await new Promise((done) => setTimeout(done, 25))
  expect(claim()).toBe(true)
}

describe.skipIf(process.platform !== 'linux')('a query of a stranger', () => {
  test('that never ends is ended when its time is over, and others are answered meanwhile', async () => {
    const under = ask(`${endless} SELECT count(*) FROM c`)
    let isOver = false
    void under.finally(() => (isOver = true))
    let slowest = 0
    for (let health = 0; !isOver; health++) {
      const start = performance.now()
      expect((await fetch(`${serving.url}/health`)).status).toBe(200)
      if (health > 5) slowest = Math.max(slowest, performance.now() - start)
      await new Promise((done) => setTimeout(done, 20))
    }
    expect((await under).status).toBe(422)
    expect((await under).text).toContain('the query takes more than 4000 ms')
    expect(slowest).toBeLessThan(1500)
    await until(() => children().length === 0)
    expect(readdirSync(path.join(stateDir, 'sql'))).toEqual([])
  })

  test('ends with the client who asked', async () => {
    const gone = new AbortController()
    const under = ask(`${endless} SELECT count(*) FROM c`, gone.signal)
    await until(() => children().length === 1)
    gone.abort()
    await expect(under).rejects.toThrow()
    await until(() => children().length === 0 && readdirSync(path.join(stateDir, 'sql')).length === 0)
    expect((await ask('SELECT price FROM prices')).text).toContain('{"price":10}')
  })

  test('gets no more memory, and no more of the disk, than it is given', async () => {
    for (const sql of [
      "SELECT length(printf('%.*c', 400000000, 'x')) AS n",
      'SELECT hex(zeroblob(100000000)) AS h',
      `SELECT group_concat(hex(zeroblob(1000000))) AS g FROM (${endless} SELECT i FROM c)`,
      `${endless} SELECT DISTINCT hex(i) || hex(i) || hex(i) AS d FROM c`,
      `${endless} SELECT i, zeroblob(100000) AS z FROM c`,
      // Each name stands for twice the one before.
      `WITH a0 AS (SELECT 1 x)${Array.from({ length: 26 }, (_, i) => `, a${i + 1} AS (SELECT p.x FROM a${i} p, a${i} q)`).join('')} SELECT count(*) AS n FROM a26`,
    ]) {
      const { status, text } = await ask(sql)
      expect(`${status} ${text}`).toMatch(
        /^422 .*(?:needs more memory|needs more room|takes more than 4000 ms)/,
      )
    }
    await until(() => children().length === 0)
    expect((await ask('SELECT price FROM prices')).text).toContain('{"price":10}')
  }, 60_000)

  test('reads and writes no file, and tells none of the server', async () => {
    const secret = path.join(stateDir, 'audit.jsonl')
    for (const sql of [
      `ATTACH '${secret}' AS x`,
      `SELECT 1 AS one); ATTACH '${secret}' AS x; SELECT * FROM (SELECT 2`,
      `SELECT 1) ; DROP TABLE "varve inputs"; --`,
      'PRAGMA database_list',
      'SELECT * FROM pragma_database_list',
      'SELECT * FROM "PRAGMA_DATABASE_LIST"',
      'SELECT * FROM sqlite_master',
      'SELECT * FROM main."SQLITE_SCHEMA"',
      'SELECT * FROM sqlite_temp_master',
      'SELECT * FROM [varve inputs]',
      'SELECT * FROM `input 0123456789abcdef`',
      `VACUUM INTO '${secret}'`,
      `SELECT load_extension('${secret}')`,
      `SELECT readfile('${secret}')`,
      `SELECT writefile('${secret}', 'x')`,
      `SELECT edit('${secret}')`,
      "SELECT fts3_tokenizer('simple')",
      'INSERT INTO prices VALUES (2, 3)',
      'CREATE TABLE t (x)',
      '.read /etc/passwd',
      '.shell id',
    ]) {
      const { status, text } = await ask(sql)
      // What stands behind the first question is not even read.
      if (status === 200) expect(text).toContain('"rows":[\n{"')
      else expect(`${status} ${text}`).toMatch(/^(?:400|404) /)
      expect(text).not.toContain(stateDir)
      expect(text).not.toContain('CREATE TABLE')
    }
    expect((await ask('SELECT * FROM prices')).text).toContain('{"id":1,"price":10}')
  }, 60_000)

  test('is one of few at a time', async () => {
    const stop = new AbortController()
    const under = [1, 2].map(() => ask(`${endless} SELECT count(*) FROM c`, stop.signal).catch(() => null))
    await until(() => children().length === 2)
    const third = await ask('SELECT 1 AS one')
    expect(third.status).toBe(429)
    stop.abort()
    await Promise.all(under)
    // A place is free when the process and its files are gone.
    const statuses: number[] = []
    while (statuses.at(-1) !== 200 && statuses.length < 40) {
      statuses.push((await ask('SELECT 1 AS one')).status)
      await new Promise((done) => setTimeout(done, 50))
    }
    expect(statuses.at(-1)).toBe(200)
  })
})
