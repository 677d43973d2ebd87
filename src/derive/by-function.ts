// A table that a function derives, row by row, from one other table: only rows that have changed are given to it. A row of
// the result belongs to the row it was made of.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Difference, Entry } from '../prolly/interface.ts'
import { diffMaps } from '../prolly/diff.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { Io } from '../repo/interface.ts'
import type { Row } from '../table/interface.ts'
import { entriesToRows } from '../table/rows.ts'
import { writeTable } from '../table/table-object.ts'
import { Table } from '../table/table.ts'
import type { FunctionDerivation } from './interface.ts'
import { MadeTable } from './made-table.ts'

export interface FunctionWork<D> {
  readonly derivation: D
  /** By path. */
  readonly inputs: ReadonlyMap<string, Cid>
  /** What was derived before, and of what; null: nothing that can be gone on from. */
  readonly known: { readonly inputs: ReadonlyMap<string, Cid>; readonly output: Cid } | null
  readonly signal?: AbortSignal | undefined
}

export interface FunctionResult {
  readonly table: Cid
  readonly rowsRead: number
  readonly rowsAnew: number
  /** Why all of it was made anew, though it was known before; null: it was not. */
  readonly whole: string | null
}

export async function deriveByFunction(
  io: Io,
  { derivation, inputs, known, signal }: FunctionWork<FunctionDerivation>,
): Promise<FunctionResult> {
  const { from } = derivation
  const now = await Table.load(io.nodes, inputs.get(from)!)
  const old = known === null ? null : await Table.load(io.nodes, known.inputs.get(from)!)
  // Rows that are the same bytes are others under other names or types, and keys of another kind cannot be compared.
  if (old !== null && JSON.stringify(old.schema) !== JSON.stringify(now.schema)) {
    const made = await deriveByFunction(io, { derivation, inputs, known: null, signal })
    return { ...made, whole: `'${from}' has other columns` }
  }
  const before = old?.map ?? ProllyMap.empty(io.nodes, io.writer)
  const present = known === null ? null : await Table.load(io.nodes, known.output)
  const result = await MadeTable.open(io, derivation, present)
  const made = (rows: readonly Row[]): Row[] => rows.flatMap((row) => result.made(() => derivation.rows(row)))
  // All that is gone goes first: a key may pass from one row to another.
  let rowsRead = 0
  for await (const differences of diffMaps(before, now.map)) {
    throwIfAborted(signal)
    rowsRead += differences.length
    if (old !== null) await result.edit({ deletes: made(await rowsOf(io, old, differences, 'before')) })
  }
  for await (const differences of diffMaps(before, now.map)) {
    throwIfAborted(signal)
    await result.edit({ puts: made(await rowsOf(io, now, differences, 'after')) })
  }
  const table = writeTable(io.writer, result.table.object)
  return { table, rowsRead, rowsAnew: result.rowsPut, whole: null }
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
