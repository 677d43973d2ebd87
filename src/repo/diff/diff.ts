// What differs between two path trees, for people: rows and cells of tables, lines of text, sizes of the rest. A path's
// rows and lines are made only while somebody iterates them; finding the changed paths costs what changed.
import { takeTurn } from '../../base/turns.ts'
import { compareBytes, concatBytes } from '../../base/bytes.ts'
import { collect } from '../../base/iterables.ts'
import type { WorkerPool } from '../../base/pool.ts'
import type { Cid } from '../../encoding/cid.ts'
import { pathToBytes } from '../../files/path.ts'
import type { TreeDifference, TreeEntry } from '../../files/interface.ts'
import { modeOf } from '../../files/mode.ts'
import { PathSelection } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { readFile } from '../../files/read.ts'
import { readTogether } from '../../files/read-together.ts'
import { findRenames } from '../../files/renames.ts'
import { isText, textFromBytes } from '../../files/text.ts'
import { selectedDifferences } from '../../files/tree-diff.ts'
import { prefetchContents } from '../../files/prefetch.ts'
import { Tree } from '../../files/tree.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { documentParts } from './diff-document.ts'
import type { ObjectWriter } from '../../store/interface.ts'
import type { RowDifference, TableObject } from '../../table/interface.ts'
import { loadTable } from '../../table/table-object.ts'
import type { FileKeys } from './diff-columnar.ts'
import { isReshaped, reshapedParts } from './diff-reshaped.ts'
import type { LineOptions } from '../../documents/line-hunks.ts'
import { withoutSpace } from '../../documents/white-space.ts'
import { type Lines, linesOf, noLines, replacedLines } from './diff-lines.ts'
import { type Values, noValues, valuesOf } from './diff-values.ts'
import type { PathState } from '../interface.ts'
import { pairRenames } from './renames.ts'
import { type RowCounts, noRows } from './row-counts.ts'
import { type TableParts, partsOfTables } from './table-parts.ts'

/** Larger files are compared by size: a line diff of them serves nobody. */
export const textBytesMax: number = 16 << 20

export interface PathDiff extends Lines {
  readonly path: string
  readonly state: PathState
  readonly from?: string
  readonly kind: 'table' | 'text' | 'binary' | 'symlink'
  readonly sizeBefore: number | null
  readonly sizeAfter: number | null
  /** Git's modes. */
  readonly modeBefore: string | null
  readonly modeAfter: string | null
  readonly schemaChanges: readonly string[]
  /** The key's columns, where it is a table. */
  readonly keyColumns?: readonly string[]
  /** Those of rows that were removed, where the table had another key. */
  readonly keyColumnsBefore?: readonly string[]
  /** In a file with several tables: the one that this is about. */
  readonly table?: string
  /** How a file's rows were told apart, or why they were not; or that it has become executable, or is no longer. */
  readonly note?: string
  /** `skip`: so many of the first are left out, for less than it takes to make them. */
  rows(options?: { readonly skip?: number }): AsyncIterable<RowDifference[]>
  rowCounts(): Promise<RowCounts>
  /** Of binary files; null: one is larger than `textBytesMax`, or a table. */
  contents?(): Promise<Record<'before' | 'after', Uint8Array | null> | null>
  /** Changes value by value, where it is a JSON or YAML file. */
  readonly values: Values
}

/** Shorter texts are compared sooner than they are handed to a thread. */
const threadLengthMin = 64 << 10
/** How many changed files are fetched together. */
const changesAhead = 256

export interface DiffTreesOptions extends LineOptions {
  /** How alike two files have to be to be one that was renamed, from 0 to 1; 'none': none is. */
  readonly renames?: 'none' | number | undefined
  readonly paths?: readonly NamedPath[] | undefined
  readonly signal?: AbortSignal | undefined
  /** Where given, Parquet and SQLite files, and files that became tables, are read into it, and compared by rows; else by size. */
  readonly writer?: ObjectWriter | undefined
  /** Where texts and data files are compared; default: here and now. */
  readonly threads?: WorkerPool | undefined
  /** Untracked data files, Parquet and SQLite files that are larger are not compared by rows. */
  readonly rowsBytesMax?: number | undefined
  /** Paths before this one are left out, whatever became of them. */
  readonly startAt?: string | undefined
}

