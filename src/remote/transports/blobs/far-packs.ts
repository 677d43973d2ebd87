// Packs of a remote that are wanted whole. The index knows where each object lies: where those that are asked for lie
// back to back from a pack's head to its footer, there is nothing else in it, and it is read from end to end.
import { corrupt } from '../../../base/errors.ts'
import { type Cid, codecOf } from '../../../encoding/cid.ts'
import { cidDigest } from '../../../store/disk/digest.ts'
import type { IndexView } from '../../../store/disk/index-view.ts'
import { packPath } from '../../../store/disk/layout.ts'
import type { PackBytes, ReadOptions, WholePack } from '../../../store/interface.ts'
import { packHeadBytes, packTrailerBytes } from '../../../store/pack.ts'
import type { PackRef } from '../../../store/segment.ts'
import type { Blobs } from './interface.ts'

/** Below this single objects are as good. */
const packBytesMin = 1 << 20

interface Part {
  readonly cid: Cid
  readonly offset: number
  readonly length: number
}

export function* wholePacksFor(cids: readonly Cid[], view: IndexView, blobs: Blobs): Generator<WholePack> {
  const byPack = new Map<PackRef, Part[]>()
  const mixed = new Set<PackRef>()
  for (const cid of new Set(cids)) {
    const found = view.find(cidDigest(cid), codecOf(cid))
    if (found === null) continue
    const { pack, offset, length, depth } = found
    if (depth > 0) mixed.add(pack)
    const parts = byPack.get(pack)
    if (parts === undefined) byPack.set(pack, [{ cid, offset, length }])
    else parts.push({ cid, offset, length })
  }
  for (const [pack, parts] of byPack) {
    if (mixed.has(pack) || pack.bytes < packBytesMin) continue
    parts.sort((a, b) => a.offset - b.offset)
    if (!isWhole(pack, parts)) continue
    yield {
      kind: codecOf(parts[0]!.cid) === 'raw' ? 'data' : 'meta',
      bytes: pack.bytes,
      cids: parts.map(({ cid }) => cid),
      ends: Uint32Array.from(parts, ({ offset, length }) => offset + length),
      open: async (options) => farBytes(blobs, packPath(pack.name), options),
    }
  }
}

function isWhole(pack: PackRef, parts: readonly Part[]): boolean {
  let at = packHeadBytes
  for (const { offset, length } of parts) {
    if (offset !== at) return false
    at += length
  }
  return at + 4 * parts.length + packTrailerBytes === pack.bytes
}

function farBytes(blobs: Blobs, name: string, options: ReadOptions = {}): PackBytes {
  return {
    read: async (into, at) => {
      const bytes = await blobs.readRange(name, at, into.length, { ...options, into })
      // Whoever asks for its objects one by one looks for a newer manifest.
      if (bytes === null) throw corrupt(`'${name}' is gone`)
      if (bytes !== into) into.set(bytes)
    },
    close: async () => {},
  }
}
