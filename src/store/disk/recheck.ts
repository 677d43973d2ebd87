// After a gc: objects that a writer found present may be gone, and packs that it wrote may be about to be deleted as
// orphans. The manifest's gcEpoch tells. The writer then puts again what is missing, with all that those objects link
// to, and copies its own packs. If an object is not to be had any more, the update fails; it never publishes a ref
// whose objects are missing.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { type Cid, codecOf } from '../../encoding/cid.ts'
import { linksOf } from '../../encoding/links.ts'
import { isMissing } from './files.ts'
import type { IndexView } from './index-view.ts'
import type { DiskWriter } from './writer.ts'

const batchObjects = 512

export async function recheck(writer: DiskWriter, view: IndexView): Promise<void> {
  const before = writer.view
  if (before.entry.manifest.gcEpoch === view.entry.manifest.gcEpoch) return
  try {
    await writer.rewrite(view)
    const seen = new Set<Cid>()
    const queue = [...writer.assumed, ...writer.pendingCids()]
    while (queue.length > 0) {
      const batch = queue.splice(-batchObjects).filter((cid) => !seen.has(cid))
      for (const cid of batch) seen.add(cid)
      queue.push(...(await recheckBatch(writer, before, view, batch)))
    }
    writer.view = view
  } catch (cause) {
    if (!isMissing(cause) && !isVarveError(cause, 'VARVE_OBJECT_MISSING')) throw cause
    // There has been another one meanwhile: what it replaced is looked for where it now is.
    if (isMissing(cause) && writer.home.refresh() !== view) throw cause
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      'garbage collection removed objects that were about to be used',
      {
        cause,
        hint: 'run the command again',
      },
    )
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
