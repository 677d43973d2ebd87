// Links through the command line, with a real PostgreSQL.
import fs from 'node:fs'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type Finished, varve as run } from './varve.ts'

describe.skipIf(!hasPostgres)(`varve link and sync${withoutPostgres}`, () => {
  let postgres: Postgres
  let db: Client
  let url: string
  const dir = temporaryDir()
  const varve = (
    folder: string,
    args: readonly string[],
    options: { input?: string } = {},
  ): Promise<Finished> => run(args, { cwd: folder, ...options })

  beforeAll(async () => {
    postgres = await startPostgres()
    url = await postgres.database('shop')
    db = await postgres.client(url)
    await db.query(
      `CREATE TABLE people (id int PRIMARY KEY, name text); INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')`,
    )
    await varve(dir, ['init'])
  }, 60_000)
  afterAll(() => postgres.stop())

  test('a link is declared, tested, tried, run, and its held back rows are listed', async () => {
    const added = await varve(dir, ['link', 'add', 'shop', url, '--tables', 'people', '--mode', 'two-way'])
    expect(added.code).toBe(0)
    expect(fs.readFileSync(`${dir}/varve.yaml`, 'utf8')).toContain('tables: [ people ]')
    expect((await varve(dir, ['link'])).stdout).toMatch(/^shop {2}two-way {2}postgres:/)
    expect((await varve(dir, ['link', 'test', 'shop'])).stdout).toContain('people  key id  2 columns')

    const tried = await varve(dir, ['sync', 'shop', '--dry-run', '--json'])
    const [item] = JSON.parse(tried.stdout).items
    expect(item.tables[0].captured).toEqual({ added: 2, changed: 0, removed: 0 })
    expect(item.incoming[0]).toMatchObject({ path: 'shop/people', state: 'added', rows: [{ key: [1] }, {}] })
    expect(item.outgoing).toEqual([])
    expect((await varve(dir, ['sync'])).stdout).toContain('read +2 ~0 -0')
    expect((await varve(dir, ['export', 'shop/people', '--format', 'csv'])).stdout).toBe(
      'id,name\n1,Ada\n2,Grace\n',
    )

    expect((await varve(dir, ['log', '--links', 'shop'])).stdout).toMatch(
      /^receipt [0-9a-f]{64}\nLink: {3}shop \(two-way\)\n[^]*people {2}2 rows {2}read \+2 [^]*people: both sides [0-9a-f]{16}\n$/,
    )
    expect((await varve(dir, ['log', '--links', '--oneline'])).stdout).toMatch(
      /^[0-9a-f]{8} \S+ \S+ shop: read \+2 ~0 -0, written nothing\n$/,
    )
    expect((await varve(dir, ['show', '--stat'])).stdout).toContain('people: both sides')
    const shown = JSON.parse((await varve(dir, ['show', '--stat', '--json'])).stdout)
    expect(shown.receipts.items[0]).toMatchObject({ link: 'shop', commit: shown.commit.id })
    expect((await varve(dir, ['log', '--all', '--oneline'])).stdout).toContain("Receipt of 'shop'")
    const proved = await varve(dir, ['link', 'verify', 'shop'])
    expect([proved.code, proved.stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^shop holds what commit [0-9a-f]{8} holds$/),
    ])

    await varve(dir, ['import', '-', '--as', 'shop/people', '--key', 'id', '--format', 'csv'], {
      input: 'id,name\n1,Ada L.\n3,Barbara\n',
    })
    await varve(dir, ['commit', '-m', 'by hand'])
    await db.query(`UPDATE people SET name = 'Ada King' WHERE id = 1; INSERT INTO people VALUES (4, 'Alan')`)
    const both = await varve(dir, ['sync', '--dry-run'])
    expect([both.code, both.stdout.slice(0, both.stdout.indexOf('shop (two-way)'))]).toEqual([
      21,
      [
        'shop: would come into the branch',
        'shop/people: 1 row added',
        '  + id=4  name: Alan',
        'shop: would be written to the endpoint',
        'shop/people: 1 row added',
        '  + id=3  name: Barbara',
        '',
      ].join('\n'),
    ])
    expect((await db.query('SELECT count(*)::int AS n FROM people')).rows).toEqual([{ n: 3 }])
    await db.query('DELETE FROM people WHERE id = 4')
    const clash = await varve(dir, ['sync'])
    expect(clash.code).toBe(21)
    expect(clash.stdout).toContain("people 1  conflict  both sides changed 'name'")
    const differs = await varve(dir, ['link', 'verify', 'shop', '--tables', 'people'])
    expect(differs.code).toBe(1)
    expect(differs.stdout).toContain('    1  changed  name  held back: conflict\n')
    expect((await db.query('SELECT * FROM people ORDER BY id')).rows).toEqual([
      { id: 1, name: 'Ada King' },
      { id: 2, name: 'Grace' },
      { id: 3, name: 'Barbara' },
    ])
    const waits = await varve(dir, ['sync', 'conflicts'])
    expect(waits.stdout).toBe(
      [
        'shop: 1 row waits',
        "  people 1  conflict  both sides changed 'name'",
        '          base  branch  endpoint',
        '    name  Ada   Ada L.  Ada King',
        '',
      ].join('\n'),
    )
    expect(waits.stderr).toContain("'varve sync resolve shop --ours'")
    const [{ heldBack }] = JSON.parse((await varve(dir, ['sync', 'conflicts', '--json'])).stdout).items
    expect(heldBack).toMatchObject([
      {
        keyColumns: ['id'],
        base: { id: 1, name: 'Ada' },
        branch: { name: 'Ada L.' },
        endpoint: { name: 'Ada King' },
      },
    ])
    expect(clash.stderr).toContain("'varve sync conflicts shop'")
    expect((await varve(dir, ['sync', 'status', '--json'])).stdout).toContain('"conflict"')

    expect((await varve(dir, ['sync', 'resolve', 'shop', '--theirs', 'people', '9'])).code).toBe(40)
    expect((await varve(dir, ['sync', 'resolve', 'shop', '--theirs', 'people', '1'])).code).toBe(0)
    const settled = await varve(dir, ['sync', 'conflicts'])
    expect(settled.stdout).toContain('\n    settled: both sides have the same now\n')
    expect(settled.stderr).toContain("'varve sync shop'")
    expect((await varve(dir, ['sync'])).code).toBe(0)
    expect((await varve(dir, ['export', 'shop/people', '--format', 'csv'])).stdout).toContain('1,Ada King')
    await varve(dir, ['import', '-', '--as', 'shop/people', '--key', 'id', '--format', 'csv'], {
      input: 'id,name\n2,Grace H.\n',
    })
    await varve(dir, ['commit', '-m', 'again'])
    await db.query(`UPDATE people SET name = 'Amazing Grace' WHERE id = 2`)
    expect((await varve(dir, ['sync'])).code).toBe(21)
    expect((await varve(dir, ['sync', 'resolve', 'shop', '--ours'])).code).toBe(0)
    expect((await varve(dir, ['sync'])).code).toBe(0)
    expect((await db.query('SELECT name FROM people WHERE id = 2')).rows).toEqual([{ name: 'Grace H.' }])
  }, 60_000)

  test('what a guard stops is shown, approved and discarded, and refused rows are tried again when asked', async () => {
    const folder = fs.mkdtempSync(`${dir}/guards-`)
    await varve(folder, ['init'])
    await db.query(`CREATE TABLE notes (id int PRIMARY KEY, n int CONSTRAINT small CHECK (n < 10))`)
    await db.query('INSERT INTO notes VALUES (1, 1), (2, 2)')
    await varve(folder, ['link', 'add', 'notes', url, '--tables', 'notes', '--mode', 'two-way'])
    await varve(folder, ['sync'])
    await db.query('DELETE FROM notes')
    const stopped = await varve(folder, ['sync'])
    expect([stopped.code, stopped.stdout]).toEqual([21, expect.stringContaining('all 2 rows of')])
    expect(stopped.stderr).toContain("'varve sync pending notes'")
    const pending = await varve(folder, ['sync', 'pending'])
    expect(pending.stdout).toMatch(/^notes waits since .*, commit [0-9a-f]{8}\n {2}notes: all 2 rows /)
    expect((await varve(folder, ['show', 'refs/links/notes/pending'])).stdout).toContain('2 rows removed')
    expect((await varve(folder, ['sync', 'discard', 'notes'])).code).toBe(0)
    expect((await varve(folder, ['sync'])).code).toBe(0)
    expect((await db.query('SELECT * FROM notes ORDER BY id')).rows).toHaveLength(2)
    await db.query('DELETE FROM notes')
    await varve(folder, ['sync'])
    expect((await varve(folder, ['sync', 'approve', 'notes', 'HEAD'])).code).toBe(20)
    const approve = ['sync', 'approve', 'notes', 'refs/links/notes/pending']
    expect((await varve(folder, approve)).code).toBe(0)
    expect((await varve(folder, approve)).code).toBe(43)
    expect((await varve(folder, ['sync', 'approve', 'notes'])).code).toBe(40)

    const tooMuch = async (): Promise<void> => {
      await varve(folder, ['import', '-', '--as', 'notes/notes', '--key', 'id', '--format', 'csv'], {
        input: 'id,n\n5,50\n',
      })
      await varve(folder, ['commit', '-m', 'too much'])
      expect((await varve(folder, ['sync'])).code).toBe(21)
    }
    await tooMuch()
    const rejected = await varve(folder, ['sync', 'rejected'])
    expect(rejected.stdout).toContain('check constraint')
    expect(rejected.stdout).toMatch(/ {4}n +\(no row\) +50 +\(no row\)/)
    expect(rejected.stderr).toContain("'varve sync resolve notes --theirs TABLE KEY'")
    const mine = await varve(folder, ['sync', 'resolve', 'notes', '--ours', 'notes', '5'])
    expect([mine.code, mine.stderr]).toEqual([
      20,
      expect.stringContaining("row 5 of 'notes' is refused there"),
    ])
    expect((await varve(folder, ['sync', 'resolve', 'notes', '--theirs'])).code).toBe(20)
    expect((await varve(folder, ['sync', 'resolve', 'notes', '--theirs', 'notes', '5'])).code).toBe(0)
    expect((await varve(folder, ['sync'])).code).toBe(0)
    expect((await varve(folder, ['export', 'notes/notes'])).stdout).toBe('id,n\n')
    await tooMuch()
    expect((await varve(folder, ['sync', 'conflicts'])).stdout).toBe('no row waits\n')
    await db.query('ALTER TABLE notes DROP CONSTRAINT small')
    expect((await varve(folder, ['sync', 'retry', 'notes'])).code).toBe(0)
    expect((await db.query('SELECT * FROM notes')).rows).toEqual([{ id: 5, n: 50 }])
  }, 120_000)

  test('a password in a URL, an unknown mode, and an endpoint that is not there are refused with the next step', async () => {
    const secret = await varve(dir, [
      'link',
      'add',
      'b',
      'postgres://ada:secret@localhost/x',
      '--tables',
      'a',
      '--mode',
      'capture',
    ])
    expect([secret.code, secret.stderr.includes('secret')]).toEqual([61, false])
    expect(secret.stderr).toContain('password in the environment')
    expect((await varve(dir, ['link', 'add', 'b', url, '--tables', 'people', '--mode', 'both'])).code).toBe(2)
    const nobody = await varve(dir, [
      'link',
      'add',
      'b',
      'postgres://ada@127.0.0.1:1/x',
      '--tables',
      'a',
      '--mode',
      'capture',
    ])
    expect([nobody.code, nobody.stderr.includes('127.0.0.1')]).toEqual([60, true])
    expect(
      (await varve(dir, ['link', 'add', 'b', url, '--tables', 'nobody', '--mode', 'capture'])).stderr,
    ).toContain("no table 'nobody'")
    expect((await varve(dir, ['sync', 'nothere'])).code).toBe(43)
  }, 60_000)
})
