// Whether a file's content is what its entry says, for fsck: a list of chunks that is a sound tree, of as many bytes, whose
// chunks are as long as it says. Chunks are not unpacked: their hashes are checked elsewhere.
import { corrupt } from '../base/errors.ts'
import { codecOf } from '../encoding/cid.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { verifyTree } from '../prolly/verify.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { FileContent } from './interface.ts'
import { type Chunk, chunkGroups, loadChunkList } from './read.ts'

/** @throws VarveError VARVE_CORRUPT, VARVE_OBJECT_MISSING */
export async function verifyContent(
  nodes: NodeStore,
  file: FileContent,
  options: ReadOptions = {},
): Promise<void> {
  if (codecOf(file.content) === 'raw') {
    const [stored] = await nodes.reader.getStored([file.content], options)
    if (stored!.rawLength !== file.size) throw corrupt('content is not as long as its entry says')
    return
  }
  const list = await loadChunkList(nodes, file, options)
  const fault = await verifyTree(nodes, file.content, options)
  if (fault !== null) throw corrupt(`node ${fault.cid}: ${fault.what}`)
  for await (const chunks of chunkGroups(list.scan(options))) await verifyLengths(nodes, chunks, options)
}

async function verifyLengths(
  nodes: NodeStore,
  chunks: readonly Chunk[],
  options: ReadOptions,
): Promise<void> {
  const stored = await nodes.reader.getStored(
    chunks.map((chunk) => chunk.cid),
    options,
  )
  for (const [i, { length }] of chunks.entries())
    if (stored[i]!.rawLength !== length) throw corrupt('chunk has another length than its list says')
}
