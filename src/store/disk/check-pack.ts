// Reads a pack through once, in large blocks, and hashes every object in it: after that its bytes can be trusted like
// our own. Its new name is computed on the way: a pack is never stored under the name that it arrives with, since two
// packs could have one name, and a gc that deletes the older would delete the newer too. Eight random bytes in its head
// make another name; nothing else changes, so every object stays where it is in the file.
import { fromHex, toHex } from '../../base/bytes.ts'
import { corrupt, isVarveError } from '../../base/errors.ts'
import { randomHex, sha256Stream } from '../../base/platform.ts'
import { codecOf } from '../../encoding/cid.ts'
import type { AdoptOptions, CheckedPack, WholePack } from '../interface.ts'
import { packEnd, packFooter, packHead, packHeadBytes } from '../pack.ts'
import { readRecord } from '../record.ts'
import { checkedBytes } from '../stored-object.ts'
import { type PackBlock, blocksOf } from './pack-blocks.ts'

export interface CheckOptions extends AdoptOptions {
  /** Gets the pack as it is under its new name, piece by piece; a piece is its own until the promise is kept. */
  readonly take?: (bytes: Uint8Array, at: number) => Promise<void>
  /** When the connection is cut, a pack of what had come is better than none. */
  readonly partial?: true
}

/** @throws VarveError VARVE_CORRUPT when an object is not what the pack says, VARVE_IO, VARVE_UNREACHABLE */
export async function checkPack(pack: WholePack, options: CheckOptions): Promise<CheckedPack> {
  const { take, onBytes, partial } = options
  const head = packHead(pack.kind, fromHex(randomHex(8)))
  const digest = sha256Stream()
  digest.update(head)
  await take?.(head, 0)
  let records = 0
  let cut: unknown = null
  try {
    for await (const block of blocksOf(pack, options.signal)) {
      checkBlock(pack, block)
      digest.update(block.bytes)
      if (take !== undefined) {
        block.taken = take(block.bytes, block.at)
        // It may fail while the next block is looked at; whoever awaits it hears of it all the same.
        block.taken.catch(() => undefined)
      }
      records = block.to
      onBytes?.(block.bytes.length)
    }
  } catch (error) {
    if (partial !== true || records === 0 || !isCut(error)) throw error
    cut = error
  }
  const footerAt = pack.ends[records - 1]!
  const footer = packFooter([packHeadBytes, ...pack.ends.subarray(0, records - 1)], footerAt)
  digest.update(footer)
  await take?.(footer, footerAt)
  const sum = digest.digest()
  const end = packEnd(sum)
  await take?.(end, footerAt + footer.length)
  return { name: toHex(sum), head, end, records, bytes: footerAt + footer.length + end.length, cut }
}

function isCut(error: unknown): boolean {
  return isVarveError(error, 'VARVE_UNREACHABLE') || isVarveError(error, 'VARVE_ABORTED')
}

function checkBlock({ cids, ends, kind }: WholePack, { from, to, at, bytes }: PackBlock): void {
  for (let i = from; i < to; i++) {
    const start = (i === 0 ? packHeadBytes : ends[i - 1]!) - at
    const end = ends[i]! - at
    const object = readRecord(bytes, start, end)
    const cid = cids[i]!
    const isFit = object.cid === cid && object.base === null && (codecOf(cid) === 'raw') === (kind === 'data')
    const isAll = isFit && object.payload.byteOffset + object.payload.length === bytes.byteOffset + end
    if (!isAll) throw corrupt(`a pack holds another object than '${cid}'`, { cid })
    checkedBytes(object, null)
  }
}
