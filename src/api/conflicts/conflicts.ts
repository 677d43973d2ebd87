// Listing and settling conflicts: the index takes the choice, the files follow, and all of it happens with one
// manifest, so that a crash leaves every chosen conflict resolved or none.
import type { Cid } from '../../encoding/cid.ts'
import { VarveError, isVarveError } from '../../base/errors.ts'
import { PathSelection } from '../../files/path-selection.ts'
import { Tree } from '../../files/tree.ts'
import { scanRecords } from '../../merge/conflicts/conflicts.ts'
import { scanResolved } from '../../merge/resolve/resolutions.ts'
import { reopenConflicts, resolveConflicts } from '../../merge/resolve/resolve.ts'
import type { OpenMerge, Resolution, SettledRecord } from '../../merge/resolve/settler.ts'
import { TableSchemas } from '../../merge/resolve/table-schemas.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { withWriter, operatorOf } from '../../repo/context.ts'
import {
  type Folder,
  type Io,
  type MergeState,
  type Repo,
  indexBaseRef,
  indexRef,
  mergeRef,
  rerereRef,
} from '../../repo/interface.ts'
import type { MergeKind } from '../../merge/merge-sides.ts'
import { readMergeState, writeMergeState } from '../../repo/merging/merge-state.ts'
import { verbOf } from '../../repo/merging/verb.ts'
import { type Move, move } from '../../repo/move.ts'
import { openRerere } from '../../repo/merging/rerere.ts'
import type { Rerere } from '../../merge/resolve/rerere.ts'
import type { Manifest } from '../../store/interface.ts'
import { filterOf } from './conflict-filter.ts'
import { ConflictReader } from './conflict-reader.ts'
import { SheetWriter, sheetColumns, sheetLine } from './conflict-sheet.ts'
import type { ConflictInfo, ConflictOptions, ConflictSelection } from '../interface.ts'
import type { NamedPath, OperationOptions, ResolveOptions } from '../interface.ts'

export async function* listConflicts(repo: Repo, options: ConflictOptions): AsyncGenerator<ConflictInfo> {
  const manifest = await repo.store.manifest()
  const state = await readMergeState(repo.store, manifest)
  if (state === null) return
  const { nodes } = repo
  const reader = await readerOf(repo, manifest, state)
  const filter = await filterOf(reader.schemas, options)
  if (options.resolved === true) {
    if (state.met === null) return
    for await (const batch of scanResolved(nodes, state.met.conflicts, state.resolutions, filter))
      yield* await reader.describeResolved(batch)
    return
  }
  for await (const batch of scanRecords(nodes, state.conflicts, filter)) yield* await reader.describe(batch)
}

/** Conflicts that no merge state holds, as values; `tree` is the merged one. */
export async function* conflictInfos(
  nodes: NodeStore,
  tree: Cid,
  conflicts: Cid | null,
): AsyncGenerator<ConflictInfo> {
  const reader = new ConflictReader(nodes, await Tree.load(nodes, tree))
  for await (const batch of scanRecords(nodes, conflicts)) yield* await reader.describe(batch)
}

/** The sheet, line by line. */
export async function* conflictSheet(repo: Repo, selection: ConflictSelection): AsyncGenerator<string> {
  yield sheetLine(sheetColumns)
  const manifest = await repo.store.manifest()
  const state = await readMergeState(repo.store, manifest)
  if (state === null) return
  const tree = state.met?.tree ?? manifest.refs.get(indexRef)!
  const sheet = new SheetWriter(repo.nodes, await Tree.load(repo.nodes, tree))
  const filter = await filterOf(sheet.reader.schemas, selection)
  for await (const batch of scanRecords(repo.nodes, state.conflicts, filter))
    for (const fields of await sheet.fields(batch)) yield sheetLine([...fields, ''])
}

/** Keys and rows of conflicts are those of the tables that the merge made. */
async function readerOf(
  repo: Pick<Repo, 'nodes'>,
  manifest: Manifest,
  state: MergeState,
): Promise<ConflictReader> {
  const tree = state.met?.tree ?? manifest.refs.get(indexRef)!
  return new ConflictReader(repo.nodes, await Tree.load(repo.nodes, tree))
}

export async function settleConflicts(
  repo: Repo,
  folder: Folder | null,
  paths: string | readonly NamedPath[] | null,
  { take, ...options }: ResolveOptions & OperationOptions,
): Promise<{ resolved: number; left: number }> {
  const selection = selectionOf(paths)
  return changeMerge(repo, folder, { ...options, message: messageOf(selection) }, async (merge) => {
    const { conflicts } = merge.open
    if (conflicts === null) throw nothingToSettle(merge.state.kind)
    const filter = await filterOf(merge.schemas, { ...options, ...selection })
    const onSettled = (batch: readonly SettledRecord[]): Promise<void> | undefined =>
      merge.rerere?.remember(batch)
    return resolveConflicts(
      { ...merge.open, ...filter, conflicts, take },
      { signal: options.signal, onSettled: async (batch) => onSettled(batch) },
    )
  })
}

