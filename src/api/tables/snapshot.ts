// The dataset as of one commit, and tables in it: what `Repository.at` gives.
import { concatBytes } from '../../base/bytes.ts'
import { commandWord } from '../../base/command-word.ts'
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import { didYouMean } from '../../base/nearest.ts'
import { digestHex } from '../../encoding/cid.ts'
import type { TreeEntry } from '../../files/interface.ts'
import { nearPath } from '../../files/near-path.ts'
import { PathSelection } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { readFile } from '../../files/read.ts'
import { scanSelected } from '../../files/scan-selected.ts'
import { Tree } from '../../files/tree.ts'
import { exportTable } from '../../formats/export.ts'
import { renderTable } from '../../formats/render.ts'
import { readCommit } from '../../history/commit.ts'
import { resolveRevision } from '../../history/revision.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { findTable, noTableIn } from '../../repo/find-table.ts'
import type { Repo } from '../../repo/interface.ts'
import { namedEntry, withoutTree } from '../../repo/named-tree.ts'
import { keyNames } from '../../table/key.ts'
import type { Row, Value } from '../../table/interface.ts'
import { Table } from '../../table/table.ts'
import { loadTable } from '../../table/table-object.ts'
import type { Key, KeyRangeOptions, LazyTable, Snapshot, TableView } from './data.ts'
import { contentId } from '../entry-info.ts'
import type { ListEntry, OperationOptions } from '../interface.ts'

export async function openSnapshot(repo: Repo, revision: string): Promise<Snapshot> {
  const { commit } = await resolveRevision(repo.store, withoutTree(revision))
  const { tree } = await readCommit(repo.store, commit)
  return new TreeSnapshot(repo.nodes, await Tree.load(repo.nodes, tree), digestHex(commit), revision)
}

/** The bytes of what 'REV:PATH' names; REV may be ':0', the index, or a side of the merge in progress. */
export async function* readNamed(
  repo: Repo,
  named: string,
  path: string,
  options: OperationOptions,
): AsyncGenerator<Uint8Array> {
  if (!named.startsWith(':')) return yield* (await openSnapshot(repo, named)).read(path, options)
  const entry = await namedEntry(repo, named, path, await repo.store.manifest())
  yield* contentOf(repo.nodes, entry, options)
}

class TreeSnapshot implements Snapshot {
  readonly commit: string
  readonly #nodes: NodeStore
  readonly #tree: Tree
  readonly #revision: string

  constructor(nodes: NodeStore, tree: Tree, commit: string, revision: string) {
    this.#nodes = nodes
    this.#tree = tree
    this.commit = commit
    this.#revision = revision
  }

