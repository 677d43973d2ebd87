// Conflicts for people, and settling them: the index takes the choice, the files follow.
import { concatBytes } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'
import { collect } from '../base/iterables.ts'
import type { Cid } from '../encoding/cid.ts'
import type { TreeEntry } from '../files/interface.ts'
import { textFromBytes } from '../files/text.ts'
import { Tree } from '../files/tree.ts'
import { readFile } from '../files/read.ts'
import { removeConflicts, scanConflicts } from '../merge/conflicts.ts'
import type { Conflict, KeyCollision, RowConflict, StoredRow } from '../merge/interface.ts'
import { conflictMarkers, textBytesMax } from '../documents/merge-text.ts'
import { resolveConflicts } from '../merge/resolve.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { withWriter, operatorOf } from '../repo/context.ts'
import { type Folder, type Repo, indexBaseRef, indexRef, mergeRef } from '../repo/interface.ts'
import { readMergeState, writeMergeState } from '../repo/merge-state.ts'
import { move } from '../repo/move.ts'
import type { Manifest } from '../store/interface.ts'
import { cellValue } from '../table/cell.ts'
import type { Cell, Row, Value } from '../table/interface.ts'
import { encodeRowKey } from '../table/row-key.ts'
import { type RowShape, cellLinks, entrySlots, keyValues, rowShape, slotsToRow } from '../table/rows.ts'
import type { RowSlots } from '../table/row.ts'
import { fetchContents } from '../table/slot.ts'
import { loadTable } from '../table/table-object.ts'
import type { ConflictInfo, OperationOptions, ResolveOptions } from './interface.ts'

export async function* listConflicts(
  repo: Repo,
  options: { path?: string | undefined },
): AsyncGenerator<ConflictInfo> {
  const manifest = await repo.store.manifest()
  const state = await readMergeState(repo.store, manifest)
  if (state === null || state.conflicts === null) return
  const tree = manifest.refs.get(indexRef)!
  yield* conflictInfos(repo.nodes, tree, state.conflicts, { path: options.path })
}

/** Conflicts as values; `tree` is the merged one. */
export async function* conflictInfos(
  nodes: NodeStore,
  tree: Cid,
  conflicts: Cid | null,
  filter: { path?: string | undefined } = {},
): AsyncGenerator<ConflictInfo> {
  const tables = new TableReaders(nodes, await Tree.load(nodes, tree))
  for await (const batch of scanConflicts(nodes, conflicts, filter)) {
    for (const conflict of batch) yield await describe(nodes, tables, conflict)
  }
}

/** Row readers of the merged tables, by path. */
class TableReaders {
  readonly #nodes: NodeStore
  readonly #tree: Tree
  readonly #known = new Map<string, RowShape>()

  constructor(nodes: NodeStore, tree: Tree) {
    this.#nodes = nodes
    this.#tree = tree
  }

