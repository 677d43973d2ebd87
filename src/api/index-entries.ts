// What the next commit will hold: the entries of the index, in the order of their paths.
import { Tree } from '../files/tree.ts'
import { type Repo, indexRef } from '../repo/interface.ts'
import { PathSpec } from '../worktree/pathspec.ts'
import type { ListEntry, StatusOptions } from './interface.ts'
import { listEntryOf } from './tables/snapshot.ts'

/** `paths`: only what is at or below these. */
export async function* indexEntries(
  { store, nodes }: Repo,
  options: Pick<StatusOptions, 'paths' | 'signal'>,
): AsyncGenerator<ListEntry> {
  const spec = new PathSpec(options.paths ?? ['.'])
  const root = (await store.manifest()).refs.get(indexRef)
  if (root === undefined) return
  for await (const batch of (await Tree.load(nodes, root)).scan({ signal: options.signal })) {
    const named = batch.filter(({ path }) => spec.has(path))
    yield* await Promise.all(named.map(({ path, entry }) => listEntryOf(nodes, path, entry)))
  }
}
