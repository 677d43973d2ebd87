// Ctrl-C while a derived table is computed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { pause } from '../../src/base/pause.ts'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varveFile } from './varve.ts'

test.each([
  [
    'as it is written',
    'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) AS n FROM c, people',
  ],
  [
    'in the words for parts',
    'SELECT a.id AS n, count(*) AS c FROM people a JOIN people b ON b.id <> a.id JOIN people c ON c.id <> b.id JOIN people d ON d.id <> c.id GROUP BY a.id',
  ],
])(
  'Ctrl-C ends a query that runs %s in its middle, and the next one starts afresh',
  async (_, endless) => {
    const cwd = temporaryDir()
    const declared = (sql: string): void =>
      writeFileSync(
        path.join(cwd, 'varve.yaml'),
        `tables: { people.csv: { key: id } }\nderive: { counted: { from: [people.csv], key: n, sql: "${sql}" } }\n`,
      )
    const people = Array.from({ length: 500 }, (_row, i) => `${i + 1},London\n`)
    writeFileSync(path.join(cwd, 'people.csv'), `id,city\n${people.join('')}`)
    await ok(['init'], { cwd })
    declared('SELECT id AS n FROM people')
    await ok(['add', '.'], { cwd })
    await ok(['commit', '-m', 'people'], { cwd })
    await ok(['derive'], { cwd })
    declared(endless)
    const child = spawn(process.execPath, [varveFile, 'derive'], {
      cwd,
      env: { ...process.env, HOME: cwd },
    })
    const ended = once(child, 'exit')
    const folder = path.join(cwd, '.varve')
    const isBusy = (): boolean =>
      readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.lock'))
    await expect.poll(isBusy, { timeout: 30_000 }).toBe(true)
    // By then its tables are made, and it counts.
    await pause(500, undefined)
    child.kill('SIGINT')
    expect((await ended)[0]).toBe(130)
    expect(isBusy()).toBe(false)
    declared('SELECT id + 1 AS n FROM people WHERE id < 2')
    await ok(['derive'], { cwd })
    expect(await ok(['export', 'counted', '--format', 'csv'], { cwd })).toBe('n\n2\n')
  },
  60_000,
)