  async at(path: string): Promise<RowShape> {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    const entry = await this.#tree.get(path)
    if (entry?.kind !== 'table') {
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is not a table any more`, {
        hint: "settle it with 'varve add PATH', or give the merge up with 'varve merge --abort'",
      })
    }
    const shape = rowShape((await loadTable(this.#nodes.reader, entry.table)).schema)
    this.#known.set(path, shape)
    return shape
  }
}

async function describe(nodes: NodeStore, tables: TableReaders, conflict: Conflict): Promise<ConflictInfo> {
  const { id, kind, path } = conflict
  if (conflict.kind === 'file' || conflict.kind === 'schema') {
    const text =
      conflict.kind === 'file' && conflict.reason === 'text' ? await markedText(nodes, conflict) : undefined
    return {
      id,
      kind,
      path,
      ...(conflict.kind === 'schema' && conflict.column !== null ? { column: conflict.column } : {}),
      reason: conflict.reason,
      ...(conflict.kind === 'file' && conflict.names !== undefined ? { names: conflict.names } : {}),
      base: inWords(conflict.base),
      ours: inWords(conflict.ours),
      theirs: inWords(conflict.theirs),
      ...(text === undefined ? {} : { text }),
    }
  }
  const shape = await tables.at(path)
  const key = keyValues(shape, conflict.key)
  const keyNames = shape.keys.map((column) => column.name)
  if (conflict.kind !== 'cell')
    return { id, kind, path, key, keyColumns: keyNames, ...(await rowSides(nodes, shape, conflict)) }
  const type = shape.schema.columns.find((column) => column.name === conflict.column)?.type ?? 'text'
  const value = (cell: Cell | null): Value => (cell === null ? null : cellValue(cell, type))
  return {
    id,
    kind,
    path,
    key,
    keyColumns: keyNames,
    column: conflict.column,
    base: value(conflict.base),
    ours: value(conflict.ours),
    theirs: value(conflict.theirs),
  }
}

async function rowSides(
  nodes: NodeStore,
  shape: RowShape,
  conflict: RowConflict | KeyCollision,
): Promise<{ base: Row | null; ours: Row | null; theirs: Row | null }> {
  const slotsOf = (side: StoredRow): RowSlots => entrySlots(shape, { key: conflict.key, ...side })
  const sides = [conflict.base, conflict.ours, conflict.theirs]
  const links = sides.flatMap((side) => (side === null ? [] : cellLinks(slotsOf(side))))
  const contents = await fetchContents(nodes.reader, links)
  const row = (side: StoredRow | null): Row | null =>
    side === null ? null : slotsToRow(shape, conflict.key, slotsOf(side), contents)
  return { base: row(conflict.base), ours: row(conflict.ours), theirs: row(conflict.theirs) }
}

function inWords(entry: TreeEntry | null): string | null {
  if (entry === null) return null
  if (entry.kind === 'table') return 'table'
  if (entry.kind === 'symlink') return `symlink to ${textFromBytes(entry.target)}`
  return `${entry.size} bytes${entry.executable ? ', executable' : ''}`
}

async function markedText(
  nodes: NodeStore,
  conflict: { base: TreeEntry | null; ours: TreeEntry | null; theirs: TreeEntry | null },
): Promise<string | undefined> {
  const sides: Uint8Array[] = []
  for (const entry of [conflict.base, conflict.ours, conflict.theirs]) {
    if (entry !== null && (entry.kind !== 'file' || entry.size > textBytesMax)) return undefined
    sides.push(entry === null ? new Uint8Array(0) : concatBytes(await collect(readFile(nodes, entry))))
  }
  const marked = conflictMarkers(sides[0]!, sides[1]!, sides[2]!, {
    ours: 'ours',
    base: 'base',
    theirs: 'theirs',
  })
  return marked === null ? undefined : textFromBytes(marked)
}

export async function settleConflicts(
  repo: Repo,
  folder: Folder | null,
  path: string,
  options: ResolveOptions & OperationOptions,
): Promise<{ resolved: number; left: number }> {
  let report = { resolved: 0, left: 0 }
  await move(
    repo,
    folder,
    async (manifest, io) => {
      const state = await readMergeState(io.writer, manifest)
      if (state === null || state.conflicts === null) throw nothingToSettle(state !== null)
      const tree = manifest.refs.get(indexRef)!
      const key = options.key === undefined ? undefined : await typedKey(io.nodes, tree, path, options.key)
      const settled = await resolveConflicts(
        {
          ...io,
          tree,
          conflicts: state.conflicts,
          path,
          key,
          column: options.column,
          id: options.id,
          take: options.take,
        },
        { signal: options.signal },
      )
      report = { resolved: settled.resolved, left: settled.left }
      return {
        refs: new Map([[mergeRef, writeMergeState(io.writer, { ...state, conflicts: settled.conflicts })]]),
        operation: { name: 'resolve', message: path },
        show: settled.tree,
        ...overOf(manifest),
      }
    },
    options,
  )
  return report
}

function overOf(manifest: Manifest): { over?: Cid } {
  const over = manifest.refs.get(indexBaseRef)
  return over === undefined ? {} : { over }
}

async function typedKey(
  nodes: NodeStore,
  root: Cid,
  path: string,
  parts: readonly string[],
): Promise<Uint8Array> {
  const entry = await (await Tree.load(nodes, root)).get(path)
  if (entry?.kind !== 'table') throw new VarveError('VARVE_USAGE', `'${path}' is not a table: it has no keys`)
  const shape = rowShape((await loadTable(nodes.reader, entry.table)).schema)
  return encodeRowKey(shape, { text: parts }, path)
}

function nothingToSettle(merging: boolean): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    merging ? 'all conflicts are resolved' : 'there is no merge in progress',
    {
      hint: merging ? "finish the merge with 'varve merge --continue'" : "see 'varve status'",
    },
  )
}

/** `varve add PATH` during a merge says that what the file holds is the answer. */
export async function settlePaths(repo: Repo, paths: readonly string[]): Promise<void> {
  if (!(await repo.store.manifest()).refs.has(mergeRef)) return
  await withWriter(repo, (writer, nodes) =>
    repo.store.update(
      async (manifest) => {
        const state = await readMergeState(writer, manifest)
        if (state === null || state.conflicts === null) return null
        let conflicts: Cid | null = state.conflicts
        for (const path of await conflictedPaths(nodes, conflicts, paths)) {
          conflicts =
            conflicts === null ? null : (await removeConflicts(nodes, writer, conflicts, { path })).conflicts
        }
        if (conflicts === state.conflicts) return null
        return {
          refs: new Map([[mergeRef, writeMergeState(writer, { ...state, conflicts })]]),
          operation: { name: 'resolve', message: paths.join(' '), author: operatorOf(repo, manifest) },
        }
      },
      { writer },
    ),
  )
}

async function conflictedPaths(
  nodes: NodeStore,
  conflicts: Cid,
  named: readonly string[],
): Promise<Set<string>> {
  const wanted = new Set<string>()
  for await (const batch of scanConflicts(nodes, conflicts)) {
    for (const { path } of batch) {
      if (named.some((name) => path === name || path.startsWith(`${name.replace(/\/$/, '')}/`)))
        wanted.add(path)
    }
  }
  return wanted
}