  table<R extends object = Row>(name: string): LazyTable<R> {
    const table: LazyTable = new SnapshotTable(async () => {
      const found = await findTable(this.#tree, name)
      if (found === null) throw await noTableIn(this.#tree, name, this.#revision)
      return { path: found.path, table: await Table.load(this.#nodes, found.table) }
    })
    return table as unknown as LazyTable<R>
  }

  async *read(
    path: string,
    options: OperationOptions & { start?: number; end?: number } = {},
  ): AsyncGenerator<Uint8Array> {
    const entry = await this.#tree.get(path)
    if (entry === null) throw await noPath(this.#tree, path, this.#revision)
    yield* contentOf(this.#nodes, entry, options)
  }

  async readAll(path: string, options: OperationOptions = {}): Promise<Uint8Array> {
    return concatBytes((await collect(this.read(path, options))).map((part) => part.slice()))
  }

  async *list(
    options: OperationOptions & { path?: string; paths?: readonly NamedPath[] } = {},
  ): AsyncGenerator<ListEntry> {
    if (options.paths !== undefined) return yield* this.#listSelected(options.paths, options)
    let found = false
    for await (const batch of this.#tree.scan({ prefix: options.path, signal: options.signal })) {
      found = true
      yield* await Promise.all(batch.map(({ path, entry }) => listEntryOf(this.#nodes, path, entry)))
    }
    if (!found && options.path !== undefined) throw await noPath(this.#tree, options.path, this.#revision)
  }

  async *#listSelected(paths: readonly NamedPath[], { signal }: OperationOptions): AsyncGenerator<ListEntry> {
    const selection = new PathSelection(paths)
    for (const path of selection.paths)
      if (path !== '' && (await this.#tree.get(path)) === null && !(await this.#tree.isDirectory(path)))
        throw await noPath(this.#tree, path, this.#revision)
    const expected = selection.expectMatches({ isFound: ({ path }) => path !== null })
    for await (const batch of scanSelected(this.#tree, selection, { signal })) {
      for (const { path } of expected.isOpen ? batch : []) expected.see(path)
      yield* await Promise.all(batch.map(({ path, entry }) => listEntryOf(this.#nodes, path, entry)))
    }
    await expected.end()
  }
}

/** A file's bytes, a symlink's target, a table as its file (as CSV when it has none). */
export async function* contentOf(
  nodes: NodeStore,
  entry: TreeEntry,
  options: OperationOptions & { start?: number; end?: number } = {},
): AsyncGenerator<Uint8Array> {
  const { signal } = options
  const isWhole = options.start === undefined && options.end === undefined
  // For a range, only what it needs is fetched, as it is read.
  if (isWhole && entry.kind !== 'symlink')
    await nodes.reader.prefetch?.([entry.kind === 'file' ? entry.content : entry.table], { signal })
  if (entry.kind === 'file') {
    yield* readFile(nodes, entry, options)
    return
  }
  const whole =
    entry.kind === 'symlink'
      ? [entry.target]
      : tableBytes(nodes, await loadTable(nodes.reader, entry.table), signal)
  yield* sliceParts(whole, options.start ?? 0, options.end ?? Number.POSITIVE_INFINITY)
}

function tableBytes(
  nodes: NodeStore,
  table: Awaited<ReturnType<typeof loadTable>>,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  return table.layout === null
    ? exportTable(nodes, table, 'csv', { signal })
    : renderTable(nodes, table, { signal })
}

async function* sliceParts(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const part of parts) {
    const piece = part.subarray(Math.max(0, start - at), Math.max(0, Math.min(part.length, end - at)))
    if (piece.length > 0) yield piece
    at += part.length
    if (at >= end) return
  }
}

export async function listEntryOf(nodes: NodeStore, path: string, entry: TreeEntry): Promise<ListEntry> {
  return {
    path,
    kind: entry.kind,
    executable: entry.kind !== 'symlink' && entry.executable,
    size: await sizeOf(nodes, entry),
    id: contentId(entry),
  }
}

async function sizeOf(nodes: NodeStore, entry: TreeEntry): Promise<number> {
  if (entry.kind === 'file') return entry.size
  return entry.kind === 'symlink' ? entry.target.length : (await Table.load(nodes, entry.table)).count
}

export async function noPath(tree: Tree, path: string, revision: string): Promise<VarveError> {
  if (await tree.isDirectory(path)) {
    const name = path === '' ? 'the root' : `'${path}'`
    return new VarveError('VARVE_PATH_NOT_FOUND', `${name} is a folder`, {
      hint: `list it with '${`varve ls ${revision} ${path === '' ? '' : commandWord(path)}`.trimEnd()}'`,
    })
  }
  return new VarveError('VARVE_PATH_NOT_FOUND', `no '${path}' in '${revision}'`, {
    data: { path, revision },
    hint: didYouMean(await nearPath(tree, path), `see what is there with 'varve ls ${revision}'`),
  })
}

export interface OpenedTable {
  readonly path: string
  readonly table: Table
}

class SnapshotTable implements LazyTable {
  readonly #load: () => Promise<OpenedTable>
  #opened: Promise<OpenedTable> | null = null

  constructor(load: () => Promise<OpenedTable>) {
    this.#load = load
  }

  #table(): Promise<OpenedTable> {
    this.#opened ??= this.#load()
    return this.#opened
  }

  async open(): Promise<TableView> {
    return viewOf(await this.#table())
  }

  async get(key: Key): Promise<Row | null> {
    return viewOf(await this.#table()).get(key)
  }

  async getMany(keys: readonly Key[]): Promise<(Row | null)[]> {
    return viewOf(await this.#table()).getMany(keys)
  }

  async *scan(range: KeyRangeOptions = {}): AsyncGenerator<Row> {
    yield* viewOf(await this.#table()).scan(range)
  }

  async count(): Promise<number> {
    return (await this.#table()).table.count
  }
}

export function keyParts(key: Key): readonly Value[] {
  return Array.isArray(key) ? (key as readonly Value[]) : [key as Value]
}

export function viewOf({ path, table }: OpenedTable): TableView {
  return {
    path,
    columns: table.schema.columns.map(({ name, type }) => ({ name, type })),
    key: keyNames(table.schema),
    count: table.count,
    get: (key) => table.get(keyParts(key)),
    getMany: (keys) => table.getMany(keys.map(keyParts)),
    scan: (range) => scanRows(table, range),
  }
}

async function* scanRows(table: Table, range: KeyRangeOptions = {}): AsyncGenerator<Row> {
  let left = range.limit ?? Number.POSITIVE_INFINITY
  if (left <= 0) return
  const bounds = {
    ...(range.from === undefined ? {} : { from: keyParts(range.from) }),
    ...(range.before === undefined ? {} : { before: keyParts(range.before) }),
  }
  for await (const batch of table.scan({
    ...bounds,
    reverse: range.reverse === true,
    signal: range.signal,
  })) {
    for (const row of batch) {
      throwIfAborted(range.signal)
      yield row
      if (--left <= 0) return
    }
  }
}
