// The resolutions given in one merge, as a stored map beside its conflicts: the key is the conflict's number, the value
// dag-cbor [how, side, place], where the side is what was put in the conflict's place, packed as a conflict's sides are
// (conflicts/conflict-record.ts); null: nothing is there. `place` is null, or of a conflict about names the path that
// the side was put under. So a resolution can be looked at and taken back until the commit.
import { corrupt } from '../../base/errors.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { pathFromBytes, pathToBytes } from '../../files/path.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ObjectWriter, ReadOptions } from '../../store/interface.ts'
import { fetchContents } from '../../table/slot.ts'
import {
  type ReadSides,
  type StoredSide,
  SideWriter,
  conflictKey,
  unpackSides,
} from '../conflicts/conflict-record.ts'
import { type ConflictFilter, type NumberedRecord, scanRecords } from '../conflicts/conflicts.ts'

/** Given by hand; taken from a file that was added; known from an earlier merge; by new keys for one side's rows. */
const resolutionWays = ['given', 'file', 'reused', 'rekeyed'] as const
export type ResolutionWay = (typeof resolutionWays)[number]

export interface ResolutionRecord {
  readonly how: ResolutionWay
  readonly chosen: StoredSide | null
  /** For a conflict about names: where the chosen side went. */
  readonly place: Path | null
}

export interface ResolvedRecord extends NumberedRecord, ResolutionRecord {}

export function resolutionEdit(
  writer: ObjectWriter,
  number: number,
  { how, chosen, place }: ResolutionRecord,
): Edit {
  const sides = new SideWriter(writer)
  const at = place === null ? null : pathToBytes(place)
  const value = encodeCbor([resolutionWays.indexOf(how), sides.pack(chosen), at])
  return { key: conflictKey(number), value, links: sides.links }
}

/** @throws VarveError VARVE_CORRUPT */
export function decodeResolution(entry: Entry): {
  how: ResolutionWay
  sides: ReadSides
  place: Path | null
} {
  const value = decodeCbor(entry.value, 'resolution')
  if (!Array.isArray(value) || value.length !== 3) throw corrupt('resolution is malformed')
  const [wayNumber, side, place] = value as unknown[]
  const how = resolutionWays[wayNumber as number]
  if (how === undefined || !(place === null || place instanceof Uint8Array))
    throw corrupt('resolution is malformed')
  const sides = unpackSides([side], entry.links, 'resolution')
  return { how, sides, place: place === null ? null : pathFromBytes(place) }
}

/** Conflicts of the merge that have been resolved, with what was chosen, in order of their numbers. */
export async function* scanResolved(
  nodes: NodeStore,
  met: Cid,
  resolutions: Cid | null,
  filter: ConflictFilter = {},
  options: ReadOptions = {},
): AsyncGenerator<ResolvedRecord[]> {
  if (resolutions === null) return
  const map = await ProllyMap.load(nodes, resolutions, options)
  for await (const batch of scanRecords(nodes, met, filter, options)) {
    const entries = await map.getMany(
      batch.map(({ number }) => conflictKey(number)),
      options,
    )
    const found = batch.flatMap((one, i) => {
      const entry = entries[i] ?? null
      return entry === null ? [] : [{ ...one, ...decodeResolution(entry) }]
    })
    if (found.length === 0) continue
    const wanted = found.flatMap(({ sides }) => sides.wanted)
    const contents = await fetchContents(nodes.reader, wanted, options)
    yield found.map(({ sides, ...one }) => ({ ...one, chosen: sides.finish(contents)[0]! }))
  }
}
