// Of paths that status names what history, the index and a merge in progress hold there, for programs that ask for it as Git
// has it: a mode and a name of the content.
import type { Cid } from '../encoding/cid.ts'
import type { TreeEntry } from '../files/interface.ts'
import { modeOf } from '../files/mode.ts'
import { Tree } from '../files/tree.ts'
import { type MergeState, type Repo, indexBaseRef, indexRef } from '../repo/interface.ts'
import { mergeSides } from '../repo/merging/merge-sides.ts'
import type { Manifest } from '../store/interface.ts'
import { fileModesOf } from '../worktree/file-modes.ts'
import { fileStatOf } from '../worktree/file-stat.ts'
import type { PathChange, Worktree } from '../worktree/interface.ts'
import { lstatOrNull } from '../worktree/native.ts'
import { type EntryInfo, infoOf } from './entry-info.ts'

export type { EntryInfo }

export interface ChangedEntry {
  readonly path: string
  /** In the commit that HEAD is at; of a renamed file under its old name. null: it is not there. */
  readonly head: EntryInfo | null
  readonly index: EntryInfo | null
  /** Of the file as it is now; null: there is none. */
  readonly fileMode: string | null
  /** Of a path in conflict. */
  readonly sides?: {
    readonly base: EntryInfo | null
    readonly ours: EntryInfo | null
    readonly theirs: EntryInfo | null
  }
}

export interface ChangedPaths {
  readonly staged: readonly PathChange[]
  readonly unstaged: readonly PathChange[]
  readonly unmerged: readonly { readonly path: string }[]
}

export async function changedEntries(
  worktree: Worktree,
  manifest: Manifest,
  merge: MergeState | null,
  { staged, unstaged, unmerged }: ChangedPaths,
): Promise<ChangedEntry[]> {
  const { repo } = worktree
  const origins = new Map(staged.map(({ path, from = path }) => [path, from]))
  const paths = [...new Set([...staged, ...unstaged, ...unmerged].map(({ path }) => path))]
  const oldPaths = paths.map((path) => origins.get(path) ?? path)
  const head = await entriesAt(repo, manifest.refs.get(indexBaseRef), oldPaths)
  const index = await entriesAt(repo, manifest.refs.get(indexRef), paths)
  const inConflict = new Set(unmerged.map(({ path }) => path))
  const sides = merge === null || inConflict.size === 0 ? null : await entriesOfSides(repo, merge, paths)
  const touched = new Set([...unstaged, ...unmerged].map(({ path }) => path))
  return paths.map((path, i) => {
    const staysAs = touched.has(path) ? fileModeAt(worktree, path, index[i]!) : modeOf(index[i]!)
    const entry = { path, head: infoOf(head[i]!), index: infoOf(index[i]!), fileMode: staysAs }
    if (sides === null || !inConflict.has(path)) return entry
    return {
      ...entry,
      sides: { base: infoOf(sides.base[i]!), ours: entry.head, theirs: infoOf(sides.theirs[i]!) },
    }
  })
}

async function entriesOfSides(
  repo: Repo,
  merge: MergeState,
  paths: readonly string[],
): Promise<Record<'base' | 'theirs', (TreeEntry | null)[]>> {
  const writer = repo.store.writer()
  try {
    const nodes = repo.nodes.through(writer)
    const { base, theirs } = await mergeSides({ writer, nodes }, merge)
    const through = { ...repo, nodes }
    return {
      base: await entriesAt(through, base ?? undefined, paths),
      theirs: await entriesAt(through, theirs, paths),
    }
  } finally {
    await writer.abort()
  }
}

async function entriesAt(
  { nodes }: Pick<Repo, 'nodes'>,
  root: Cid | undefined,
  paths: readonly string[],
): Promise<(TreeEntry | null)[]> {
  if (root === undefined) return paths.map(() => null)
  return (await Tree.load(nodes, root)).getMany(paths)
}

function fileModeAt(worktree: Worktree, path: string, tracked: TreeEntry | null): string | null {
  const found = lstatOrNull(worktree.root, path)
  const stat = found === null ? null : fileStatOf(found)
  if (stat === null) return null
  const modes = fileModesOf(worktree)
  if (stat.kind === 'symlink' || modes.isLinkFile(stat, tracked)) return '120000'
  return modes.executable(stat, tracked) ? '100755' : '100644'
}
