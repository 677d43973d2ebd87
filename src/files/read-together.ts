// Contents of many small files in one read: asked for one by one, each opens its pack.
import { type Cid, codecOf } from '../encoding/cid.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import type { TreeEntry } from './interface.ts'

const bytesMax = 8 << 20

/** By their names; files of several chunks, and what would be more than 8 MiB together, are left out. */
export async function readTogether(
  reader: ObjectReader,
  entries: Iterable<TreeEntry | null>,
  options: ReadOptions = {},
): Promise<ReadonlyMap<Cid, Uint8Array>> {
  const wanted = new Set<Cid>()
  let bytes = 0
  for (const entry of entries) {
    if (entry?.kind !== 'file' || codecOf(entry.content) !== 'raw' || bytes + entry.size > bytesMax) continue
    bytes += entry.size
    wanted.add(entry.content)
  }
  const cids = [...wanted]
  const contents = cids.length === 0 ? [] : await reader.get(cids, options)
  return new Map(cids.map((cid, i) => [cid, contents[i]!]))
}
