// Whether an object and all that it reaches are here.
import { type Cid, codecOf } from '../../encoding/cid.ts'
import { linksOf } from '../../encoding/links.ts'
import type { ObjectReader } from '../../store/interface.ts'
import { ObjectQueue } from '../../store/object-queue.ts'

export async function isHere(reader: ObjectReader, root: Cid): Promise<boolean> {
  const queue = new ObjectQueue([root])
  for (const batch of queue.batches()) {
    if ((await reader.has(batch)).includes(false)) return false
    const nodes = batch.filter((cid) => codecOf(cid) !== 'raw')
    const objects = await reader.get(nodes)
    for (const link of objects.flatMap((bytes, i) => linksOf(nodes[i]!, bytes))) queue.add(link)
  }
  return true
}
