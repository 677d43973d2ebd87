// The disk of a live system runs full while a link writes to it: nothing of the round is there then, nothing is lost
// here, and when there is room again the next round does all of it.
import { afterEach, describe, expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link } from '../../src/sync/interface.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { startPostgres, withoutPostgres } from '../support/postgres.ts'
import { type SmallDisk, makeSmallDisk, withoutSmallDisk } from '../support/small-disk.ts'
import { startSqliteWriter } from '../support/sqlite-writer.ts'
import { author, oneRound } from '../support/one-round.ts'

const fullMebibytes = 6
const largeMebibytes = 100
/** Twice what the small disk holds. */
const count = 12_000

interface SmallSystem {
  readonly url: string
  /** Numbers of rows and of notes that are as they shall be. */
  readonly state: () => Promise<{ rows: number; long: number }>
}

interface SystemKind {
  readonly name: string
  readonly without: string
  /** Its table `notes` (id, note) with one short row lies on the disk. */
  start(disk: SmallDisk): Promise<SmallSystem>
  readonly owner?: string
}

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
}, 60_000)

const counting = 'SELECT count(*) AS n, sum(CASE WHEN length(note) = 1000 THEN 1 ELSE 0 END) AS l FROM notes'
const stateOf = (row: { n: unknown; l: unknown }): { rows: number; long: number } => ({
  rows: Number(row.n),
  long: Number(row.l),
})

const kinds: readonly SystemKind[] = [
  {
    name: 'PostgreSQL',
    without: withoutPostgres,
    owner: 'postgres',
    async start({ dir }) {
      const postgres = await startPostgres()
      ends.push(() => postgres.stop())
      const url = await postgres.database('full')
      const db = await postgres.client(url)
      await db.query(`CREATE TABLESPACE small LOCATION '${dir}'`)
      await db.query(`CREATE TABLE notes (id int PRIMARY KEY, note text) TABLESPACE small;
        INSERT INTO notes VALUES (0, 'short')`)
      return {
        url,
        state: async () => stateOf((await db.query<{ n: string; l: string }>(counting)).rows[0]!),
      }
    },
  },
  {
    name: 'MariaDB',
    without: withoutMariadb,
    owner: 'mysql',
    start: ({ dir }) => fullMysql(startMariadb(), dir),
  },
  {
    name: 'MySQL',
    without: withoutMysql,
    owner: 'mysql',
    start: ({ dir }) => fullMysql(startMysql([`--innodb-directories=${dir}`]), dir),
  },
  {
    name: 'SQLite',
    without: '',
    async start({ dir }) {
      const writer = startSqliteWriter()
      ends.push(() => writer.stop())
      const file = `${dir}/full.db`
      await writer.run(file, [
        'CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT)',
        "INSERT INTO notes VALUES (0, 'short')",
      ])
      return {
        url: `sqlite://${file}`,
        state: async () => stateOf((await writer.query(file, counting))[0] as { n: unknown; l: unknown }),
      }
    },
  },
]

async function fullMysql(starting: Promise<MysqlServer>, dir: string): Promise<SmallSystem> {
  const server = await starting
  ends.push(() => server.stop())
  const url = await server.database('full')
  const db = await server.client(url)
  await db.query(`CREATE TABLE notes (id int PRIMARY KEY, note text) DATA DIRECTORY = '${dir}';
    INSERT INTO notes VALUES (0, 'short')`)
  return {
    url,
    state: async () =>
      stateOf(((await db.query(counting)) as [{ n: unknown; l: unknown }[], unknown])[0][0]!),
  }
}

for (const kind of kinds) {
  const without = withoutSmallDisk || kind.without
  describe.skipIf(without !== '')(`${kind.name} on a disk that runs full${without}`, () => {
    test('takes nothing of the round, and all of it when there is room', { timeout: 240_000 }, async () => {
      const disk = makeSmallDisk(fullMebibytes, kind.owner)
      ends.push(() => disk.end())
      const { url, state } = await kind.start(disk)
      const store = MemoryStore.create()
      const link: Link = {
        name: 'n',
        endpoint: url,
        mode: 'two-way',
        tables: ['notes'],
        into: '',
        branch: 'main',
      }
      await oneRound(store, link, {})
      const repository = DataRepository.over(store, { author })
      await repository.transaction('main', (tx) => {
        const notes = tx.table('notes')
        for (let id = 1; id <= count; id++) notes.put({ id, note: `${id} `.padEnd(1000, 'n') } as never)
      })
      const before = (await store.manifest()).refs.get('refs/heads/main')
      await expect(oneRound(store, link, {})).rejects.toMatchObject({ code: 'VARVE_DISK_FULL' })
      expect(await state()).toEqual({ rows: 1, long: 0 })
      expect((await store.manifest()).refs.get('refs/heads/main')).toBe(before)
      disk.grow(largeMebibytes)
      const receipt = await oneRound(store, link, {})
      expect(receipt.tables[0]).toMatchObject({ written: { added: count, changed: 0, removed: 0 } })
      expect(await state()).toEqual({ rows: count + 1, long: count })
      const quiet = await oneRound(store, link, {})
      expect(quiet.commit).toBe(receipt.commit)
      expect(quiet.tables[0]).toMatchObject({ captured: { added: 0, changed: 0, removed: 0 } })
    })
  })
}
