// After a gc: objects that a writer found present may be gone, and packs that it wrote may be about to be deleted as
// orphans. The manifest's gcEpoch tells. The writer then puts again what is missing, with all that those objects link
// to, and copies its own packs. If an object is not to be had any more, the update fails; it never publishes a ref
// whose objects are missing.
import { isVarveError } from '../../base/errors.ts'
import { removedByGc } from '../change.ts'
import { putAgain } from '../put-again.ts'
import { isMissing } from './files.ts'
import type { IndexView } from './index-view.ts'
import type { DiskWriter } from './writer.ts'

export async function recheck(writer: DiskWriter, view: IndexView): Promise<void> {
  const { home, view: before } = writer
  if (before.entry.manifest.gcEpoch === view.entry.manifest.gcEpoch) return
  try {
    await writer.rewrite(view)
    await putAgain(writer, {
      wasHere: (cid) => home.locate(cid, before) !== null,
      isHere: (cid) => home.locate(cid, view) !== null,
      read: (cids) => home.readFrom(before, cids),
    })
    writer.view = view
  } catch (cause) {
    if (!isMissing(cause) && !isVarveError(cause, 'VARVE_OBJECT_MISSING')) throw cause
    // There has been another one meanwhile: what it replaced is looked for where it now is.
    if (isMissing(cause) && home.refresh() !== view) throw cause
    throw removedByGc(cause)
  }
}
