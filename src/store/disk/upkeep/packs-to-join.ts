// Whether a round is due: counts that a process which has just written knows anyway.
import { manifestsKeptMaxDefault } from '../../interface.ts'
import type { PackRef } from '../../segment.ts'
import { isSmallPack } from '../gc-plan.ts'
import type { IndexView } from '../index-view.ts'
import { manifestsExtraMax, smallPacksMaxDefault, upkeepKey } from './interface.ts'

/** A round takes no more, to be short. */
const packsPerRound = 1000
const bytesPerRound = 64 << 20
/** Two packs may be one of nodes and one of chunks, which stay apart: joining pays from three on. */
const packsWorthJoining = 3

/** The packs to put together, perhaps none where it is only the log that is long; null: nothing is due. */
export function packsToJoin(view: IndexView): readonly PackRef[] | null {
  const { manifest, oldest } = view.entry
  const max = Number(manifest.config.get(upkeepKey) ?? smallPacksMaxDefault)
  if (!(max > 0)) return null
  const isLong = manifest.sequence + 1 - manifestsKeptMaxDefault - oldest > manifestsExtraMax
  const small = packsOf(view).filter(isSmallPack)
  const chosen = small.length > max ? firstOf(smallest(small)) : []
  const packs = chosen.length < packsWorthJoining ? [] : chosen
  return packs.length > 0 || isLong ? packs : null
}

function firstOf(packs: readonly PackRef[]): PackRef[] {
  let bytes = 0
  return packs.slice(0, packsPerRound).filter((pack) => (bytes += pack.bytes) <= bytesPerRound)
}

function packsOf(view: IndexView): PackRef[] {
  const packs = new Map<string, PackRef>()
  for (const segment of view.segments()) for (const pack of segment.packs) packs.set(pack.name, pack)
  return [...packs.values()]
}

/**
 * Which of them to put together, as `git repack --geometric` does: the smallest, as long as the next one is less than twice
 * as large as all of them. So each object is copied a logarithmic number of times.
 */
export function smallest(packs: readonly PackRef[]): PackRef[] {
  const ascending = packs.toSorted((a, b) => a.bytes - b.bytes)
  // From the largest down: what is in order already stays.
  let from = ascending.length
  let taken = ascending.reduce((sum, { bytes }) => sum + bytes, 0)
  while (from > 0) {
    const largest = ascending[from - 1]!.bytes
    if (largest < 2 * (taken - largest)) break
    taken -= largest
    from--
  }
  return ascending.slice(0, from)
}
