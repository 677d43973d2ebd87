// A table that a function derives, row by row, from one other table: only rows that have changed are given to it. A row of
// the result belongs to the row it was made of; two that make the same key are an error, however they came about.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Difference, Entry } from '../prolly/interface.ts'
import { diffMaps } from '../prolly/diff.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { Io } from '../repo/interface.ts'
import { applyEdits, editsOf, newTable } from '../table/edits.ts'
import type { Row, Value } from '../table/interface.ts'
import { entriesToRows } from '../table/rows.ts'
import { writeTable } from '../table/table-object.ts'
import { Table } from '../table/table.ts'
import type { FunctionDerivation } from './interface.ts'

export interface FunctionWork {
  readonly derivation: FunctionDerivation
  readonly input: Cid
  /** What was derived before, and of what; null: nothing that can be gone on from. */
  readonly known: { readonly input: Cid; readonly output: Cid } | null
  readonly signal?: AbortSignal | undefined
}

export async function deriveByFunction(
  io: Io,
  { derivation, input, known, signal }: FunctionWork,
): Promise<{ table: Cid; rowsRead: number; rowsAnew: number; whole: boolean }> {
  const now = await Table.load(io.nodes, input)
  const old = known === null ? null : await Table.load(io.nodes, known.input)
  // Rows that are the same bytes are others under other names or types, and keys of another kind cannot be compared.
  if (known !== null && JSON.stringify(old!.schema) !== JSON.stringify(now.schema))
    return deriveByFunction(io, { derivation, input, known: null, signal })
  const before = old?.map ?? ProllyMap.empty(io.nodes, io.writer)
  const output =
    known === null
      ? await Table.of(
          io.nodes,
          newTable(io.nodes, io.writer, { key: derivation.key, columns: derivation.columns }),
        )
      : await Table.load(io.nodes, known.output)
  const result = new Result(io, derivation, output)
  // All that is gone goes first: a key may pass from one row to another.
  let rowsRead = 0
  for await (const differences of diffMaps(before, now.map)) {
    throwIfAborted(signal)
    rowsRead += differences.length
    const rows = old === null ? [] : await rowsOf(io, old, differences, 'before')
    await result.edit({ deletes: result.made(rows).map((row) => result.keyOf(row)) })
  }
  for await (const differences of diffMaps(before, now.map)) {
    throwIfAborted(signal)
    await result.edit({ puts: result.made(await rowsOf(io, now, differences, 'after')) })
  }
  const table = writeTable(io.writer, result.table.object)
  return { table, rowsRead, rowsAnew: result.rowsPut, whole: known === null }
}

class Result {
  table: Table
  rowsPut = 0
  readonly #io: Io
  readonly #derivation: FunctionDerivation

  constructor(io: Io, derivation: FunctionDerivation, table: Table) {
    this.#io = io
    this.#derivation = derivation
    this.table = table
  }

  made(rows: readonly Row[]): Row[] {
    return rows.flatMap((row) => this.#derivation.rows(row) ?? [])
  }

  keyOf(row: Row): Value[] {
    return this.#derivation.key.map((name) => row[name] ?? null)
  }

  async edit(edits: { puts?: readonly Row[]; deletes?: readonly (readonly Value[])[] }): Promise<void> {
    const { puts = [], deletes = [] } = edits
    const { writer, nodes } = this.#io
    const object = await applyEdits(this.table, await editsOf(this.table, edits, writer), writer)
    await writer.drained()
    const next = await Table.of(nodes, object)
    if (next.count !== this.table.count + puts.length - deletes.length) throw this.#notUnique()
    this.table = next
    this.rowsPut += puts.length
  }

  #notUnique(): VarveError {
    const { path, from, key } = this.#derivation
    return new VarveError('VARVE_RULE_VIOLATED', `'${path}': two rows of '${from}' make the same key`, {
      data: { path, from, key },
      hint: `the key is ${key.join(', ')}; a function must make the same of the same row each time`,
    })
  }
}

async function rowsOf(
  io: Io,
  { shape }: Table,
  differences: readonly Difference[],
  side: 'before' | 'after',
): Promise<Row[]> {
  const entries = differences.map((one) => one[side]).filter((entry): entry is Entry => entry !== null)
  return entriesToRows(shape, entries, io.nodes.reader)
}
