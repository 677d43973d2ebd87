// Indexes by which the rows affected by a change are found. A query that is run whole must not use them: its plan, and
// with it the order of its rows, would depend on what else is derived. So they are partial indexes with a condition
// that every row fulfils: SQLite uses such an index only for a query that contains the condition, and no query of a
// user can name the key's column. That column is the index's first term as well, which keeps SQLite from considering
// the index where it would otherwise build one for the time of a query.
import { sha256Hex } from '../../base/platform.ts'
import { utf8 } from '../../base/bytes.ts'
import { quoted } from '../../formats/sqlite/names.ts'
import type { InputTable } from './scope.ts'
import type { Shape } from './shape.ts'

export interface Index {
  readonly name: string
  readonly input: InputTable
  readonly terms: readonly string[]
}

export function indexSql({ name, input, terms }: Index): string {
  const every = everyRow(quoted(input.keyColumn))
  const list = [every, ...terms].join(', ')
  return `CREATE INDEX IF NOT EXISTS ${quoted(name)} ON ${quoted(input.storage)} (${list}) WHERE ${every} = 1`
}

/** An expression that is 1 for every row. */
export function everyRow(key: string): string {
  return `(${key} >= x'')`
}

/** The indexes that find rows from rows of another table, and the rows of a group. */
export function indexesOf({ scope, on, where, groups }: Shape): Index[] {
  const indexes = new Map<string, Index>()
  const pairs = [...on, where].flatMap((one) => one?.pairs ?? [])
  for (const [position, { input }] of scope.positions.entries()) {
    const add = (terms: string[]): void => {
      if (terms.length === 0) return
      const columns = [...new Set(terms)]
      const name = `index ${sha256Hex(utf8(JSON.stringify([input.storage, columns]))).slice(0, 16)}`
      indexes.set(name, { name, input, terms: columns })
    }
    for (const other of scope.positions.keys()) {
      const sides = pairs.flatMap(([a, b]) => [[a, b] as const, [b, a] as const])
      const isBetween = sides.filter(([a, b]) => a.position === position && b.position === other)
      add(isBetween.map(([{ name }]) => quoted(name)))
    }
    const grouped = (groups ?? []).filter(({ tables }) => tables.has(position))
    add(grouped.flatMap(({ indexed }) => (indexed === null ? [] : [indexed])))
  }
  return [...indexes.values()]
}
