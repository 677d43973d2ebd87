// Which paths still have conflicts, and how many: what status tells of a merge under way.
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { decodeConflict } from './conflict-record.ts'

export interface ConflictedPath {
  readonly path: Path
  readonly conflicts: number
}

/** The paths in conflict, in the order of their first conflicts. Their sides are not read. */
export async function conflictedPaths(
  nodes: NodeStore,
  root: Cid | null,
  options: ReadOptions = {},
): Promise<ConflictedPath[]> {
  if (root === null) return []
  const counts = new Map<Path, number>()
  const map = await ProllyMap.load(nodes, root, options)
  for await (const batch of map.scan({ signal: options.signal })) {
    for (let i = 0; i < batch.count; i += 1) {
      const { path } = decodeConflict(entryAt(batch, i))
      counts.set(path, (counts.get(path) ?? 0) + 1)
    }
  }
  return [...counts].map(([path, conflicts]) => ({ path, conflicts }))
}
