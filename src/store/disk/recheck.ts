// After a gc: objects that a writer found present may be gone, and packs that it wrote may be about to be deleted as
// orphans. The manifest's gcEpoch tells. The writer then puts again what is missing, with all that those objects link
// to, and copies its own packs. If an object is not to be had any more, the update fails; it never publishes a ref
// whose objects are missing.
import { isVarveError } from '../../base/errors.ts'
import { type Cid, codecOf } from '../../encoding/cid.ts'
import { linksOf } from '../../encoding/links.ts'
import { removedByGc } from '../change.ts'
import { ObjectQueue } from '../object-queue.ts'
import { isMissing } from './files.ts'
import type { IndexView } from './index-view.ts'
import type { DiskWriter } from './writer.ts'

export async function recheck(writer: DiskWriter, view: IndexView): Promise<void> {
  const before = writer.view
  if (before.entry.manifest.gcEpoch === view.entry.manifest.gcEpoch) return
  try {
    await writer.rewrite(view)
    const queue = new ObjectQueue([...writer.assumed, ...writer.pendingCids()])
    for (const batch of queue.batches())
      for (const link of await recheckBatch(writer, before, view, batch)) queue.add(link)
    writer.view = view
  } catch (cause) {
    if (!isMissing(cause) && !isVarveError(cause, 'VARVE_OBJECT_MISSING')) throw cause
    // There has been another one meanwhile: what it replaced is looked for where it now is.
    if (isMissing(cause) && writer.home.refresh() !== view) throw cause
    throw removedByGc(cause)
  }
}

/** Puts what is missing from the old view; returns the links of all that is new, which may be missing as well. */
async function recheckBatch(
  writer: DiskWriter,
  before: IndexView,
  view: IndexView,
  batch: readonly Cid[],
): Promise<Cid[]> {
  const gone = batch.filter((cid) => !writer.isPending(cid) && writer.home.locate(cid, view) === null)
  // What neither view has was never here: a partial clone links to such objects.
  const rescued = gone.filter((cid) => writer.home.locate(cid, before) !== null)
  writer.home.readFrom(before, rescued).forEach((bytes, i) => writer.putAnew(codecOf(rescued[i]!), bytes))
  const fresh = batch.filter((cid) => codecOf(cid) !== 'raw' && writer.isPending(cid))
  const objects = await writer.get(fresh)
  return objects.flatMap((bytes, i) => linksOf(fresh[i]!, bytes))
}
