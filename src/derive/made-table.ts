// The table that a function makes, edited in batches. Two rows that make one key are an error, however they came about.
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import type { Io } from '../repo/interface.ts'
import { applyEdits, editsOf, newTable } from '../table/edits.ts'
import type { ColumnType, Row, Value } from '../table/interface.ts'
import { Table } from '../table/table.ts'

export interface MadeOf {
  readonly path: Path
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
}

export type Made = Row | readonly Row[] | null

export class MadeTable {
  table: Table
  rowsPut = 0
  readonly #io: Io
  readonly #of: MadeOf

  private constructor(io: Io, of: MadeOf, table: Table) {
    this.#io = io
    this.#of = of
    this.table = table
  }

  /** Goes on from a table that was made before; null: from none. */
  static async open(io: Io, { path, key, columns }: MadeOf, before: Table | null): Promise<MadeTable> {
    const table = before ?? (await Table.of(io.nodes, newTable(io.nodes, io.writer, { key, columns })))
    return new MadeTable(io, { path, key, columns }, table)
  }

  /** What `work`, which calls the function, makes. @throws VarveError VARVE_RULE_VIOLATED where the function throws */
  made(work: () => Made): readonly Row[] {
    try {
      const made = work() ?? []
      return Array.isArray(made) ? (made as readonly Row[]) : [made as Row]
    } catch (error) {
      throw this.#fault(`the function that makes its rows failed: ${messageOf(error)}`, error)
    }
  }

  async edit({
    puts = [],
    deletes = [],
  }: {
    puts?: readonly Row[]
    deletes?: readonly Row[]
  }): Promise<void> {
    const { writer, nodes } = this.#io
    const keys = deletes.map((row) => this.#keyOf(row))
    const edits = await this.#understood(() => editsOf(this.table, { puts, deletes: keys }, writer))
    const object = await applyEdits(this.table, edits, writer)
    await writer.drained()
    const next = await Table.of(nodes, object)
    if (next.count !== this.table.count + puts.length - deletes.length)
      throw this.#fault('two of its rows have the same key', null)
    this.table = next
    this.rowsPut += puts.length
  }

  #keyOf(row: Row): Value[] {
    return this.#of.key.map((name) => row[name] ?? null)
  }

  async #understood<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isVarveError(error) && error.code !== 'VARVE_RULE_VIOLATED') throw error
      throw this.#fault(`the function made what is no row of it: ${messageOf(error)}`, error)
    }
  }

  #fault(what: string, cause: unknown): VarveError {
    const { path, key } = this.#of
    return new VarveError('VARVE_RULE_VIOLATED', `'${path}' cannot be derived: ${what}`, {
      data: { path, key },
      hint: `its key is ${key.join(', ')}; a function must make the same of the same rows each time`,
      cause,
    })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
