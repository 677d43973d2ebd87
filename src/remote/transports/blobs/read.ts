// Reads objects out of packs that lie far away. An object a request would take forever, so what is asked for together
// is grouped by pack, sorted by place, and joined into few ranges, of which some are on their way at once. Deltas are
// followed to their bases in rounds; every object is checked against its name.
import type { Lru } from '../../../base/lru.ts'
import { type Cid, codecOf } from '../../../encoding/cid.ts'
import { cidDigest } from '../../../store/disk/digest.ts'
import type { IndexView } from '../../../store/disk/index-view.ts'
import { missingObject, recordAt, resolveObject } from '../../../store/disk/read.ts'
import type { StoredObject } from '../../../store/interface.ts'
import type { Location, PackRef } from '../../../store/segment.ts'

/** A request costs as much as some hundred kilobytes: what lies between is read along. */
const gapBytesMax = 64 << 10
const rangeBytesMax = 4 << 20
const requestsMax = 6

export interface RemoteReading {
  readonly view: IndexView
  readonly location: string
  readonly cache: Lru<Cid, Uint8Array>
  /** @throws LostFile when gc has removed the pack */
  range(pack: PackRef, offset: number, length: number): Promise<Uint8Array>
}

/** A file that a manifest named is not there any more: there is a newer manifest. */
export class LostFile extends Error {}

export async function readRemoteObjects(cids: readonly Cid[], reading: RemoteReading): Promise<Uint8Array[]> {
  const known = new Map<Cid, Uint8Array>()
  const records = new Map<Cid, StoredObject>()
  let wanted = new Set(cids)
  while (wanted.size > 0) {
    const missing: Cid[] = []
    for (const cid of wanted) {
      const cached = reading.cache.get(cid)
      if (cached === undefined) missing.push(cid)
      else known.set(cid, cached)
    }
    wanted = new Set()
    for (const record of (await readRemoteRecords(missing, reading)).values()) {
      records.set(record.cid, record)
      if (record.base !== null && !known.has(record.base) && !records.has(record.base))
        wanted.add(record.base)
    }
  }
  return cids.map((cid) => resolveObject(cid, records, known, reading.cache))
}

interface Part {
  readonly cid: Cid
  readonly at: Location
}

interface Range {
  readonly pack: PackRef
  readonly offset: number
  readonly length: number
  readonly parts: readonly Part[]
}

export async function readRemoteRecords(
  cids: readonly Cid[],
  reading: RemoteReading,
): Promise<Map<Cid, StoredObject>> {
  const records = new Map<Cid, StoredObject>()
  const ranges = rangesOf(cids, reading)
  const read = async (): Promise<void> => {
    for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
      const bytes = await reading.range(range.pack, range.offset, range.length)
      for (const { cid, at } of range.parts) {
        const asked = { cid, length: at.length }
        records.set(cid, recordAt(bytes, at.offset - range.offset, asked, `${range.pack.name}.pack`))
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(requestsMax, ranges.length) }, read))
  return records
}

function rangesOf(cids: readonly Cid[], reading: RemoteReading): Range[] {
  const byPack = new Map<PackRef, Part[]>()
  for (const cid of new Set(cids)) {
    const at = reading.view.find(cidDigest(cid), codecOf(cid))
    if (at === null) throw missingObject(cid, reading.location)
    const parts = byPack.get(at.pack)
    if (parts === undefined) byPack.set(at.pack, [{ cid, at }])
    else parts.push({ cid, at })
  }
  const ranges: Range[] = []
  for (const [pack, parts] of byPack) {
    parts.sort((a, b) => a.at.offset - b.at.offset)
    for (let from = 0; from < parts.length;) {
      const offset = parts[from]!.at.offset
      let end = offset + parts[from]!.at.length
      let to = from + 1
      for (; to < parts.length; to++) {
        const next = parts[to]!.at
        if (next.offset - end > gapBytesMax || next.offset + next.length - offset > rangeBytesMax) break
        end = Math.max(end, next.offset + next.length)
      }
      ranges.push({ pack, offset, length: end - offset, parts: parts.slice(from, to) })
      from = to
    }
  }
  return ranges.reverse()
}
