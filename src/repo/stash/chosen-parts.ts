// The parts of a stash that takes only some of the changes of files: rows of tables, hunks of texts. What is chosen goes into
// the stash, and out of the files and of what is staged; the rest stays where it is.
import { CID } from 'multiformats/cid'
import { VarveError } from '../../base/errors.ts'
import { type Cid, cidFromLink, cidToLink } from '../../encoding/cid.ts'
import { equalEntries } from '../../files/entry.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import type { Commit } from '../../history/interface.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { FolderOptions, Io } from '../interface.ts'
import type { PutAsideTrees, StashParts } from './stash-parts.ts'

export interface EntryPart {
  /** As in HEAD, with what was chosen. */
  readonly taken: TreeEntry | null
  /** As in the files, without it. */
  readonly left: TreeEntry | null
}

export interface ChangedEntry {
  readonly path: Path
  readonly head: TreeEntry | null
  readonly now: TreeEntry | null
}

export type PartOf = (io: Io, changed: ChangedEntry) => Promise<EntryPart>
/** What is chosen of a file, by its path. */
export type ChosenParts = ReadonlyMap<Path, PartOf>

export const wholeEntry: PartOf = async (_io, { head, now }) => ({ taken: now, left: head })

/** @throws VarveError VARVE_UNCOMMITTED where what is chosen cannot be taken out of what is staged */
export async function chosenStash(
  io: Io,
  trees: PutAsideTrees,
  chosen: ChosenParts,
  options: FolderOptions,
): Promise<StashParts> {
  const load = (tree: Cid): Promise<Tree> => Tree.load(io.nodes, tree)
  const [head, staged, changed] = [
    await load(trees.head),
    await load(trees.staged),
    await load(trees.changed),
  ]
  const into = { tree: edits(), staged: edits(), files: edits(), index: edits() }
  const inPart: Path[] = []
  for (const [path, part] of chosen) {
    const [then, index, now] = [await head.get(path), await staged.get(path), await changed.get(path)]
    const { taken, left } = await part(io, { path, head: then, now })
    into.tree.set(path, taken)
    into.files.set(path, left)
    if (equalEntries(index, then)) continue
    into.index.set(path, left)
    if (equalEntries(index, now)) into.staged.set(path, taken)
    else inPart.push(path)
  }
  const write = async (tree: Tree, changes: Edits): Promise<Cid> =>
    (await tree.update(io.writer, changes)).cid
  const without = await write(changed, into.index)
  const index = await mergedIndex(io, { base: trees.changed, ours: trees.staged, theirs: without }, options)
  const partly = await stagedInPart(io, trees, { index, paths: inPart }, options)
  return {
    tree: await write(head, into.tree),
    staged: await write(head, new Map([...partly, ...into.staged])),
    left: await write(changed, into.files),
    index,
  }
}

type Edits = Map<Path, TreeEntry | null>
type Sides = { readonly base: Cid; readonly ours: Cid; readonly theirs: Cid }

function edits(): Edits {
  return new Map()
}

async function mergedIndex(io: Io, sides: Sides, { signal }: FolderOptions): Promise<Cid> {
  const merged = await mergeTrees({ ...io, ...sides }, { renames: 'none', signal })
  if (merged.conflictCount === 0) return merged.tree
  const paths = merged.paths.filter(({ conflicts }) => conflicts > 0).map(({ path }) => path)
  throw new VarveError(
    'VARVE_UNCOMMITTED',
    `what was chosen of '${paths[0]}' is staged in another state, and cannot be taken out of that`,
    { data: { paths }, hint: `'varve add' or 'varve restore --staged' it first, or put all of it aside` },
  )
}

/** Where only some of a file's changes were staged: those of them that are gone from what is staged now, laid over HEAD. */
async function stagedInPart(
  io: Io,
  { head, staged }: PutAsideTrees,
  { index, paths }: { readonly index: Cid; readonly paths: readonly Path[] },
  { signal }: FolderOptions,
): Promise<Edits> {
  const found = edits()
  if (paths.length === 0) return found
  const before = await Tree.load(io.nodes, staged)
  const gone: Edits = new Map()
  for (const path of paths) gone.set(path, await before.get(path))
  const theirs = (await (await Tree.load(io.nodes, index)).update(io.writer, gone)).cid
  const merged = await mergeTrees({ ...io, base: index, ours: head, theirs }, { renames: 'none', signal })
  // The stash has all of it anyway: that it was staged is what is forgotten.
  if (merged.conflictCount > 0) return found
  const tree = await Tree.load(io.nodes, merged.tree)
  for (const path of paths) found.set(path, await tree.get(path))
  return found
}

/** The files before and after, which nothing else tells: `varve undo` goes from one to the other. */
export function chosenExtra(before: Cid, after: Cid): Commit['extra'] {
  return { chosen: { before: cidToLink(before), after: cidToLink(after) } }
}

export function chosenOf({ extra }: Commit): { readonly before: Cid; readonly after: Cid } | null {
  const { before, after } = (extra['chosen'] ?? {}) as { before?: unknown; after?: unknown }
  if (!(before instanceof CID) || !(after instanceof CID)) return null
  return { before: cidFromLink(before), after: cidFromLink(after) }
}
