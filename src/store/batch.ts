// Packs many objects in one go: the job a worker thread does. A pure function of flat arrays, which cross to the
// thread and back cheaply; what comes back is ready to be appended to a pack.
import { concatBytes } from '../base/bytes.ts'
import type { Cid, Codec } from '../encoding/cid.ts'
import { cidBytesLength } from '../encoding/cid.ts'
import type { PackedObjects } from './interface.ts'
import { type Packed, needsBase, pack } from './packing.ts'
import { recordLength, writeRecord } from './record.ts'

/** `count` objects: raws, digests (32 each) and bases packed one behind the other; an absent base has no bytes. */
export interface PackJob {
  readonly codec: Codec
  readonly raws: Uint8Array
  readonly rawEnds: Uint32Array
  readonly digests: Uint8Array
  readonly bases: Uint8Array
  readonly baseEnds: Uint32Array
  /** 36 bytes each. */
  readonly baseCids: Uint8Array
  /** What the object's depth would be as a delta of its base. */
  readonly depths: Uint8Array
  readonly isThorough: boolean
}

export interface PackedBatch {
  /** Records, back to back. */
  readonly records: Uint8Array
  readonly ends: Uint32Array
  /** What it became: 0 where no base is needed. */
  readonly depths: Uint8Array
}

export function packBatch(job: PackJob): PackedBatch {
  const count = job.rawEnds.length
  const packed: Packed[] = []
  const ends = new Uint32Array(count)
  const depths = new Uint8Array(count)
  let length = 0
  for (let i = 0; i < count; i++) {
    const result = packAt(job, i)
    packed.push(result)
    length += recordLength(result.packing, result.payload.length)
    ends[i] = length
    depths[i] = needsBase(result.packing) ? job.depths[i]! : 0
  }
  const records = new Uint8Array(length)
  for (let i = 0; i < count; i++) writeAt(job, i, packed[i]!, { records, ends, depths })
  return { records, ends, depths }
}

function packAt({ raws, rawEnds, bases, baseEnds, isThorough }: PackJob, i: number): Packed {
  const raw = raws.subarray(i === 0 ? 0 : rawEnds[i - 1]!, rawEnds[i]!)
  const base = bases.subarray(i === 0 ? 0 : baseEnds[i - 1]!, baseEnds[i]!)
  return pack(raw, base.length === 0 ? null : base, isThorough)
}

function writeAt(job: PackJob, i: number, packed: Packed, { records, ends, depths }: PackedBatch): void {
  writeRecord(records, i === 0 ? 0 : ends[i - 1]!, {
    packing: packed.packing,
    payload: packed.payload,
    codec: job.codec,
    depth: depths[i]!,
    rawLength: job.rawEnds[i]! - (i === 0 ? 0 : job.rawEnds[i - 1]!),
    digest: job.digests.subarray(i * 32, i * 32 + 32),
    base: job.baseCids.subarray(i * cidBytesLength, (i + 1) * cidBytesLength),
  })
}

/** Packs objects whole: without deltas, it needs no other objects. */
export function packWhole(whole: Pick<PackJob, 'codec' | 'raws' | 'rawEnds' | 'digests'>): PackedBatch {
  const count = whole.rawEnds.length
  const none = { bases: new Uint8Array(0), baseEnds: new Uint32Array(count) }
  return packBatch({
    ...whole,
    ...none,
    baseCids: new Uint8Array(count * cidBytesLength),
    depths: new Uint8Array(count),
    isThorough: false,
  })
}

/** Those of the objects that are wanted; the same value when all are. */
export function selectPacked(objects: PackedObjects, isWanted: (cid: Cid) => boolean): PackedObjects {
  const { codec, cids, records, ends } = objects
  const wanted = [...cids.keys()].filter((i) => isWanted(cids[i]!))
  if (wanted.length === cids.length) return objects
  const parts = wanted.map((i) => records.subarray(i === 0 ? 0 : ends[i - 1]!, ends[i]))
  let length = 0
  const newEnds = Uint32Array.from(parts, (part) => (length += part.length))
  return { codec, cids: wanted.map((i) => cids[i]!), records: concatBytes(parts), ends: newEnds }
}
