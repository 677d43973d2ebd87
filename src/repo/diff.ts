// What differs between two path trees, for people: rows and cells of tables, lines of text, sizes of the rest. A path's
// rows and lines are made only while somebody iterates them; finding the changed paths costs what changed.
import { structuredPatch } from 'diff'
import { throwIfAborted } from '../base/errors.ts'
import { concatBytes } from '../base/bytes.ts'
import { collect } from '../base/iterables.ts'
import type { Cid } from '../encoding/cid.ts'
import type { TreeDifference, TreeEntry } from '../files/interface.ts'
import { readFile } from '../files/read.ts'
import { findRenames } from '../files/renames.ts'
import { isText, textFromBytes } from '../files/text.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { Tree } from '../files/tree.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { diffSchemas, diffTables } from '../table/diff.ts'
import type { RowDifference, Schema, SchemaDifference, TableObject } from '../table/interface.ts'
import { loadTable } from '../table/table-object.ts'
import { Table } from '../table/table.ts'
import { pairRenames } from './renames.ts'
import { type RowCounts, countRows, countWhole, noRows } from './row-counts.ts'

/** Larger files are compared by size: a line diff of them serves nobody. */
export const textBytesMax: number = 16 << 20
const editsMax = 20_000

export type PathState = 'added' | 'modified' | 'deleted' | 'renamed' | 'typechange'

export interface LineHunk {
  readonly oldStart: number
  readonly oldLines: number
  readonly newStart: number
  readonly newLines: number
  readonly lines: readonly string[]
}

export interface PathDiff {
  readonly path: string
  readonly state: PathState
  readonly from?: string
  readonly kind: 'table' | 'text' | 'binary' | 'symlink'
  readonly sizeBefore: number | null
  readonly sizeAfter: number | null
  readonly schemaChanges: readonly string[]
  /** Of tables. */
  readonly keyColumns?: readonly string[]
  rows(): AsyncIterable<RowDifference[]>
  rowCounts(): Promise<RowCounts>
  hunks(): AsyncIterable<LineHunk>
}

