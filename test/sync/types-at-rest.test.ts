// Columns of every common type between every two kinds of databases, as values and as keys: two rounds after the writers
// are quiet a link has nothing to do, nobody's own rows have changed by having been carried, and a value that the other
// side cannot keep waits there by name.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { BranchLinks, heldBackOf } from '../support/branch-links.ts'
import { type SqlSystem, sqlSystems } from '../support/sql-systems.ts'
import { type System, commonTypes } from '../support/common-types.ts'
import { type TypedTable, TypedDatabase, typedTables } from '../support/typed-tables.ts'

const isMysqlAmong = sqlSystems.some(({ name }) => name === 'MySQL')
const pairs: readonly (readonly [System, System])[] = [
  ['PostgreSQL', 'PostgreSQL'],
  ['PostgreSQL', 'MariaDB'],
  ['PostgreSQL', 'SQLite'],
  ['MariaDB', 'SQLite'],
  ['MariaDB', 'MariaDB'],
]
const mysqlPairs: typeof pairs = [
  ['PostgreSQL', 'MySQL'],
  ['MySQL', 'MariaDB'],
  ['MySQL', 'SQLite'],
  ['MySQL', 'MySQL'],
]
const chains: readonly (readonly [System, System, System])[] = [
  ['PostgreSQL', 'MariaDB', 'SQLite'],
  ['MariaDB', 'SQLite', 'PostgreSQL'],
  ['SQLite', 'PostgreSQL', 'MariaDB'],
]
const mysqlChains: typeof chains = [
  ['MySQL', 'MariaDB', 'PostgreSQL'],
  ['PostgreSQL', 'SQLite', 'MySQL'],
]
const without = sqlSystems.map((kind) => kind.without).join('')

/** Rounds of links to databases on one folder of one branch. */
class Rounds {
  readonly links = new BranchLinks()
  readonly #all: Link[] = []

  add(database: TypedDatabase, tables: readonly TypedTable[], setting: Partial<Link>): void {
    const name = `link${this.#all.length + 1}`
    const names = tables.map((one) => one.name)
    this.#all.push(this.links.link(database.url, names, { name, ...setting }))
  }

