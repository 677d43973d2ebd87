// Copies living objects out of packs that gc gives up. They are unpacked and checked on the way, so that damage is
// found and never spread, but not packed again, except deltas whose base is dropped, which are packed whole, and where the
// plan says so.
import { type Cid, codecOf } from '../../encoding/cid.ts'
import { type GcPlan, deltaNames, entryNameOf, namesIn } from './gc-plan.ts'
import type { DiskHome } from './home.ts'
import type { DiskWriter } from './writer.ts'

const batchObjects = 256

/** Copies living objects out of packs that go; returns how many were copied, now or in an earlier turn. */
export async function copyLiving(
  home: DiskHome,
  writer: DiskWriter,
  marked: ReadonlySet<Cid>,
  plan: GcPlan,
): Promise<number> {
  const moving = namesIn(plan.living, plan.victims)
  const deltas = deltaNames(plan.living)
  let copied = 0
  let batch: Cid[] = []
  const copyBatch = async (): Promise<void> => {
    copied += await copy(home, writer, marked, batch, { moving, repacks: plan.repacks })
    batch = []
  }
  for (const cid of marked) {
    const name = entryNameOf(cid)
    if (!moving.has(name) && !deltas.has(name)) continue
    batch.push(cid)
    if (batch.length === batchObjects) await copyBatch()
  }
  await copyBatch()
  return copied
}

async function copy(
  home: DiskHome,
  writer: DiskWriter,
  marked: ReadonlySet<Cid>,
  cids: readonly Cid[],
  { moving, repacks }: { readonly moving: ReadonlySet<string>; readonly repacks: boolean },
): Promise<number> {
  let copied = 0
  for (const object of home.readStored(cids)) {
    const isOrphaned = object.base !== null && !marked.has(object.base)
    if (!isOrphaned && !moving.has(entryNameOf(object.cid))) continue
    copied++
    if (writer.isPending(object.cid)) continue
    const isAnew = isOrphaned || (repacks && object.base === null)
    if (isAnew) writer.putAnew(codecOf(object.cid), home.read([object.cid])[0]!)
    else await writer.copyStored(object)
  }
  await writer.drained()
  return copied
}
