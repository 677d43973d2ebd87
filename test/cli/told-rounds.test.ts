// What `varve sync` says of many rows that wait, and what it says again when it goes on.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { DatabaseSync } from '@photostructure/sqlite'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { identity, ok, varve as run, varveFile } from './varve.ts'

const refused = 'CHECK constraint failed: amount < 100'

describe('rows that an endpoint refuses', () => {
  const dir = temporaryDir()
  const varve = (...args: string[]) => run(args, { cwd: dir })
  const database = new DatabaseSync(`${dir}/shop.db`)

  async function put(table: string, rows: string): Promise<void> {
    const input = `id,amount\n${rows}\n`
    const put = ['import', '-', '--as', `shop/${table}`, '--key', 'id', '--format', 'csv']
    await ok(put, { cwd: dir, input })
    await ok(['commit', '-m', 'rows'], { cwd: dir })
  }

  beforeAll(async () => {
    database.exec(`
      CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, CHECK (amount < 100));
      CREATE TABLE other (id INTEGER PRIMARY KEY, amount INTEGER);
      INSERT INTO orders VALUES (1, 1); INSERT INTO other VALUES (1, 1)`)
    await ok(['init'], { cwd: dir })
    await ok(['link', 'add', 'shop', './shop.db', '--tables', 'orders,other', '--mode', 'two-way'], {
      cwd: dir,
    })
    await ok(['sync'], { cwd: dir })
    const rows = Array.from({ length: 40 }, (_, i) => `${i + 10},${i + 100}`)
    await put('orders', [...rows, '90,'].join('\n'))
  })

  test('are told by their reasons: three rows of each, and how many more there are', async () => {
    const { code, stdout } = await varve('sync')
    expect(code).toBe(21)
    expect(stdout.split('\n').slice(3, 9)).toEqual([
      '  held back: 41',
      `  orders 10  rejected  ${refused}`,
      `  orders 11  rejected  ${refused}`,
      `  orders 12  rejected  ${refused}`,
      '  orders     rejected  and 37 more like it',
      '  orders 90  rejected  NOT NULL constraint failed: orders.amount',
    ])
    expect((await varve('sync', '-v')).stdout.match(/orders \d+ /g)).toHaveLength(41)
  })

  test('are listed one by one, the first of each reason with their values', async () => {
    const { stdout } = await varve('sync', 'rejected')
    expect(stdout.match(/^ {2}orders \d+ /gm)).toHaveLength(41)
    expect(stdout.match(/^ {4}amount /gm)).toHaveLength(4)
    expect((await varve('sync', 'rejected', '-v')).stdout.match(/^ {4}amount /gm)).toHaveLength(41)
  })

  test('are told once by a command that goes on, which leaves out tables with nothing to do', async () => {
    const child = spawn(process.execPath, [varveFile, 'sync', '--every', '1s'], {
      cwd: dir,
      env: { PATH: process.env['PATH'], HOME: dir, ...identity },
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
    const until = async (words: RegExp): Promise<void> => {
      while (!words.test(said)) await new Promise((done) => setTimeout(done, 50))
    }
    await until(/in step[^]*in step/)
    const [, second] = said.split(/^shop /m).slice(1)
    database.exec('UPDATE other SET amount = 7')
    await until(/other +1 row +read \+0 ~1/)
    child.kill('SIGINT')
    await once(child, 'close')
    expect(second).toMatch(
      /^\(two-way\), in step but for what is held back, \d+ ms\n {2}held back: 41, as before\n$/,
    )
    expect(said.match(/more like it/g)).toHaveLength(1)
    expect(said.match(/^ {2}orders +\d+ rows?/gm)).toHaveLength(1)
    expect(said.match(/hint: see what waits/g)).toHaveLength(1)
  }, 30_000)
})
