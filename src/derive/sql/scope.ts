// The tables of a query's FROM, under names of our own, and which column of them a name means. Names are compared as SQLite
// compares them.
import { foldedName, quoted } from '../../formats/sqlite/names.ts'

/** Thrown to say why a query has to run whole. It never reaches a user as an error. */
export class RunWhole extends Error {}

export interface InputTable {
  /** In the query. */
  readonly name: string
  /** The table of the workspace that holds its rows. */
  readonly storage: string
  /** There: the row's key as bytes. */
  readonly keyColumn: string
  readonly columns: readonly string[]
  /** Those of its key. */
  readonly key: readonly string[]
  readonly rowCount: number
}

export interface Position {
  /** t0, t1, ...: in all that is made of the query. */
  readonly alias: string
  /** By which the query calls it. */
  readonly calledAs: string
  readonly input: InputTable
  readonly isLeft: boolean
  /** Columns that it has in common with tables before it, folded. */
  readonly using: readonly string[]
}

export interface ColumnOf {
  readonly position: number
  readonly name: string
}

export class Scope {
  readonly positions: readonly Position[]
  readonly #columns: readonly ReadonlyMap<string, string>[]

  constructor(positions: readonly Position[]) {
    this.positions = positions
    this.#columns = positions.map(
      ({ input }) => new Map(input.columns.map((name) => [foldedName(name), name])),
    )
    const names = positions.map(({ calledAs }) => calledAs)
    if (new Set(names).size < names.length) throw new RunWhole('two tables of its FROM have one name')
  }

  /** The column of that name; null when no table has one. */
  column(name: string, table: string | null): ColumnOf | null {
    const folded = foldedName(name)
    const found: ColumnOf[] = []
    for (const [i, position] of this.positions.entries()) {
      if (table !== null ? position.calledAs !== foldedName(table) : position.using.includes(folded)) continue
      const column = this.#columns[i]!.get(folded)
      if (column !== undefined) found.push({ position: i, name: column })
    }
    if (found.length > 1) throw new RunWhole(`'${name}' is a column of several tables`)
    return found[0] ?? null
  }

  /** The columns that a star stands for: those of one table, or of all. */
  starred(table: string | null): ColumnOf[] {
    const wanted = [...this.positions.entries()].filter(
      ([, { calledAs }]) => table === null || calledAs === foldedName(table),
    )
    return wanted.flatMap(([position, { input, using }]) =>
      input.columns
        .filter((name) => table !== null || !using.includes(foldedName(name)))
        .map((name) => ({ position, name })),
    )
  }

  sql({ position, name }: ColumnOf): string {
    return `${this.positions[position]!.alias}.${quoted(name)}`
  }
}

export function keySql({ alias, input }: Position): string {
  return `${alias}.${quoted(input.keyColumn)}`
}