function selectionOf(paths: string | readonly NamedPath[] | null): Pick<ConflictSelection, 'path' | 'paths'> {
  return paths === null ? {} : typeof paths === 'string' ? { path: paths } : { paths }
}

function messageOf({ path, paths }: Pick<ConflictSelection, 'path' | 'paths'>): string {
  return path ?? (paths === undefined ? 'all' : textsOf(paths))
}

function textsOf(paths: readonly NamedPath[]): string {
  return paths.map((one) => (typeof one === 'string' ? one : one.text)).join(' ')
}

/** Opens resolved conflicts again and forgets how they were resolved. */
export async function reopen(
  repo: Repo,
  folder: Folder | null,
  selection: ConflictSelection & OperationOptions,
): Promise<{ reopened: number; left: number }> {
  const { resolved, left } = await changeMerge(
    repo,
    folder,
    { ...selection, message: `--forget ${messageOf(selection)}` },
    async (merge) =>
      reopenConflicts(
        { ...merge.open, ...(await filterOf(merge.schemas, selection)) },
        { signal: selection.signal, onSettled: async (batch) => merge.rerere?.forget(batch) },
      ),
  )
  return { reopened: resolved, left }
}

/** Outside of a merge: forgets the remembered resolutions of these paths. */
export async function forgetRemembered(repo: Repo, paths: readonly NamedPath[]): Promise<number> {
  const selection = new PathSelection(paths)
  return withWriter(repo, async (writer, nodes) => {
    let count = 0
    await repo.store.update(
      async (manifest) => {
        count = 0
        const rerere = await openRerere(manifest, { writer, nodes }, Tree.empty(nodes, writer).cid)
        if (rerere === null || rerere.isEmpty) return null
        count = await rerere.forgetPaths(selection)
        if (count === 0) return null
        return {
          refs: new Map([[rerereRef, await rerere.finish()]]),
          operation: {
            name: 'resolve',
            message: `--forget ${textsOf(paths)}`,
            author: operatorOf(repo, manifest),
          },
        }
      },
      { writer },
    )
    return count
  })
}

/** What a change of the merge in progress works on. */
export interface MergeContext {
  readonly manifest: Manifest
  readonly io: Io
  readonly state: MergeState
  readonly open: OpenMerge
  /** Schemas of the tables that the merge made. */
  readonly schemas: TableSchemas
  /** null: nothing is remembered. */
  readonly rerere: Rerere | null
}

export async function changeMerge<T extends Resolution>(
  repo: Repo,
  folder: Folder | null,
  options: OperationOptions & { readonly message: string },
  change: (merge: MergeContext) => Promise<T & { readonly state?: MergeState }>,
): Promise<T> {
  let result: T | null = null
  await move(
    repo,
    folder,
    async (manifest, io): Promise<Move> => {
      const merge = await mergeInHand(manifest, io)
      const changed = await change(merge)
      result = changed
      const { tree, conflicts, resolutions } = changed
      const state = { ...(changed.state ?? merge.state), conflicts, resolutions }
      const refs = new Map<string, Cid | null>([[mergeRef, writeMergeState(io.writer, state)]])
      if (merge.rerere !== null) refs.set(rerereRef, await merge.rerere.finish(options))
      return {
        refs,
        operation: { name: 'resolve', message: options.message },
        show: tree,
        ...overOf(manifest),
      }
    },
    options,
  ).catch((error: unknown) => {
    throw isVarveError(error, 'VARVE_UNCOMMITTED') ? editedSince(error) : error
  })
  return result!
}

/** Neither a commit nor a stash is possible in the middle of a merge. */
function editedSince({ code, message, data, cause }: VarveError): VarveError {
  return new VarveError(code, message, {
    data,
    cause,
    hint: "'varve add PATH' takes the file as it is now for the resolution, 'varve restore PATH' throws its changes away",
  })
}

export async function mergeInHand(manifest: Manifest, io: Io): Promise<MergeContext> {
  const state = await readMergeState(io.writer, manifest)
  if (state === null) throw nothingToSettle(null)
  const tree = manifest.refs.get(indexRef)!
  const merged = state.met?.tree ?? tree
  const { conflicts, met, resolutions } = state
  return {
    manifest,
    io,
    state,
    open: { ...io, tree, conflicts, met, resolutions },
    schemas: new TableSchemas(io.nodes, await Tree.load(io.nodes, merged)),
    rerere: await openRerere(manifest, io, merged),
  }
}

function overOf(manifest: Manifest): { over?: Cid } {
  const over = manifest.refs.get(indexBaseRef)
  return over === undefined ? {} : { over }
}

/** `kind` is what is under way; null when nothing is. */
export function nothingToSettle(kind: MergeKind | null): VarveError {
  if (kind === null)
    return new VarveError('VARVE_NOT_POSSIBLE', 'there is no merge in progress', {
      hint: "see 'varve status'",
    })
  const verb = verbOf(kind)
  return new VarveError('VARVE_NOT_POSSIBLE', 'all conflicts are resolved', {
    hint: `finish the ${verb} with 'varve ${verb} --continue'`,
  })
}
