// Refs too many for a manifest: a root object that links to parts, each a map of some hundred refs. Where one part
// ends depends on names only, so moving one ref rewrites one part and the root, however many refs there are.
import { utf8 } from '../base/bytes.ts'
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts'
import { type Cid, cidFromLink, cidToLink } from '../encoding/cid.ts'
import { xxh32 } from '../encoding/xxh32.ts'
import { linksOfRefs, refsOfLinks } from './manifest-file.ts'
import { readRefPart, writeRefPart } from './ref-part.ts'
import type { Codec } from '../encoding/cid.ts'

type Link = Parameters<typeof cidFromLink>[0]
const refsPerPart = 256
const partRefsMax = 2048

export function spillRefs(
  refs: ReadonlyMap<string, Cid>,
  put: (codec: Codec, bytes: Uint8Array) => Cid,
): Cid {
  const parts: Link[] = []
  let part = new Map<string, Cid>()
  const close = (): void => {
    parts.push(cidToLink(put('dag-cbor', writeRefPart(part) ?? encodeCbor(linksOfRefs(part)))))
    part = new Map()
  }
  for (const name of [...refs.keys()].sort()) {
    part.set(name, refs.get(name)!)
    const bytes = utf8(name)
    if (xxh32(bytes, 0, bytes.length, 0) % refsPerPart === 0 || part.size >= partRefsMax) close()
  }
  if (part.size > 0) close()
  return put('dag-cbor', encodeCbor(parts))
}

/** The parts that the root object links to. */
export function refParts(root: Uint8Array): Cid[] {
  return (decodeCbor(root, 'the list of spilled refs') as Link[]).map((link) => cidFromLink(link))
}

export function refsOfParts(parts: readonly Uint8Array[]): Map<string, Cid> {
  return united(parts.map(refsOfPart))
}

function refsOfPart(bytes: Uint8Array): ReadonlyMap<string, Cid> {
  return readRefPart(bytes) ?? refsOfLinks(decodeCbor(bytes, 'spilled refs') as Record<string, Link>)
}

function united(parts: Iterable<ReadonlyMap<string, Cid>>): Map<string, Cid> {
  const refs = new Map<string, Cid>()
  for (const part of parts) for (const [name, cid] of part) refs.set(name, cid)
  return refs
}

/** The refs of the newest manifest, kept decoded: when one ref moves, one part of them is read anew. */
export class SpilledRefs {
  #root: Cid | null = null
  #parts: ReadonlyMap<Cid, ReadonlyMap<string, Cid>> = new Map()
  #refs: ReadonlyMap<string, Cid> = new Map()

  /** By the name of the root object. Always the same map while that is the same. */
  of(root: Cid, read: (cids: readonly Cid[]) => Uint8Array[]): ReadonlyMap<string, Cid> {
    if (root === this.#root) return this.#refs
    const names = refParts(read([root])[0]!)
    const missing = names.filter((name) => !this.#parts.has(name))
    const fresh = new Map(read(missing).map((bytes, i) => [missing[i]!, refsOfPart(bytes)]))
    this.#parts = new Map(names.map((name) => [name, fresh.get(name) ?? this.#parts.get(name)!]))
    this.#refs = united(this.#parts.values())
    this.#root = root
    return this.#refs
  }
}
