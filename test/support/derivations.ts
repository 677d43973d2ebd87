// Queries of derived tables: those whose result is brought up to date from what has changed, and those that are run whole.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { Repository, type Row } from '../../src/index.ts'
import { temporaryDir } from './temporary.ts'

interface Settings {
  readonly key: string | readonly string[]
  readonly sql: string
  readonly types?: Readonly<Record<string, string>>
}

/** With the key of the result, and types where they matter. Over p (people), o (orders), c (cities); g is 'by/group'. */
export const byParts: Readonly<Record<string, Settings>> = {
  filter: {
    key: 'id',
    sql: "SELECT id, upper(name) AS n, age * 1.5 FROM p WHERE age > 3 AND name NOT LIKE 'x%'",
  },
  star: { key: 'id', sql: 'SELECT * FROM p WHERE city IS NOT NULL ORDER BY name' },
  join: { key: 'oid', sql: 'SELECT o.id AS oid, p.name, total + 1 AS t FROM o JOIN p ON p.id = o.person' },
  joinKey: {
    key: ['a', 'b'],
    sql: 'SELECT x.id a, y.id b, y.name FROM p x, p y WHERE x.city = y.city AND x.id < y.id',
  },
  three: {
    key: 'id',
    sql: 'SELECT o.id, country, CASE WHEN age > 5 THEN total ELSE day END v FROM o JOIN p ON p.id = person JOIN c ON c.city = p.city',
  },
  using: { key: 'id', sql: 'SELECT p.id, city, c.* FROM p JOIN c USING (city)' },
  left: {
    key: 'id',
    sql: 'SELECT p.id, p.city, country, c.city AS other FROM p LEFT JOIN c ON c.city = p.city',
  },
  leftUsing: { key: 'id', sql: 'SELECT id, city, country FROM p LEFT JOIN c USING (city)' },
  without: { key: 'id', sql: 'SELECT p.id, name FROM p LEFT JOIN o ON o.person = p.id WHERE o.id IS NULL' },
  leftLeft: {
    key: ['id', 'day'],
    sql: "SELECT o.id, coalesce(day, '-') day, name, country FROM o LEFT JOIN p ON p.id = o.person LEFT JOIN c ON c.city = p.city WHERE country IS NOT 'y'",
  },
  leftOdd: {
    key: 'id',
    sql: 'SELECT o.id, count(c.city) n, max(country) m FROM o LEFT JOIN p ON p.id = o.person LEFT JOIN c ON c.city = p.city OR p.id IS NULL GROUP BY o.id',
  },
  group: {
    key: 'city',
    types: { t: 'decimal' },
    sql: 'SELECT p.city, count(*) AS n, sum(total) AS t, min(day) d FROM o JOIN p ON p.id = o.person WHERE p.city IS NOT NULL GROUP BY p.city',
  },
  floats: {
    key: 'k',
    sql: "SELECT coalesce(city, '?') k, sum(total) s, avg(total) a, total(total * 0.1) t, group_concat(o.id, '/') ids FROM o LEFT JOIN p ON p.id = o.person GROUP BY k",
  },
  month: {
    key: 'm',
    sql: "SELECT substr(day, 1, 7) AS m, count(DISTINCT person) p, sum(DISTINCT total) s, group_concat(total ORDER BY total DESC) FROM o WHERE day <> '' GROUP BY 1 HAVING count(*) > 1",
  },
  nulls: { key: 'k', sql: 'SELECT ifnull(person, -1) k, count(*) n FROM o GROUP BY person HAVING n < 9' },
  two: {
    key: ['city', 'y'],
    sql: "SELECT p.city, strftime('%Y', day) AS y, json_group_array(o.id) ids, count(*) FILTER (WHERE total > 2) big FROM p JOIN o ON o.person = p.id WHERE p.city > '' AND y > '' GROUP BY p.city, y",
  },
  fixed: {
    key: 'id',
    sql: 'SELECT p.id, p.name, count(o.id) n, sum(o.total) s FROM p LEFT JOIN o ON o.person = p.id GROUP BY p.id',
  },
  types: { key: 'id', sql: 'SELECT id, total, typeof(total) k, person = 1 AS one FROM o' },
  other: { key: 'name', sql: 'SELECT name, count(*) n FROM p GROUP BY p.name' },
  distinct: { key: 'city', sql: 'SELECT DISTINCT city FROM p WHERE city IS NOT NULL' },
  distinctJoin: {
    key: ['city', 'm'],
    sql: "SELECT DISTINCT p.city, substr(day, 1, 7) || '' AS m FROM o JOIN p ON p.id = o.person WHERE p.city IS NOT NULL",
  },
  distinctStar: { key: 'city', sql: 'SELECT DISTINCT c.*, country AS again FROM p JOIN c USING (city)' },
  distinctLeft: {
    key: 'k',
    sql: "SELECT DISTINCT coalesce(country, '-') k, country FROM p LEFT JOIN c ON c.city = p.city WHERE country IS NOT 'x'",
  },
  derived: { key: 'n', sql: 'SELECT n, count(*) AS cities, total(t) t FROM g GROUP BY n' },
}

