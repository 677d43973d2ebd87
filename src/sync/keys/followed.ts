// A map that goes through the changes of another one whose rows have other keys.
import { compareBytes } from '../../base/bytes.ts'
import { diffMaps } from '../../prolly/diff.ts'
import type { Difference, Edit } from '../../prolly/interface.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'

const changesMax = 4096

export interface MapChange {
  readonly before: ProllyMap
  readonly after: ProllyMap
}

/** Of rows that were there before, or of new ones; `map` as it is then. null: the change cannot be gone through. */
type KeysOf = (
  keys: readonly Uint8Array[],
  isNew: (typeof steps)[number],
  map: ProllyMap,
) => Promise<readonly (Uint8Array | null)[]>

/** What is gone makes room for what is new. */
const steps = ['known', 'new'] as const

/** `map` after the same changes, each under the key that `keysOf` gives; null where it gives none for one of them. */
export async function followed(
  io: Io,
  map: ProllyMap,
  change: MapChange,
  keysOf: KeysOf,
): Promise<ProllyMap | null> {
  let now = map
  for (const step of steps) {
    const isOfStep = ({ before }: Difference): boolean => (before === null) === (step === 'new')
    for await (const differences of differencesOf(change, isOfStep)) {
      const keys = await keysOf(
        differences.map(({ key }) => key),
        step,
        now,
      )
      if (keys.includes(null)) return null
      const edits = differences.map(({ after }, i): Edit => {
        const key = keys[i]!
        return after === null ? { key, value: null } : { key, value: after.value, links: after.links }
      })
      now = await now.mutate(
        io.writer,
        edits.sort((a, b) => compareBytes(a.key, b.key)),
      )
      await io.writer.drained()
    }
  }
  return now
}

/** What differs, of this kind, some thousands at a time. */
export async function* differencesOf(
  { before, after }: MapChange,
  isOfKind: (difference: Difference) => boolean,
): AsyncGenerator<Difference[]> {
  let some: Difference[] = []
  for await (const differences of diffMaps(before, after)) {
    for (const one of differences) if (isOfKind(one)) some.push(one)
    if (some.length < changesMax) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}