export async function* diffDatasets(
  nodes: NodeStore,
  before: Cid,
  after: Cid,
  options: DiffTreesOptions = {},
): AsyncGenerator<PathDiff> {
  const { writer, signal } = options
  let keys: FileKeys | null = null
  const all = await changedPaths(nodes, before, after, options)
  const changes = options.startAt === undefined ? all : all.slice(placeOf(all, options.startAt))
  for await (const { change, contents } of withContents(nodes, changes, signal)) {
    await takeTurn(signal)
    const diff = await pathDiff(nodes, change, contents, options)
    if (diff === null) continue
    if (writer === undefined || !mayHoldRows(change, diff.kind)) yield diff
    else {
      const { columnarDiffs, fileKeys } = await import('./diff-columnar.ts')
      keys ??= await fileKeys(nodes, after, { signal })
      yield* columnarDiffs({ nodes, writer }, change, diff, keys, options)
    }
  }
}

/** Index of the first change whose path does not stand before this one. */
function placeOf(changes: readonly ChangedPath[], path: string): number {
  const sought = pathToBytes(path)
  let [low, high] = [0, changes.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes(pathToBytes(changes[middle]!.path), sought) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** By their names; what is not there is still to be read. */
type Contents = ReadonlyMap<Cid, Uint8Array>

/** Texts are read whole: those of some files that come next come together. Of tables only what differs is read. */
async function* withContents(
  { reader }: NodeStore,
  changes: readonly ChangedPath[],
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly change: ChangedPath; readonly contents: Contents }> {
  for (let at = 0; at < changes.length; at += changesAhead) {
    const next = changes.slice(at, at + changesAhead)
    const mayBeText = (entry: TreeEntry | null): boolean =>
      entry?.kind === 'file' && entry.size <= textBytesMax
    const texts = next.flatMap(({ before, after }) => [before, after]).filter(mayBeText)
    await prefetchContents(reader, texts, { signal })
    const contents = await readTogether(reader, texts, { signal })
    for (const change of next) yield { change, contents }
  }
}

/** Whether the change is between two versions of one file that is neither table nor text. */
function mayHoldRows({ before, after }: ChangedPath, kind: PathDiff['kind']): boolean {
  return kind === 'binary' && before?.kind === 'file' && after?.kind === 'file'
}

export interface ChangedPath extends TreeDifference {
  readonly state: PathState
  readonly from?: string
}

/** The paths that differ, in the order of paths, with moves paired. */
export async function changedPaths(
  nodes: NodeStore,
  before: Cid,
  after: Cid,
  options: DiffTreesOptions = {},
): Promise<ChangedPath[]> {
  if (before === after) return []
  const [a, b] = await Promise.all([Tree.load(nodes, before), Tree.load(nodes, after)])
  const differences = await selectedDifferences(a, b, new PathSelection(options.paths ?? ['.']), options)
  if (options.renames === 'none') return pairRenames(differences, [])
  const { renames } = await findRenames(nodes.reader, differences, {
    likenessMin: options.renames,
    signal: options.signal,
  })
  return pairRenames(differences, renames)
}

/** The diff of a path; null when it does not differ in what was asked for. */
async function pathDiff(
  nodes: NodeStore,
  change: ChangedPath,
  contents: Contents,
  options: DiffTreesOptions,
): Promise<PathDiff | null> {
  const { before, after, path, state } = change
  const common = {
    path,
    state,
    ...(change.from === undefined ? {} : { from: change.from }),
    sizeBefore: sizeOf(before),
    sizeAfter: sizeOf(after),
    modeBefore: modeOf(before),
    modeAfter: modeOf(after),
    ...bitNote(before, after),
  }
  const nothing = nothingToShow
  if ((before ?? after)!.kind === 'table' && (after ?? before)!.kind === 'table') {
    return { ...common, ...nothing, ...(await tableParts(nodes, before, after, options)) }
  }
  const rows = await rowParts(nodes, change, options)
  if (rows !== null) return { ...common, ...nothing, ...rows }
  const texts = await Promise.all(
    [before, after].map((entry) => textOf(nodes, entry, contents, options.signal)),
  )
  const [old, fresh] = texts
  if (old === undefined || fresh === undefined)
    return { ...common, ...nothing, kind: 'binary', contents: () => bothContents(nodes, change, options) }
  const kind = (after ?? before)!.kind === 'symlink' ? 'symlink' : 'text'
  const [from, to] = [old ?? '', fresh ?? '']
  const threads = from.length + to.length < threadLengthMin ? undefined : options.threads
  const { context, ignoreSpace } = options
  if (ignoreSpace !== undefined && ignoreSpace !== false && isModified(common)) {
    const bare = (text: string): string => withoutSpace(text, ignoreSpace === true ? 'all' : ignoreSpace)
    if (bare(from) === bare(to)) return null
  }
  return {
    ...common,
    ...nothing,
    kind,
    values: valuesOf(change, from, to, threads),
    ...(state === 'typechange'
      ? replacedLines(from, to, threads)
      : linesOf(from, to, { context, ignoreSpace }, threads)),
  }
}

/** For a path that is not a table in both versions; null: it has no rows, or they cannot be matched. */
async function rowParts(
  nodes: NodeStore,
  change: ChangedPath,
  options: DiffTreesOptions,
): Promise<(TableParts & Pick<PathDiff, 'note'>) | null> {
  const { writer } = options
  if (!isReshaped(change)) return documentParts(nodes, change, options)
  return writer === undefined ? null : reshapedParts({ nodes, writer }, change, options)
}

/** Whether the file's content differs, and neither its name nor its executable bit. */
function isModified({ state, note }: Pick<PathDiff, 'state' | 'note'>): boolean {
  return state === 'modified' && note === undefined
}

function bitNote(before: TreeEntry | null, after: TreeEntry | null): Pick<PathDiff, 'note'> {
  if (before === null || after === null || before.kind === 'symlink' || after.kind === 'symlink') return {}
  if (before.executable === after.executable) return {}
  return { note: after.executable ? 'executable now' : 'no longer executable' }
}

async function* none(): AsyncGenerator<never> {}

const nothingToShow = {
  schemaChanges: [],
  rows: none,
  rowCounts: async () => noRows,
  values: noValues,
  ...noLines,
}

function sizeOf(entry: TreeEntry | null): number | null {
  if (entry === null || entry.kind === 'table') return null
  return entry.kind === 'file' ? entry.size : entry.target.length
}

async function tableParts(
  nodes: NodeStore,
  before: TreeEntry | null,
  after: TreeEntry | null,
  options: DiffTreesOptions,
): Promise<TableParts> {
  const tableOf = async (entry: TreeEntry | null): Promise<TableObject | null> =>
    entry?.kind === 'table' ? loadTable(nodes.reader, entry.table) : null
  const [a, b] = await Promise.all([before, after].map(tableOf))
  return partsOfTables(nodes, a ?? null, b ?? null, options)
}

async function bothContents(
  nodes: NodeStore,
  { before, after }: ChangedPath,
  { signal }: DiffTreesOptions,
): Promise<Record<'before' | 'after', Uint8Array | null> | null> {
  const isWhole = (entry: TreeEntry | null): boolean =>
    entry === null || (entry.kind === 'file' && entry.size <= textBytesMax)
  if (!isWhole(before) || !isWhole(after)) return null
  const read = async (entry: TreeEntry | null): Promise<Uint8Array | null> => {
    return entry?.kind === 'file' ? concatBytes(await collect(readFile(nodes, entry, { signal }))) : null
  }
  return { before: await read(before), after: await read(after) }
}

/** null: the side is not there; undefined: it is not text, or too large to compare by lines. */
async function textOf(
  nodes: NodeStore,
  entry: TreeEntry | null,
  contents: Contents,
  signal: AbortSignal | undefined,
): Promise<string | null | undefined> {
  if (entry === null) return null
  if (entry.kind === 'symlink') return textFromBytes(entry.target)
  if (entry.kind === 'table') return undefined
  if (entry.size > textBytesMax) return undefined
  const bytes = contents.get(entry.content) ?? concatBytes(await collect(readFile(nodes, entry, { signal })))
  return isText(bytes) ? textFromBytes(bytes) : undefined
}