  async once(): Promise<Receipt[]> {
    const receipts: Receipt[] = []
    for (const link of this.#all) receipts.push(await this.links.sync(link))
    return receipts
  }

  /** After two rounds there is nothing to do, and the same rows wait. */
  async settle(when: string): Promise<Receipt[]> {
    await this.once()
    const before = await this.once()
    const receipts = await this.once()
    expect([when, ...receipts.flatMap(movedIn)]).toEqual([when])
    expect(receipts.map(heldBackOf)).toEqual(before.map(heldBackOf))
    return receipts
  }
}

function movedIn({ link, tables }: Receipt): string[] {
  return tables.flatMap(({ table, captured, written }) => {
    const counts = [captured, written].map(({ added, changed, removed }) => `${added}+${changed}-${removed}`)
    return counts.every((one) => one === '0+0-0') ? [] : [`${link} ${table}: ${counts.join(' ')}`]
  })
}

/** Each row of one database is in the other with an equal value, or waits there; tables whose keys differ wait whole. */
async function expectCarried(
  tables: readonly TypedTable[],
  [from, to]: readonly [TypedDatabase, TypedDatabase],
  receipts: readonly Receipt[],
  { heldBack }: Receipt,
): Promise<void> {
  const lost: string[] = []
  const whole = receipts.flatMap(({ heldBack: all }) => all.filter(({ reason }) => reason === 'schema'))
  expect(whole.filter(({ message }) => !/key column 'v' is \w+ here and \w+ there/.test(message))).toEqual([])
  expect(whole.filter(({ message }) => /'v' is (int|decimal) here and (int|decimal) /.test(message))).toEqual(
    [],
  )
  expect(new Set(whole.map(({ table }) => table)).size).toBeLessThan(tables.length / 8)
  for (const table of tables) {
    if (whole.some((one) => one.table === table.name)) continue
    const there = new Map((await to.rows(table)).map((row) => [row.key, row]))
    const held = heldBack.filter((one) => one.table === table.name)
    for (const row of await from.rows(table)) {
      const other = there.get(row.key)
      const isHeld = held.some(({ key }) => to.keyOf(table, key) === row.key)
      const isSame = other !== undefined && other.value === row.value && other.n === row.n
      if (!isSame && !isHeld) lost.push(`${table.name}: ${row.raw} and ${other?.raw}`)
    }
  }
  expect(lost).toEqual([])
}

async function rawRows(tables: readonly TypedTable[], database: TypedDatabase): Promise<string[]> {
  const all: string[] = []
  for (const table of tables)
    for (const { raw } of await database.rows(table)) all.push(`${table.name}: ${raw}`)
  return all
}

describe.skipIf(without !== '')(`types between databases${without}`, () => {
  const systems = new Map<System, SqlSystem>()
  beforeAll(async () => {
    for (const kind of sqlSystems) systems.set(kind.name as System, await kind.start())
  }, 60_000)
  afterAll(async () => {
    for (const one of systems.values()) await one.stop()
  })

  const create = async (system: System, side: 'first' | 'last'): Promise<TypedDatabase> =>
    TypedDatabase.create(await systems.get(system)!.database(), system, side)

  describe.each([...pairs, ...(isMysqlAmong ? mysqlPairs : [])])('%s and %s', (one, two) => {
    test.each(['compare', 'log'] as const)('come to rest (%s)', async (changes) => {
      const [a, b] = [await create(one, 'first'), await create(two, 'last')]
      const tables = typedTables(commonTypes, [a, b])
      await a.fill(tables, 'even rows')
      await b.fill(tables, 'odd rows')
      const own = [await rawRows(tables, a), await rawRows(tables, b)]
      expect(own.flat().length).toBeGreaterThan(2 * tables.length)
      const rounds = new Rounds()
      rounds.add(a, tables, { changes })
      rounds.add(b, tables, { changes })

      const first = await rounds.settle('after inserts')
      for (const [i, database] of [a, b].entries())
        expect(await rawRows(tables, database)).toEqual(expect.arrayContaining(own[i]!))
      await expectCarried(tables, [a, b], first, first[1]!)
      await expectCarried(tables, [b, a], first, first[0]!)

      await a.addToAll(tables, 1)
      await rounds.settle('after changes in the first')
      await b.addToAll(tables, 10)
      const second = await rounds.settle('after changes in the second')
      await expectCarried(tables, [a, b], second, second[1]!)
      await expectCarried(tables, [b, a], second, second[0]!)

      const gone = await a.removeOne(tables, b)
      expect(gone.length).toBeGreaterThan(tables.length / 2)
      const third = await rounds.settle('after deletes in the first')
      for (const { table, key } of gone)
        expect((await b.rows(table)).map((row) => row.key)).not.toContain(key)
      await expectCarried(tables, [a, b], third, third[1]!)
      await expectCarried(tables, [b, a], third, third[0]!)
    })
  })

  test.each([...chains, ...(isMysqlAmong ? mysqlChains : [])])(
    'a chain from %s by the branch to %s and %s comes to rest',
    async (...names) => {
      const [from, ...to] = await Promise.all(names.map((name) => create(name, 'first')))
      const tables = typedTables(commonTypes, [from!, ...to])
      await from!.fill(tables, 'all rows')
      for (const one of to) await one.fill(tables, 'no rows')
      const own = await rawRows(tables, from!)
      const rounds = new Rounds()
      rounds.add(from!, tables, { mode: 'capture' })
      for (const one of to) rounds.add(one, tables, { mode: 'materialize' })
      for (const when of ['after inserts', 'after changes'] as const) {
        const receipts = await rounds.settle(when)
        for (const [i, one] of to.entries())
          await expectCarried(tables, [from!, one], receipts, receipts[i + 1]!)
        if (when === 'after inserts') expect(await rawRows(tables, from!)).toEqual(own)
        await from!.addToAll(tables, 1)
      }
    },
  )
})
