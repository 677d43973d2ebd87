// The index: reading it, and the one way to change it. A change is a set of paths with their new entries; it is laid
// onto whatever the index is when the manifest moves, so that two commands at once both keep what they staged.
import type { Cid } from '../encoding/cid.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import type { PathSelection } from '../files/path-selection.ts'
import { scanSelected } from '../files/scan-selected.ts'
import { Tree } from '../files/tree.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { operatorOf } from '../repo/context.ts'
import { indexBaseRef, indexRef } from '../repo/interface.ts'
import { removedByGc } from '../store/change.ts'
import type { Manifest, ManifestChange, ObjectWriter, ReadOptions } from '../store/interface.ts'
import { HashingWriter } from './hashing-writer.ts'
import type { Worktree } from './interface.ts'

export interface IndexState {
  readonly manifest: Manifest
  /** What the next commit will hold. */
  readonly index: Tree
  /** What it was laid over. */
  readonly base: Tree
}

export type PathEdits = ReadonlyMap<Path, TreeEntry | null>

export async function readIndex(worktree: Worktree): Promise<IndexState> {
  const manifest = await worktree.repo.store.manifest()
  const index = manifest.refs.get(indexRef)
  const base = manifest.refs.get(indexBaseRef)
  return {
    manifest,
    index: await treeAt(worktree, index),
    base: await treeAt(worktree, base),
  }
}

/** The tree with that root; the empty tree when there is no root. */
async function treeAt(worktree: Worktree, root: Cid | undefined): Promise<Tree> {
  const { nodes, store } = worktree.repo
  return root === undefined ? Tree.empty(nodes, new HashingWriter(store)) : Tree.load(nodes, root)
}

export interface IndexUpdate {
  readonly writer: ObjectWriter
  /** Reads what the writer holds too. */
  readonly nodes: NodeStore
  readonly edits: PathEdits
  /** What the edits name is there as long as no gc comes; null: the writer sees to that. */
  readonly gcEpoch?: number | null
  /** Asked before the edits are laid on a manifest; throws where they have no place there. */
  readonly verify?: (manifest: Manifest) => Promise<void>
  /** The verb for the operation log. */
  readonly operation: string
  readonly message?: string
}

/** The roots of the index before and after an update. */
export interface IndexMove {
  readonly before: Cid | undefined
  readonly after: Cid
}

export async function updateIndex(
  worktree: Worktree,
  update: IndexUpdate,
  options: ReadOptions = {},
): Promise<IndexMove> {
  const { repo } = worktree
  let move: IndexMove | null = null
  await repo.store.update(
    async (manifest): Promise<ManifestChange | null> => {
      if ((update.gcEpoch ?? manifest.gcEpoch) !== manifest.gcEpoch) throw removedByGc()
      await update.verify?.(manifest)
      const known = manifest.refs.get(indexRef)
      const next = await editedIndex(update, known, options)
      move = { before: known, after: next }
      if (next === known) return null
      const refs = new Map([[indexRef, next]])
      if (!manifest.refs.has(indexBaseRef))
        refs.set(indexBaseRef, Tree.empty(update.nodes, update.writer).cid)
      return {
        refs,
        operation: {
          name: update.operation,
          message: update.message ?? '',
          author: operatorOf(repo, manifest),
        },
      }
    },
    { writer: update.writer, signal: options.signal },
  )
  return move!
}

/** Edits the index with that root; returns its new root. */
export async function editedIndex(
  update: Pick<IndexUpdate, 'writer' | 'nodes' | 'edits'>,
  root: Cid | undefined,
  options: ReadOptions = {},
): Promise<Cid> {
  const { nodes, writer, edits } = update
  const tree = root === undefined ? Tree.empty(nodes, writer) : await Tree.load(nodes, root)
  return (await tree.update(writer, edits, options)).cid
}

/** The entries of a tree that are selected, by path. */
export async function entriesOf(
  tree: Tree,
  selection: PathSelection,
  options: ReadOptions = {},
): Promise<Map<Path, TreeEntry>> {
  const entries = new Map<Path, TreeEntry>()
  for await (const batch of scanSelected(tree, selection, options))
    for (const { path, entry } of batch) entries.set(path, entry)
  return entries
}
