// A table that a function computes, row by row, from one other table: only rows that have changed are passed to it.
// Each row of the result belongs to the row it was computed from.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Difference, Entry } from '../prolly/interface.ts'
import { diffMaps } from '../prolly/diff.ts'
import type { Io } from '../repo/interface.ts'
import type { Row } from '../table/interface.ts'
import { entriesToRows } from '../table/rows.ts'
import { writeTable } from '../table/table-object.ts'
import { Table } from '../table/table.ts'
import { givenRows } from './given-rows.ts'
import type { FunctionDerivation } from './interface.ts'
import { functionRows } from './function-rows.ts'
import { FunctionTable } from './function-table.ts'
import { computeAllRows } from './compute-all-rows.ts'

export interface FunctionWork<D> {
  readonly derivation: D
  /** By path. */
  readonly inputs: ReadonlyMap<string, Cid>
  /** What was derived before, and from what; null when it cannot be continued from. */
  readonly known: {
    readonly inputs: ReadonlyMap<string, Cid>
    readonly output: Cid
    /** By the input's name: which of its rows are in which group. */
    readonly indexes: ReadonlyMap<string, Cid>
  } | null
  readonly signal?: AbortSignal | undefined
  /** How many rows of how many have been read, where all are. */
  readonly onRows?: ((done: number, total: number) => void) | undefined
}

export interface FunctionResult {
  readonly table: Cid
  readonly rowsRead: number
  readonly rowsAnew: number
  /** Why all rows were made anew, although the table was known before; null when they were not. */
  readonly whole: string | null
  /** As of what is known, of the inputs as they are now. */
  readonly indexes?: ReadonlyMap<string, Cid>
}

export async function deriveByFunction(
  io: Io,
  work: FunctionWork<FunctionDerivation>,
): Promise<FunctionResult> {
  const { derivation, inputs, known, signal } = work
  const { from } = derivation
  const now = await Table.load(io.nodes, inputs.get(from)!)
  if (known === null) return { ...(await wholly(io, work, now)), whole: null }
  const old = await Table.load(io.nodes, known.inputs.get(from)!)
  // Rows that are the same bytes are others under other names or types, and keys of another kind cannot be compared.
  if (JSON.stringify(old.schema) !== JSON.stringify(now.schema))
    return { ...(await wholly(io, work, now)), whole: `'${from}' has other columns` }
  const result = new FunctionTable(io, derivation, await Table.load(io.nodes, known.output))
  const makes = async (
    table: Table,
    side: 'before' | 'after',
    some: readonly Difference[],
  ): Promise<Row[]> => {
    const entries = some.map((one) => one[side]).filter((entry): entry is Entry => entry !== null)
    return madeOf(derivation, table, await entriesToRows(table.shape, entries, io.nodes.reader))
  }
  // All that is gone goes first: a key may pass from one row to another.
  let rowsRead = 0
  for await (const differences of diffMaps(old.map, now.map)) {
    throwIfAborted(signal)
    rowsRead += differences.length
    await result.edit({ deletes: await makes(old, 'before', differences) })
  }
  for await (const differences of diffMaps(old.map, now.map)) {
    throwIfAborted(signal)
    await result.edit({ puts: await makes(now, 'after', differences) })
  }
  const table = writeTable(io.writer, result.table.object)
  return { table, rowsRead, rowsAnew: result.rowsPut, whole: null }
}

async function wholly(
  io: Io,
  { derivation, signal, onRows }: FunctionWork<FunctionDerivation>,
  now: Table,
): Promise<Omit<FunctionResult, 'whole'>> {
  async function* rows(): AsyncGenerator<Row[]> {
    let done = 0
    for await (const some of now.scan({ signal })) {
      yield madeOf(derivation, now, some)
      onRows?.((done += some.length), now.count)
    }
  }
  const { table, rowCount } = await computeAllRows(io, derivation, rows(), signal)
  return { table, rowsRead: now.count, rowsAnew: rowCount }
}

function madeOf(derivation: FunctionDerivation, { schema }: Table, rows: readonly Row[]): Row[] {
  return givenRows(schema, rows).flatMap((row) => functionRows(derivation, () => derivation.rows(row)))
}
