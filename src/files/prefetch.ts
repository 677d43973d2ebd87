// In a partial clone contents are fetched when they are read. Whoever is about to read those of many entries says so
// first: then all of them come together. Where everything is here it costs nothing.
import type { Cid } from '../encoding/cid.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import type { TreeEntry } from './interface.ts'

export async function prefetchContents(
  reader: ObjectReader,
  entries: Iterable<TreeEntry | null>,
  options: ReadOptions = {},
): Promise<void> {
  if (reader.prefetch === undefined) return
  const roots = new Set<Cid>()
  for (const entry of entries) {
    if (entry?.kind === 'file') roots.add(entry.content)
    else if (entry?.kind === 'table') roots.add(entry.table)
  }
  if (roots.size > 0) await reader.prefetch([...roots], options)
}
