// Where history ends on purpose: the commits that a shallow repository knows by name only, since the parents of its
// oldest commits were never fetched. Ref SHALLOW names an object {v, floor, commits} that holds their names as bytes,
// not as links: nothing that walks links goes there. Walks over history stop before these commits; whoever reads one
// of them all the same gets an error that says what to do, never an answer as if history began there.
import { corrupt } from '../base/errors.ts'
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts'
import { type Cid, type CommitCid, cidBytesLength, cidFromBytes, cidToBytes, isCid } from '../encoding/cid.ts'
import type { Manifest, ObjectReader, ObjectWriter } from '../store/interface.ts'

export const horizonRef = 'SHALLOW'

export interface Horizon {
  /** Commits that are not here, though a commit here has them as parents. */
  readonly commits: ReadonlySet<CommitCid>
  /** Smallest generation of a commit with such a parent: later fetches bring nothing older. */
  readonly floor: number
}

export const noHorizon: Horizon = { commits: new Set(), floor: 0 }

/** @throws VarveError VARVE_CORRUPT */
export async function readHorizon(reader: ObjectReader, manifest: Manifest): Promise<Horizon> {
  const cid = manifest.refs.get(horizonRef)
  if (cid === undefined) return noHorizon
  if (!isCid(cid)) throw corrupt('the list of commits left out has no name of an object')
  const value = decodeCbor((await reader.get([cid]))[0]!, 'the list of commits left out')
  const { v, floor, commits } = (value ?? {}) as Record<string, unknown>
  if (v !== 1 || !Number.isSafeInteger(floor) || !(commits instanceof Uint8Array))
    throw corrupt('the list of commits left out is damaged')
  if (commits.length % cidBytesLength !== 0) throw corrupt('the list of commits left out is cut short')
  const names = new Set<CommitCid>()
  for (let at = 0; at < commits.length; at += cidBytesLength) names.add(cidFromBytes(commits, at))
  return { commits: names, floor: floor as number }
}

/** Stores the horizon; null when no commits are left out any more. */
export function writeHorizon(writer: ObjectWriter, { commits, floor }: Horizon): Cid | null {
  if (commits.size === 0) return null
  const bytes = new Uint8Array(commits.size * cidBytesLength)
  ;[...commits].sort().forEach((cid, i) => bytes.set(cidToBytes(cid), i * cidBytesLength))
  return writer.put('dag-cbor', encodeCbor({ v: 1, floor, commits: bytes }))
}

/** The commits before which walks over `reader` stop. */
export async function commitsLeftOut(reader: ObjectReader): Promise<ReadonlySet<CommitCid>> {
  return (await reader.horizon?.()) ?? noHorizon.commits
}

/** The same reader, whose history ends before these commits. */
export function upToHorizon(reader: ObjectReader, beyond: ReadonlySet<CommitCid>): ObjectReader {
  return {
    get: (cids, options) => reader.get(cids, options),
    has: (cids, options) => reader.has(cids, options),
    getStored: (cids, options) => reader.getStored(cids, options),
    horizon: async () => beyond,
    cache: reader.cache,
  }
}
