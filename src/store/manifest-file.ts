// A manifest as bytes: dag-cbor [1, sha-256 of the payload, payload], so that a torn or damaged one is never taken for
// true. The payload is a dag-cbor map; many refs do not fit in it and are spilled into objects (ref-spill.ts).
// Each names the digest of the file before it: the log is a chain.
import { equalBytes, toHex, utf8 } from '../base/bytes.ts'
import { VarveError, corrupt } from '../base/errors.ts'
import { sha256 } from '../base/platform.ts'
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts'
import { type Cid, cidFromLink, cidToLink } from '../encoding/cid.ts'
import type { Manifest } from './interface.ts'

export const manifestBytesMax: number = 64 << 10
/** Refs that take more than this are spilled. */
const refsBytesMax = 40 << 10

export interface SegmentRef {
  readonly name: string
  readonly objects: number
  readonly bytes: number
}

/** All that a manifest file holds, except that spilled refs are named, not loaded. */
export interface LogEntry {
  readonly manifest: Omit<Manifest, 'refs'>
  readonly refs: ReadonlyMap<string, Cid> | Cid
  /** Oldest first. */
  readonly segments: readonly SegmentRef[]
  /** Manifests below this number count no more: gc has let them go, and is about to delete or has deleted them. */
  readonly oldest: number
  /** Digest of the file of the manifest before, empty for the first. */
  readonly previous: string
}

type Link = Parameters<typeof cidFromLink>[0]

interface Payload {
  sequence: number
  time: number
  head: string | null
  refs: Record<string, Link> | Link
  config: Record<string, string>
  operation: [string, string, string]
  gcEpoch: number
  segments: [string, number, number][]
  oldest: number
  previous: string
}

export function encodeLogEntry(entry: LogEntry): Uint8Array {
  const { manifest } = entry
  const payload = encodeCbor({
    sequence: manifest.sequence,
    time: manifest.timeMs,
    head: manifest.head,
    refs: typeof entry.refs === 'string' ? cidToLink(entry.refs) : linksOfRefs(entry.refs),
    config: Object.fromEntries(manifest.config),
    operation: [manifest.operation.name, manifest.operation.message, manifest.operation.author],
    gcEpoch: manifest.gcEpoch,
    segments: entry.segments.map((segment) => [segment.name, segment.objects, segment.bytes]),
    oldest: entry.oldest,
    previous: entry.previous,
  } satisfies Payload)
  const bytes = encodeCbor([1, sha256(payload), payload])
  if (bytes.length > manifestBytesMax) {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      'the repository has more refs and settings than a manifest can hold',
      {
        data: { bytes: bytes.length, bytesMax: manifestBytesMax },
        hint: "delete branches, tags or settings that nobody needs: 'varve branch -d', 'varve tag -d', 'varve config --unset'",
      },
    )
  }
  return bytes
}

export function decodeLogEntry(bytes: Uint8Array, where: string): LogEntry {
  if (bytes.length > manifestBytesMax) throw corrupt(`'${where}' is too large for a manifest`)
  const outer = decodeCbor(bytes, `'${where}'`)
  if (!Array.isArray(outer) || outer.length !== 3) throw corrupt(`'${where}' is not a manifest`)
  const [version, digest, payload] = outer as unknown[]
  if (typeof version === 'number' && version > 1) {
    throw new VarveError('VARVE_UNSUPPORTED_FORMAT', `'${where}' was written by a newer version of varve`, {
      hint: "update varve; 'varve --version' says which version this is",
    })
  }
  if (version !== 1 || !(digest instanceof Uint8Array) || !(payload instanceof Uint8Array)) {
    throw corrupt(`'${where}' is not a manifest`)
  }
  if (!equalBytes(sha256(payload), digest)) throw corrupt(`'${where}' does not match its digest`)
  try {
    return entryOf(decodeCbor(payload, `'${where}'`) as Payload)
  } catch (cause) {
    throw corrupt(`'${where}' is not a manifest`, {}, cause)
  }
}

/** The refs as a manifest has them: themselves, or where there are many, what `spill` makes of them. */
export function manifestRefs(
  refs: ReadonlyMap<string, Cid>,
  spill: (refs: ReadonlyMap<string, Cid>) => Cid,
): ReadonlyMap<string, Cid> | Cid {
  let bytes = 0
  for (const name of refs.keys()) bytes += utf8(name).length + 45
  return bytes <= refsBytesMax ? refs : spill(refs)
}

/** True when the bytes end before the payload does, as they do while somebody is still writing them. */
export function isTorn(bytes: Uint8Array): boolean {
  // 83 01 58 20, the digest, then the head of a byte string: 40..57, or 58, 59, 5a with 1, 2, 4 bytes of length.
  const headAt = 36
  const info = (bytes[headAt] ?? 0) & 31
  const lengthBytes = info < 24 ? 0 : 1 << (info - 24)
  if (bytes.length < headAt + 1 + lengthBytes) return true
  let length = info < 24 ? info : 0
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + bytes[headAt + 1 + i]!
  return bytes.length < headAt + 1 + lengthBytes + length
}

export function linksOfRefs(refs: ReadonlyMap<string, Cid>): Record<string, Link> {
  return Object.fromEntries([...refs].map(([name, cid]) => [name, cidToLink(cid)]))
}

export function refsOfLinks(links: Record<string, Link>): Map<string, Cid> {
  return new Map(Object.entries(links).map(([name, link]) => [name, cidFromLink(link)]))
}

export function fileDigest(bytes: Uint8Array): string {
  return toHex(sha256(bytes))
}

// The digest has proven that one of us wrote it; the checks here only keep a hostile remote's nonsense out.
function entryOf(payload: Payload): LogEntry {
  const [name, message, author] = payload.operation
  const refs = payload.refs
  const isSpilled = 'asCID' in refs && (refs as { asCID: unknown }).asCID === refs
  const wholeNumbers = [
    payload.sequence,
    payload.time,
    payload.gcEpoch,
    payload.oldest,
    ...payload.segments.flatMap(([, n, b]) => [n, b]),
  ]
  const texts = [name, message, author, payload.previous]
  if (!wholeNumbers.every((value) => Number.isSafeInteger(value) && value >= 0))
    throw new RangeError('not a whole number')
  if (![...texts, ...Object.values(payload.config)].every((text) => typeof text === 'string'))
    throw new RangeError('no text')
  if (payload.head !== null && typeof payload.head !== 'string') throw new RangeError('head is not a name')
  if (!payload.segments.every(([segment]) => /^[0-9a-f]{64}$/.test(segment)))
    throw new RangeError('not a segment')
  return {
    manifest: {
      sequence: payload.sequence,
      timeMs: payload.time,
      head: payload.head,
      config: new Map(Object.entries(payload.config)),
      operation: { name, message, author },
      gcEpoch: payload.gcEpoch,
    },
    refs: isSpilled ? cidFromLink(refs as Link) : refsOfLinks(refs as Record<string, Link>),
    segments: payload.segments.map(([segment, objects, bytes]) => ({ name: segment, objects, bytes })),
    oldest: payload.oldest,
    previous: payload.previous,
  }
}