/** With the reason that is given. */
export const whole: Readonly<Record<string, [sql: string, reason: string]>> = {
  total: ['SELECT 1 AS id, sum(total) AS t FROM o', 'an aggregate over all rows'],
  window: ['SELECT id, rank() OVER (ORDER BY age) AS r FROM p', 'a window'],
  limit: ['SELECT id FROM p ORDER BY id LIMIT 3', 'LIMIT'],
  union: ['SELECT id FROM p UNION SELECT id + 100 FROM o', 'UNION, INTERSECT or EXCEPT'],
  with: ['WITH x AS (SELECT id FROM p) SELECT id FROM x', 'WITH'],
  within: ['SELECT id FROM p WHERE id IN (SELECT person FROM o)', 'a query within the query'],
  distinctGroups: ['SELECT DISTINCT count(*) AS id FROM p GROUP BY city', 'SELECT DISTINCT of groups'],
  distinctSum: ['SELECT DISTINCT count(*) AS id FROM p', 'an aggregate where rows are chosen'],
  distinctSums: [
    'SELECT DISTINCT age + 1.5 AS id FROM p',
    'SELECT DISTINCT values that may be equal and not the same, as 1 and 1.0 (CAST them)',
  ],
  distinctConstant: ["SELECT DISTINCT 'x' AS id FROM p", 'SELECT DISTINCT a constant'],
  collate: ['SELECT id, name = city COLLATE NOCASE AS x FROM p', 'COLLATE'],
  time: ["SELECT id, date('now') > '2000' AS x FROM p", 'it asks for the time'],
  random: ['SELECT id, random() > 0 OR 1 AS x FROM p', 'the function random'],
  bare: [
    "SELECT coalesce(city, '-') AS id, age > 0 AS a, max(age) FROM p GROUP BY city",
    "the column 'age' is neither grouped by nor within an aggregate",
  ],
  sums: [
    'SELECT coalesce(age + 1.5, 0) AS id FROM p GROUP BY age + 1.5',
    'GROUP BY values that may be equal and not the same, as 1 and 1.0 (CAST them)',
  ],
  right: ['SELECT o.id FROM p RIGHT JOIN o ON o.person = p.id', 'RIGHT or FULL JOIN'],
  after: ['SELECT o.id FROM o LEFT JOIN p ON o.person = p.id JOIN c', 'an inner join after a left one'],
}

export interface Edits {
  readonly p: readonly Row[]
  readonly o: readonly Row[]
  readonly c: readonly Row[]
  readonly gone: {
    readonly p: readonly number[]
    readonly o: readonly number[]
    readonly c: readonly string[]
  }
}

/** A repository that declares the queries of `byParts` and `more` over empty tables. */
export async function derivingRepository(more: Readonly<Record<string, Settings>> = {}): Promise<Repository> {
  const root = path.join(temporaryDir(), 'dataset')
  const repo = await Repository.init(root, { author: { name: 'Ada', email: 'ada@example.org' } })
  const derive = Object.entries({ ...byParts, ...more }).map(([name, settings]) => {
    const from = settings.sql.includes(' g ') ? { g: 'by/group' } : ['p', 'o', 'c']
    return [`by/${name}`, { ...settings, from }] as const
  })
  writeFileSync(path.join(root, 'varve.yaml'), JSON.stringify({ derive: Object.fromEntries(derive) }))
  await repo.add(['.'])
  await repo.commit({ message: 'declare' })
  const text = (name: string) => ({ name, type: 'text' }) as const
  const int = (name: string) => ({ name, type: 'int' }) as const
  await repo.transaction('main', async (tx) => {
    tx.createTable('p', { key: ['id'], columns: [int('id'), text('name'), text('city'), int('age')] })
    const total = { name: 'total', type: 'decimal' } as const
    tx.createTable('o', { key: ['id'], columns: [int('id'), int('person'), total, text('day')] })
    const cities = tx.createTable('c', { key: ['city'], columns: [text('city'), text('country')] })
    await cities.putAll([{ city: 'Rome', country: 'x' }])
  })
  await repo.reset('main', { mode: 'hard' })
  return repo
}

export async function edit(repo: Repository, { p, o, c, gone }: Edits): Promise<void> {
  await repo.transaction('main', async (tx) => {
    for (const key of gone.p) tx.table('p').delete(key)
    for (const key of gone.o) tx.table('o').delete(key)
    for (const key of gone.c) tx.table('c').delete(key)
    await tx.table('p').putAll(p)
    await tx.table('o').putAll(o)
    await tx.table('c').putAll(c)
  })
  await repo.reset('main', { mode: 'hard' })
}

/** Paths of derived tables that come out as others when they are computed whole. */
export async function othersWhole(repo: Repository): Promise<string[]> {
  const { tables } = await repo.derive({ force: true, dryRun: true })
  return tables.filter(({ outcome }) => outcome !== 'same').map((one) => one.path)
}
