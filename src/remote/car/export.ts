// A commit and all that it reaches as a CAR file (content-addressable archive), which any IPLD tool reads: every
// object is a block under its own CID, the commit is the root, and all links in it are real IPLD links.
import { CarWriter } from '@ipld/car/writer'
import { throwIfAborted } from '../../base/errors.ts'
import { type Cid, type CommitCid, cidToLink, codecOf } from '../../encoding/cid.ts'
import { linksOf } from '../../encoding/links.ts'
import type { ObjectReader } from '../../store/interface.ts'
import { ObjectQueue } from '../../store/object-queue.ts'
import type { TransferOptions } from '../interface.ts'

const batchObjects = 64

export async function* exportCar(
  store: ObjectReader,
  root: CommitCid,
  options: TransferOptions = {},
): AsyncGenerator<Uint8Array> {
  const { writer, out } = CarWriter.create([cidToLink(root)])
  // A block is taken up while those before it are read: the writer waits for its reader.
  const written = writeAll(store, root, writer, options)
  // Its failure ends the file, and is thrown below; it must not count as unhandled before.
  written.catch(() => void writer.close())
  yield* out
  await written
}

async function writeAll(
  store: ObjectReader,
  root: CommitCid,
  writer: Awaited<ReturnType<typeof CarWriter.create>>['writer'],
  { signal, onProgress }: TransferOptions,
): Promise<void> {
  const queue = new ObjectQueue<Cid>([root])
  for (const batch of queue.batches(batchObjects)) {
    throwIfAborted(signal)
    const objects = await store.get(batch, { signal })
    for (const [i, cid] of batch.entries()) {
      await writer.put({ cid: cidToLink(cid), bytes: objects[i]! })
      for (const link of codecOf(cid) === 'raw' ? [] : linksOf(cid, objects[i]!)) queue.add(link)
    }
    onProgress?.({ phase: 'exporting', done: queue.done, total: queue.total, unit: 'objects' })
  }
  await writer.close()
}
