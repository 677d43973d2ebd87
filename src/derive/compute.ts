// Computes derived tables on one tree, each after those it depends on. What was computed before from the same inputs is
// not computed again.
import { didYouMean } from '../base/nearest.ts'
import { nearPath } from '../files/near-path.ts'
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { type Cid, digestHex } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import type { Tree } from '../files/tree.ts'
import type { Io } from '../repo/interface.ts'
import type { Manifest } from '../store/interface.ts'
import type { OneWaySource, Schema } from '../table/interface.ts'
import { allSources, oneWayOf } from '../table/one-way.ts'
import { Table } from '../table/table.ts'
import { loadTable, markTable } from '../table/table-object.ts'
import type { AnyDerivation, DeriveOptions, DerivedFrom, DerivedTable } from './interface.ts'
import {
  type Memo,
  derivedFrom,
  indexRef,
  isSameOrigin,
  knownIndexes,
  memoRef,
  readMemo,
  writeMemo,
} from './memo.ts'
import { inputsOf } from './order.ts'
import { answer } from './query.ts'
import { runFunction } from './run-function.ts'
import { RunWhole } from './sql/scope.ts'
import type { Workspace } from './workspace.ts'

export interface Computation {
  readonly io: Io
  readonly manifest: Manifest
  readonly tree: Tree
  readonly order: readonly AnyDerivation[]
  readonly workspace: Workspace
  readonly options: DeriveOptions
  /** Called before something is computed that may be committed. @throws where it could not be */
  readonly beforeWork: () => Promise<void>
}

export interface Computed {
  readonly tree: Tree
  readonly tables: readonly DerivedTable[]
  /** What the tables that changed were made of, by path. */
  readonly origins: ReadonlyMap<Path, DerivedFrom>
  /** Refs; null: it is to go. */
  readonly memos: ReadonlyMap<string, Cid | null>
}

export async function computeAll(work: Computation): Promise<Computed> {
  const tables: DerivedTable[] = []
  const origins = new Map<Path, DerivedFrom>()
  const memos = new Map<string, Cid | null>()
  let { tree } = work
  for (const derivation of work.order) {
    const { path } = derivation
    throwIfAborted(work.options.signal)
    const made = await computeOne(work, tree, derivation)
    tables.push(made.report)
    for (const [ref, cid] of remembered(work, path, made)) memos.set(ref, cid)
    if (made.report.outcome !== 'changed') continue
    origins.set(path, made.origin)
    tree = await tree.update(
      work.io.writer,
      new Map([[path, { kind: 'table', executable: false, table: made.table } as const]]),
    )
  }
  return { tree, tables, origins, memos }
}

function remembered({ io, manifest }: Computation, path: Path, made: Made): Map<string, Cid | null> {
  const { origin, table, parts, indexes = new Map<string, Cid>() } = made
  const hexes = Object.fromEntries([...indexes].map(([name, cid]) => [name, digestHex(cid)]))
  const memo = { ...origin, table: digestHex(table), parts, ...(indexes.size > 0 ? { indexes: hexes } : {}) }
  const stale = [...manifest.refs.keys()].filter((ref) => ref.startsWith(`${memoRef(path)}/`))
  const refs = new Map<string, Cid | null>(stale.map((ref) => [ref, null]))
  for (const [name, cid] of indexes) refs.set(indexRef(path, name), cid)
  return refs.set(memoRef(path), writeMemo(io.writer, memo))
}

interface Made {
  readonly table: Cid
  readonly origin: DerivedFrom
  readonly parts: Memo['parts']
  readonly indexes?: ReadonlyMap<string, Cid> | undefined
  readonly report: DerivedTable
}

async function computeOne(work: Computation, tree: Tree, derivation: AnyDerivation): Promise<Made> {
  const { io, workspace, options } = work
  const { path } = derivation
  const inputs = new Map<Path, Cid>()
  for (const input of inputsOf(derivation)) inputs.set(input, await inputAt(tree, path, input))
  const origin = derivedFrom(derivation, inputs)
  const present = await derivedAt(io, tree, path)
  const memo = options.force === true ? null : await readMemo(io.nodes.reader, work.manifest, path)
  const known = knownOf(memo, present, origin, options)
  const report = { path, from: [...inputs.keys()] }
  if (!(known instanceof RunWhole) && isSameOrigin(known, origin)) {
    const rows = (await Table.load(io.nodes, present!.table)).count
    const nothing = { outcome: 'unchanged', rows, rowsRead: 0, rowsAnew: 0, whole: null } as const
    const indexes = await knownIndexes(io.nodes.reader, known)
    return { table: present!.table, origin, parts: known.parts, indexes, report: { ...report, ...nothing } }
  }
  await work.beforeWork()
  const { signal, onProgress } = options
  const {
    table: made,
    parts,
    indexes,
    ...costs
  } = 'sql' in derivation
    ? await answer(workspace, io, { derivation, tables: inputs, present, known, signal, onProgress })
    : await runFunction(io, derivation, inputs, { known, present, signal, onProgress })
  const table = await markTable(io, made, await sourcesOf(io, inputs))
  const rows = (await Table.load(io.nodes, table)).count
  const outcome = table === present?.table ? 'same' : 'changed'
  return { table, origin, parts, indexes, report: { ...report, outcome, rows, ...costs } }
}

/**
 * The sources of the inputs: values that must not be written back to where an input came from must not get there by
 * a table made from it either.
 */
async function sourcesOf({ nodes }: Io, inputs: ReadonlyMap<Path, Cid>): Promise<readonly OneWaySource[]> {
  const tables = await Promise.all([...inputs.values()].map((cid) => loadTable(nodes.reader, cid)))
  return allSources(...tables.map(oneWayOf))
}

/** What was derived before, if it is still there; else why it cannot be continued from. */
function knownOf(
  memo: Memo | null,
  present: { readonly table: Cid } | null,
  { definition }: DerivedFrom,
  { force }: DeriveOptions,
): Memo | RunWhole {
  if (force === true) return new RunWhole('all was asked for')
  if (memo === null || present === null) return new RunWhole('it was not derived here before')
  if (memo.table !== digestHex(present.table)) return new RunWhole('somebody has changed it')
  return memo.definition === definition ? memo : new RunWhole('its declaration is another')
}

async function inputAt(tree: Tree, path: Path, input: Path): Promise<Cid> {
  const entry = await tree.get(input)
  if (entry?.kind === 'table') return entry.table
  const what = entry === null ? 'is not there' : 'is a file'
  throw new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' is derived from '${input}', which ${what}`, {
    data: { path, input },
    hint:
      entry === null
        ? didYouMean(await nearPath(tree, input), 'commit it first, or correct its path in varve.yaml')
        : `make it a table: varve track ${input} --key COLUMN, and commit it`,
  })
}

/** What is stored at the derived table's path; null when nothing is. */
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
