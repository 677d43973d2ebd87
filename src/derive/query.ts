// Brings a table up to date that SQL derives: by what has changed where that is known and enough, else by the whole query.
import { isVarveError } from '../base/errors.ts'
import { type Cid, digestHex } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import type { StoredColumn } from '../formats/sqlite/stored-columns.ts'
import type { Io } from '../repo/interface.ts'
import type { Schema } from '../table/interface.ts'
import { Table } from '../table/table.ts'
import type { ChangedInput } from './changes.ts'
import { evaluate } from './evaluate.ts'
import { type Incremented, increment } from './increment.ts'
import { type InputOptions, type LoadedInput, loadInput } from './inputs.ts'
import type { Derivation } from './interface.ts'
import { type Memo, knownInput } from './memo.ts'
import { RunWhole } from './sql/scope.ts'
import type { Workspace } from './workspace.ts'

export interface Query {
  readonly derivation: Derivation
  readonly tables: ReadonlyMap<Path, Cid>
  readonly present: { readonly table: Cid; readonly schema: Schema } | null
  /** What is known of the table as it is now; else why nothing is. */
  readonly known: Memo | RunWhole
  readonly signal: AbortSignal | undefined
  readonly onProgress: InputOptions['onProgress']
}

export interface Answer {
  readonly table: Cid
  readonly rowsRead: number
  readonly rowsAnew: number
  /** Why the whole query was run; null: it was not. */
  readonly whole: string | null
  readonly parts?: Memo['parts']
  /** For a function of groups: for each input, which of its rows are in which group. */
  readonly indexes?: ReadonlyMap<string, Cid>
}

export async function answer(workspace: Workspace, io: Io, query: Query): Promise<Answer> {
  const { derivation, tables, present, signal, onProgress } = query
  const inputs: LoadedInput[] = []
  for (const { path } of derivation.from)
    inputs.push(await loadInput(workspace, io, { path, table: tables.get(path)! }, { signal, onProgress }))
  const rowsRead = inputs.reduce((sum, input) => sum + input.rowsRead, 0)
  const engine = workspace.engine()
  const partsOf = (stored: readonly StoredColumn[]): Memo['parts'] => ({ engine, stored })
  let whole: string
  try {
    const made = await incrementKnown(workspace, io, query, inputs)
    return { table: made.table, rowsRead, rowsAnew: made.rowsAnew, whole: null, parts: partsOf(made.stored) }
  } catch (error) {
    if (!(error instanceof RunWhole) && !isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
    whole = error instanceof RunWhole ? error.message : 'its rows break a rule'
  }
  const made = await evaluate(workspace, io, { derivation, inputs, previous: present?.schema, signal })
  return {
    table: made.table,
    rowsRead,
    rowsAnew: made.rowCount,
    whole: made.reason ?? whole,
    ...(made.stored === null ? {} : { parts: partsOf(made.stored) }),
  }
}

async function incrementKnown(
  workspace: Workspace,
  io: Io,
  { derivation, present, known, signal }: Query,
  inputs: readonly LoadedInput[],
): Promise<Incremented> {
  if (known instanceof RunWhole) throw known
  const { parts } = known
  if (parts?.engine !== workspace.engine()) throw new RunWhole('it was derived by another version')
  const changed = await changedInputs(io, known, inputs)
  return increment(workspace, io, {
    derivation,
    inputs,
    present: await Table.load(io.nodes, present!.table),
    stored: parts.stored,
    changed,
    signal,
  })
}

async function changedInputs(io: Io, known: Memo, inputs: readonly LoadedInput[]): Promise<ChangedInput[]> {
  const changed = new Map<Path, ChangedInput>()
  for (const input of inputs) {
    const { path, table } = input
    const cid = await knownInput(io.nodes.reader, known, path)
    if (cid === null) throw new RunWhole(`'${path}' is not known as it was`)
    const old = await Table.load(io.nodes, cid)
    if (JSON.stringify(old.schema) !== JSON.stringify(table.schema))
      throw new RunWhole(`'${path}' has other columns`)
    if (digestHex(old.object.rows) !== digestHex(table.object.rows)) changed.set(path, { input, old })
  }
  return [...changed.values()]
}