export interface DiffTreesOptions {
  readonly paths?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

export async function* diffDatasets(
  nodes: NodeStore,
  before: Cid,
  after: Cid,
  options: DiffTreesOptions = {},
): AsyncGenerator<PathDiff> {
  for (const change of await changedPaths(nodes, before, after, options)) {
    throwIfAborted(options.signal)
    yield await pathDiff(nodes, change, options)
  }
}

export interface ChangedPath extends TreeDifference {
  readonly state: PathState
  readonly from?: string
}

/** Paths that differ, moves paired up, in the order of their paths. */
export async function changedPaths(
  nodes: NodeStore,
  before: Cid,
  after: Cid,
  options: DiffTreesOptions = {},
): Promise<ChangedPath[]> {
  if (before === after) return []
  const [a, b] = await Promise.all([Tree.load(nodes, before), Tree.load(nodes, after)])
  const differences: TreeDifference[] = []
  for (const prefix of options.paths ?? ['']) {
    for await (const batch of diffTrees(a, b, { prefix, signal: options.signal })) differences.push(...batch)
  }
  const { renames } = await findRenames(nodes.reader, differences, { signal: options.signal })
  return pairRenames(differences, renames)
}

async function pathDiff(nodes: NodeStore, change: ChangedPath, options: DiffTreesOptions): Promise<PathDiff> {
  const { before, after, path, state } = change
  const common = {
    path,
    state,
    ...(change.from === undefined ? {} : { from: change.from }),
    sizeBefore: sizeOf(before),
    sizeAfter: sizeOf(after),
  }
  const nothing = { schemaChanges: [], rows: none, rowCounts: async () => noRows, hunks: none }
  if ((before ?? after)!.kind === 'table' && (after ?? before)!.kind === 'table') {
    return { ...common, ...nothing, ...(await tableParts(nodes, before, after, options)) }
  }
  const texts = await Promise.all([before, after].map((entry) => textOf(nodes, entry, options.signal)))
  const [old, fresh] = texts
  if (old === undefined || fresh === undefined) return { ...common, ...nothing, kind: 'binary' }
  const kind = (after ?? before)!.kind === 'symlink' ? 'symlink' : 'text'
  return { ...common, ...nothing, kind, hunks: () => lineHunks(path, old ?? '', fresh ?? '') }
}

async function* none(): AsyncGenerator<never> {}

function sizeOf(entry: TreeEntry | null): number | null {
  if (entry === null || entry.kind === 'table') return null
  return entry.kind === 'file' ? entry.size : entry.target.length
}

async function tableParts(
  nodes: NodeStore,
  before: TreeEntry | null,
  after: TreeEntry | null,
  options: DiffTreesOptions,
): Promise<Pick<PathDiff, 'kind' | 'schemaChanges' | 'keyColumns' | 'rows' | 'rowCounts'>> {
  const tableOf = async (entry: TreeEntry | null): Promise<TableObject | null> =>
    entry?.kind === 'table' ? loadTable(nodes.reader, entry.table) : null
  const [a, b] = await Promise.all([before, after].map(tableOf))
  const schemaChanges = a && b ? describeSchema(diffSchemas(a.schema, b.schema)) : []
  return {
    kind: 'table',
    schemaChanges,
    keyColumns: keyNames((b ?? a)!.schema),
    rows: () => {
      if (a && b) return diffTables(nodes, a, b, options)
      return a ? allRows(nodes, a, 'removed', options.signal) : allRows(nodes, b!, 'added', options.signal)
    },
    rowCounts: () => {
      if (a && b) return countRows(diffTables(nodes, a, b, options))
      return a ? countWhole(nodes, a, 'removed') : countWhole(nodes, b!, 'added')
    },
  }
}

async function* allRows(
  nodes: NodeStore,
  object: TableObject,
  kind: 'added' | 'removed',
  signal: AbortSignal | undefined,
): AsyncGenerator<RowDifference[]> {
  const table = await Table.of(nodes, object)
  const keys = keyNames(object.schema)
  for await (const rows of table.scan({ signal })) {
    yield rows.map((row) => ({
      kind,
      key: keys.map((name) => row[name] ?? null),
      before: kind === 'removed' ? row : null,
      after: kind === 'added' ? row : null,
      cells: [],
    }))
  }
}

function keyNames({ columns, key }: Schema): string[] {
  return key.map((id) => columns.find((column) => column.id === id)!.name)
}

/** Sentences for people, without full stops. */
export function describeSchema(difference: SchemaDifference): string[] {
  return [
    ...difference.added.map((column) => `column '${column.name}' added`),
    ...difference.removed.map((column) => `column '${column.name}' removed`),
    ...difference.renamed.map(({ before, after }) => `column '${before.name}' renamed to '${after.name}'`),
    ...difference.retyped.map(
      ({ before, after }) => `column '${after.name}' is ${after.type}, was ${before.type}`,
    ),
    ...(difference.reordered ? ['columns reordered'] : []),
    ...(difference.keyChanged ? ['key changed'] : []),
  ]
}

/** null: the side is not there; undefined: it is not text, or too large to compare by lines. */
async function textOf(
  nodes: NodeStore,
  entry: TreeEntry | null,
  signal: AbortSignal | undefined,
): Promise<string | null | undefined> {
  if (entry === null) return null
  if (entry.kind === 'symlink') return `${textFromBytes(entry.target)}\n`
  if (entry.kind === 'table') return undefined
  if (entry.size > textBytesMax) return undefined
  const bytes = concatBytes(await collect(readFile(nodes, entry, { signal })))
  return isText(bytes) ? textFromBytes(bytes) : undefined
}

async function* lineHunks(path: string, old: string, fresh: string): AsyncGenerator<LineHunk> {
  const patch = structuredPatch(path, path, old, fresh, undefined, undefined, {
    context: 3,
    maxEditLength: editsMax,
  })
  if (patch === undefined) {
    // So much differs that the shortest edit is not worth finding: all out, all in.
    const out = markLines('-', old)
    const into = markLines('+', fresh)
    yield { oldStart: 1, oldLines: out.length, newStart: 1, newLines: into.length, lines: [...out, ...into] }
    return
  }
  yield* patch.hunks
}

function markLines(mark: string, text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => mark + line)
}
