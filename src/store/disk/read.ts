// Reads objects by place: groups them by pack, sorts by offset, joins what lies close together into few large reads,
// follows deltas to their bases in rounds, unpacks, and checks each object's whole digest. Local disks answer faster
// than a thread could be asked, so this is synchronous work on a batch.
import fs from 'node:fs'
import type { Lru } from '../../base/lru.ts'
import { VarveError, corrupt, isVarveError } from '../../base/errors.ts'
import type { Cid, Codec } from '../../encoding/cid.ts'
import type { StoredObject } from '../interface.ts'
import { readRecord } from '../record.ts'
import { checkedBytes } from '../stored-object.ts'
import { openExisting, readInto } from './files.ts'

/** Reading what lies between costs less than one more call, up to here: measured with files that the cache holds. */
const gapBytesMax = 8 << 10
const rangeBytesMax = 1 << 20

/** Memory for so many bytes of a file. */
type Memory = (length: number) => Uint8Array
const freshMemory: Memory = (length) => Buffer.allocUnsafeSlow(length)

/**
 * One buffer, used again and again by a reader that keeps nothing of a range when it reads the next: a large buffer that is
 * let go stays in memory for long.
 */
let scratch = new Uint8Array(0)
const scratchMemory: Memory = (length) => {
  if (length > rangeBytesMax) return freshMemory(length)
  if (length > scratch.length) scratch = new Uint8Array(Math.min(rangeBytesMax, 2 * length))
  return scratch.subarray(0, length)
}

/** Where an object is: in a file, or still in memory. */
export type Place =
  | { readonly raw: Uint8Array }
  | {
      readonly file: string
      readonly offset: number
      readonly length: number
      readonly codec: Codec
      readonly depth: number
    }

export interface ReadContext {
  readonly locate: (cid: Cid) => Place | null
  readonly cache: Lru<Cid, Uint8Array>
  readonly location: string
}

/** Bytes of each object, checked against its name. */
export function readObjects(cids: readonly Cid[], context: ReadContext): Uint8Array[] {
  const known = new Map<Cid, Uint8Array>()
  const records = new Map<Cid, StoredObject>()
  let wanted = new Set(cids)
  while (wanted.size > 0) {
    const missing: Cid[] = []
    for (const cid of wanted) {
      const cached = context.cache.get(cid)
      if (cached === undefined) missing.push(cid)
      else known.set(cid, cached)
    }
    wanted = new Set()
    for (const record of readRecords(missing, context, scratchMemory)) {
      if ('raw' in record) known.set(record.cid, record.raw)
      else if (record.base === null) known.set(record.cid, unpacked(record, null, context.cache))
      else {
        records.set(record.cid, { ...record, payload: new Uint8Array(record.payload) })
        if (!known.has(record.base) && !records.has(record.base)) wanted.add(record.base)
      }
    }
  }
  return cids.map((cid) => resolveObject(cid, records, known, context.cache))
}

/** The packed form of each object; those still in memory come as they are. */
export function* readRecords(
  cids: readonly Cid[],
  context: ReadContext,
  memory: Memory = freshMemory,
): Generator<StoredObject | { cid: Cid; raw: Uint8Array }> {
  const byFile = new Map<string, { cid: Cid; offset: number; length: number }[]>()
  for (const cid of cids) {
    const place = context.locate(cid)
    if (place === null) throw missingObject(cid, context.location)
    if ('raw' in place) {
      yield { cid, raw: place.raw }
      continue
    }
    let group = byFile.get(place.file)
    if (group === undefined) byFile.set(place.file, (group = []))
    group.push({ cid, offset: place.offset, length: place.length })
  }
  for (const [file, group] of byFile) yield* readFile(file, group, memory)
}

function* readFile(
  file: string,
  group: { cid: Cid; offset: number; length: number }[],
  memory: Memory,
): Generator<StoredObject> {
  group.sort((a, b) => a.offset - b.offset)
  const fd = openExisting(file)
  try {
    for (let from = 0; from < group.length;) {
      const start = group[from]!.offset
      let end = start + group[from]!.length
      let to = from + 1
      for (; to < group.length; to++) {
        const next = group[to]!
        if (next.offset - end > gapBytesMax || next.offset + next.length - start > rangeBytesMax) break
        end = Math.max(end, next.offset + next.length)
      }
      const bytes = readInto(fd, start, memory(end - start), file)
      for (; from < to; from++) yield recordAt(bytes, group[from]!.offset - start, group[from]!, file)
    }
  } finally {
    fs.closeSync(fd)
  }
}

/** @throws VarveError VARVE_CORRUPT when other bytes lie there; `file` is for the message. */
export function recordAt(
  bytes: Uint8Array,
  at: number,
  asked: { cid: Cid; length: number },
  file: string,
): StoredObject {
  let record: StoredObject
  try {
    // A file that was cut gives fewer bytes than were asked for.
    record = readRecord(bytes, at, Math.min(at + asked.length, bytes.length))
  } catch (cause) {
    if (!isVarveError(cause)) throw cause
    throw corrupt(`object '${asked.cid}' is damaged in '${file}'`, { cid: asked.cid, path: file }, cause)
  }
  if (record.cid !== asked.cid)
    throw corrupt(`'${file}' holds another object than '${asked.cid}'`, { path: file })
  return record
}

/** Longest chain of deltas. One writer makes five; where two wrote at once, one's may stand on the other's. */
const chainMax = 64

/** Unpacks a record whose bases are all in `records` or `known`, and checks its name. */
export function resolveObject(
  cid: Cid,
  records: ReadonlyMap<Cid, StoredObject>,
  known: Map<Cid, Uint8Array>,
  cache: Lru<Cid, Uint8Array>,
  chainLeft: number = chainMax,
): Uint8Array {
  const ready = known.get(cid)
  if (ready !== undefined) return ready
  const record = records.get(cid)!
  let base: Uint8Array | null = null
  if (record.base !== null) {
    // A circle, which only a forged pack can make, ends here.
    if (chainLeft === 0) throw corrupt(`object '${cid}' is a delta that leads nowhere`, { cid })
    base = resolveObject(record.base, records, known, cache, chainLeft - 1)
  }
  const bytes = unpacked(record, base, cache)
  known.set(cid, bytes)
  return bytes
}

/** The record's bytes, in memory of their own, checked and put into the cache. */
function unpacked(record: StoredObject, base: Uint8Array | null, cache: Lru<Cid, Uint8Array>): Uint8Array {
  const { cid, packing } = record
  const whole = checkedBytes(record, base)
  // An unpacked payload is a view of a large read: a copy lets that go (of a Buffer, slice() would be a view again).
  const bytes = packing === 'none' ? new Uint8Array(whole) : whole
  cache.set(cid, bytes, bytes.length)
  return bytes
}

export function missingObject(cid: Cid, location: string): VarveError {
  return new VarveError('VARVE_OBJECT_MISSING', `no such object: '${cid}'`, {
    data: { cid, location },
    hint: "see what is damaged, and what can be mended: 'varve fsck --repair --dry-run'",
  })
}
