// `varve sync --follow` as a process: killed at any moment with writers on both sides, and ended by Ctrl-C.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const varve = path.resolve('bin/varve.js')
const eventually = { timeout: 60_000, interval: 100 }

describe.skipIf(!hasPostgres)(`varve sync --follow${withoutPostgres}`, { timeout: 240_000 }, () => {
  let postgres: Postgres
  let dir: string

  beforeAll(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-follow-'))
    postgres = await startPostgres()
  }, 60_000)
  afterAll(async () => {
    await postgres.stop()
    fs.rmSync(dir, { recursive: true, force: true })
  }, 60_000)

  function start(): ChildProcess {
    return spawn(process.execPath, [varve, 'sync', 'shop', '--follow', '--json'], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }

  test('killed again and again with writers on both sides, it loses nothing and writes nothing twice', async () => {
    const url = await postgres.database('shop')
    const db = await postgres.client(url)
    await db.query('CREATE TABLE people (id int PRIMARY KEY, name text, seen int NOT NULL DEFAULT 0)')
    await db.query("INSERT INTO people VALUES (1, 'Ada')")
    const repository = await Repository.init(dir, { author: { name: 'Ada', email: 'ada@example.org' } })
    await repository.addLink('shop', { endpoint: url, mode: 'two-way', tables: ['people'] })
    await repository.sync('shop')
    let isOver = false
    const written: number[] = []
    const writing = (async () => {
      for (let i = 100; !isOver; i++) {
        await db.query("INSERT INTO people VALUES ($1, 'there')", [i])
        await db.query('UPDATE people SET seen = seen + 1 WHERE id = $1', [i])
        await repository.transaction('main', (tx) => {
          tx.table('shop/people').put({ id: 100_000 + i, name: 'here', seen: 7 })
        })
        written.push(i)
        await new Promise((done) => setTimeout(done, 20))
      }
    })()
    for (const ms of [900, 1500, 600, 2100, 1200]) {
      const child = start()
      await new Promise((done) => setTimeout(done, ms))
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    isOver = true
    await writing
    const last = start()
    const there = async (): Promise<unknown[]> => (await db.query('SELECT * FROM people ORDER BY id')).rows
    const here = async (): Promise<unknown[]> => {
      const rows: unknown[] = []
      for await (const row of (await repository.at('main')).table('shop/people').scan()) rows.push({ ...row })
      return rows
    }
    const expected = [
      { id: 1, name: 'Ada', seen: 0 },
      ...written.map((id) => ({ id, name: 'there', seen: 1 })),
      ...written.map((id) => ({ id: 100_000 + id, name: 'here', seen: 7 })),
    ]
    await expect.poll(there, eventually).toEqual(expected)
    await expect.poll(here, eventually).toEqual(expected)
    last.kill('SIGINT')
    expect(await once(last, 'exit')).toEqual([0, null])
    await repository.close()
    await db.end()
  })
})
