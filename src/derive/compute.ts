// Computes derived tables on one tree, each after those it is made of. What was made of the same before is not computed.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { type Cid, digestHex } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import type { Tree } from '../files/tree.ts'
import type { Io } from '../repo/interface.ts'
import type { Manifest } from '../store/interface.ts'
import type { Schema } from '../table/interface.ts'
import { Table } from '../table/table.ts'
import { loadTable } from '../table/table-object.ts'
import { evaluate } from './evaluate.ts'
import { loadInput } from './inputs.ts'
import type { Derivation, DeriveOptions, DerivedFrom, DerivedTable } from './interface.ts'
import { derivedFrom, isSameOrigin, memoRef, readMemo, writeMemo } from './memo.ts'
import type { Workspace } from './workspace.ts'

export interface Computation {
  readonly io: Io
  readonly manifest: Manifest
  readonly tree: Tree
  readonly order: readonly Derivation[]
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

async function computeOne(
  { io, manifest, workspace, options }: Computation,
  tree: Tree,
  derivation: Derivation,
): Promise<{ table: Cid; origin: DerivedFrom; report: DerivedTable }> {
  const { path, from } = derivation
  const inputs = new Map<Path, Cid>()
  for (const input of from) inputs.set(input.path, await inputAt(tree, derivation, input.path))
  const origin = derivedFrom(derivation, inputs)
  const present = await derivedAt(io, tree, path)
  const memo = await readMemo(io.nodes.reader, manifest, path)
  const report = { path, from: from.map((input) => input.path), rowsRead: 0 }
  const isKnown = memo !== null && isSameOrigin(memo, origin) && options.force !== true
  if (isKnown && present !== null && memo.table === digestHex(present.table)) {
    const rows = (await Table.load(io.nodes, present.table)).count
    return { table: present.table, origin, report: { ...report, outcome: 'unchanged', rows } }
  }
  const loaded = []
  for (const input of from)
    loaded.push(
      await loadInput(
        workspace.database,
        io,
        { path: input.path, table: inputs.get(input.path)! },
        options.signal,
      ),
    )
  const previous = present?.schema
  const table = await evaluate(workspace.database, io, {
    derivation,
    inputs: loaded,
    previous,
    signal: options.signal,
  })
  const rows = (await Table.load(io.nodes, table)).count
  const outcome = table === present?.table ? 'same' : 'changed'
  const rowsRead = loaded.reduce((sum, input) => sum + input.rowsRead, 0)
  return { table, origin, report: { ...report, outcome, rows, rowsRead } }
}

async function inputAt(tree: Tree, { path }: Derivation, input: Path): Promise<Cid> {
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
