// Computes derived tables on one tree, each after those it is made of. What was made of the same before is not computed.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { fromHex } from '../base/bytes.ts'
import { type Cid, cidOfDigest, digestHex } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import type { Tree } from '../files/tree.ts'
import type { Io } from '../repo/interface.ts'
import type { Manifest } from '../store/interface.ts'
import type { Schema } from '../table/interface.ts'
import { Table } from '../table/table.ts'
import { loadTable } from '../table/table-object.ts'
import { evaluate } from './evaluate.ts'
import { deriveByFunction } from './by-function.ts'
import { type LoadedInput, loadInput } from './inputs.ts'
import type {
  AnyDerivation,
  Derivation,
  DeriveOptions,
  DerivedFrom,
  DerivedTable,
  FunctionDerivation,
} from './interface.ts'
import { type Memo, derivedFrom, isSameOrigin, memoRef, readMemo, writeMemo } from './memo.ts'
import { inputsOf } from './order.ts'
import type { Workspace } from './workspace.ts'

export interface Computation {
  readonly io: Io
  readonly manifest: Manifest
  readonly tree: Tree
  readonly order: readonly AnyDerivation[]
  readonly workspace: Workspace
  readonly options: DeriveOptions
}

export interface Computed {
  readonly tree: Tree
  readonly tables: readonly DerivedTable[]
  /** Of the tables that changed, by path. */
  readonly origins: ReadonlyMap<Path, DerivedFrom>
  readonly memos: ReadonlyMap<string, Cid>
}

export async function computeAll(work: Computation): Promise<Computed> {
  const tables: DerivedTable[] = []
  const origins = new Map<Path, DerivedFrom>()
  const memos = new Map<string, Cid>()
  let { tree } = work
  for (const derivation of work.order) {
    const { path } = derivation
    throwIfAborted(work.options.signal)
    const made = await computeOne(work, tree, derivation)
    tables.push(made.report)
    memos.set(memoRef(path), writeMemo(work.io.writer, { ...made.origin, table: digestHex(made.table) }))
    if (made.report.outcome !== 'changed') continue
    origins.set(path, made.origin)
    tree = await tree.update(
      work.io.writer,
      new Map([[path, { kind: 'table', executable: false, table: made.table } as const]]),
    )
  }
  return { tree, tables, origins, memos }
}

interface Made {
  readonly table: Cid
  readonly origin: DerivedFrom
  readonly report: DerivedTable
}

async function computeOne(work: Computation, tree: Tree, derivation: AnyDerivation): Promise<Made> {
  const { io, manifest, options } = work
  const { path } = derivation
  const inputs = new Map<Path, Cid>()
  for (const input of inputsOf(derivation)) inputs.set(input, await inputAt(tree, path, input))
  const origin = derivedFrom(derivation, inputs)
  const present = await derivedAt(io, tree, path)
  const memo = options.force === true ? null : await readMemo(io.nodes.reader, manifest, path)
  // What somebody has changed by hand is not what was made.
  const known = present !== null && memo?.table === digestHex(present.table) ? memo : null
  const report = { path, from: [...inputs.keys()] }
  if (known !== null && isSameOrigin(known, origin)) {
    const rows = (await Table.load(io.nodes, present!.table)).count
    return { table: present!.table, origin, report: { ...report, outcome: 'unchanged', rows, rowsRead: 0 } }
  }
  const { table, rowsRead } =
    'rows' in derivation
      ? await runFunction(work, derivation, inputs.get(derivation.from)!, { known, origin, present })
      : await runQuery(work, derivation, inputs, present?.schema)
  const rows = (await Table.load(io.nodes, table)).count
  const outcome = table === present?.table ? 'same' : 'changed'
  return { table, origin, report: { ...report, outcome, rows, rowsRead } }
}

async function runQuery(
  { io, workspace, options: { signal } }: Computation,
  derivation: Derivation,
  tables: ReadonlyMap<Path, Cid>,
  previous: Schema | undefined,
): Promise<{ table: Cid; rowsRead: number }> {
  const inputs: LoadedInput[] = []
  for (const { path } of derivation.from)
    inputs.push(await loadInput(workspace.database, io, { path, table: tables.get(path)! }, signal))
  const table = await evaluate(workspace, io, { derivation, inputs, previous, signal })
  return { table, rowsRead: inputs.reduce((sum, input) => sum + input.rowsRead, 0) }
}

async function runFunction(
  { io, options: { signal } }: Computation,
  derivation: FunctionDerivation,
  input: Cid,
  before: { known: Memo | null; origin: DerivedFrom; present: { table: Cid } | null },
): Promise<{ table: Cid; rowsRead: number }> {
  const { known, origin, present } = before
  const was = known?.definition === origin.definition ? known.from[derivation.from] : undefined
  const old = was === undefined ? null : cidOfDigest('dag-cbor', fromHex(was))
  const isThere = old !== null && (await io.nodes.reader.has([old]))[0] === true
  return deriveByFunction(io, {
    derivation,
    input,
    known: isThere ? { input: old, output: present!.table } : null,
    signal,
  })
}

async function inputAt(tree: Tree, path: Path, input: Path): Promise<Cid> {
  const entry = await tree.get(input)
  if (entry?.kind === 'table') return entry.table
  const what = entry === null ? 'is not there' : 'is a file'
  throw new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' is derived from '${input}', which ${what}`, {
    data: { path, input },
    hint:
      entry === null
        ? 'commit it first, or correct its path in varve.yaml'
        : `make it a table: varve track ${input} --key COLUMN, and commit it`,
  })
}

/** What lies at the derived table's path; null: nothing. */
async function derivedAt(io: Io, tree: Tree, path: Path): Promise<{ table: Cid; schema: Schema } | null> {
  const entry = await tree.get(path)
  if (entry === null) return null
  if (entry.kind === 'table') {
    const { layout, schema } = await loadTable(io.nodes.reader, entry.table)
    if (layout === null && schema.cells === 'typed') return { table: entry.table, schema }
  }
  throw new VarveError(
    'VARVE_NOT_POSSIBLE',
    `'${path}' is a file, and a derived table would take its place`,
    {
      data: { path },
      hint: "choose another path for it in the section 'derive' of varve.yaml",
    },
  )
}
