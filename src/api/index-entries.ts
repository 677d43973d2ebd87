// What the next commit will hold: the entries of the index, in the order of their paths.
import { PathSelection } from '../files/path-selection.ts'
import { scanSelected } from '../files/scan-selected.ts'
import { Tree } from '../files/tree.ts'
import { type Repo, indexRef } from '../repo/interface.ts'
import type { ListEntry, StatusOptions } from './interface.ts'
import { listEntryOf } from './tables/snapshot.ts'

/** `paths`: only what these stand for. */
export async function* indexEntries(
  { store, nodes }: Repo,
  options: Pick<StatusOptions, 'paths' | 'signal'>,
): AsyncGenerator<ListEntry> {
  const spec = new PathSelection(options.paths ?? ['.'])
  const root = (await store.manifest()).refs.get(indexRef)
  if (root === undefined) return
  const { signal } = options
  for await (const batch of scanSelected(await Tree.load(nodes, root), spec, { signal }))
    yield* await Promise.all(batch.map(({ path, entry }) => listEntryOf(nodes, path, entry)))
}
