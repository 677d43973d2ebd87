// The table that a function makes, edited in batches. Two rows that make one key are an error, however they came about.
import type { Io } from '../repo/interface.ts'
import { applyEdits, editsOf } from '../table/edits.ts'
import type { Row, Value } from '../table/interface.ts'
import { Table } from '../table/table.ts'
import { type DerivedShape, asRowFault, cannotDerive } from './function-rows.ts'

export class FunctionTable {
  table: Table
  rowsPut = 0
  readonly #io: Io
  readonly #of: DerivedShape

  /** Goes on from the table as it was made before. */
  constructor(io: Io, of: DerivedShape, before: Table) {
    this.#io = io
    this.#of = of
    this.table = before
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
    const edits = await editsOf(this.table, { puts, deletes: keys }, writer).catch((error: unknown) => {
      throw asRowFault(this.#of, error)
    })
    const object = await applyEdits(this.table, edits, writer)
    await writer.drained()
    const next = await Table.of(nodes, object)
    if (next.count !== this.table.count + puts.length - deletes.length)
      throw cannotDerive(this.#of, 'two of its rows have the same key', null)
    this.table = next
    this.rowsPut += puts.length
  }

  #keyOf(row: Row): Value[] {
    return this.#of.key.map((name) => row[name] ?? null)
  }
}
