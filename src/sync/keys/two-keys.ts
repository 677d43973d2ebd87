// The rows of a table under the keys of both sides, and how to get from one to the other.
import { equalBytes } from '../../base/bytes.ts'
import type { ProllyMap } from '../../prolly/map.ts'

export interface TwoKeys {
  /** The rows under the keys that the endpoint has. */
  readonly there: ProllyMap
  /** The same under those that the branch has. */
  readonly here: ProllyMap
  /** From a key there to that here, where they differ. */
  readonly names: ProllyMap
}

/** The keys that the endpoint may have for one of the branch, the likeliest first. */
export type Spelled = (key: Uint8Array) => readonly Uint8Array[]

interface Spelling<T> {
  readonly key: Uint8Array
  readonly is: T
}

/** The spellings of each key, each with what `look` finds of it, which is asked once for all of them. */
export async function spellingsWith<T>(
  keys: readonly Uint8Array[],
  how: Spelled,
  look: (all: readonly Uint8Array[]) => Promise<readonly T[]>,
): Promise<(readonly Spelling<T>[])[]> {
  const spellings = keys.map(how)
  const found = await look(spellings.flat())
  let at = 0
  return spellings.map((some) => some.map((key) => ({ key, is: found[at++]! })))
}

export async function keysHere(names: ProllyMap, keys: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const found = await names.getMany(keys)
  return keys.map((key, i) => found[i]?.value ?? key)
}

/** null for a key that no row there has. */
export async function keysThere(
  { there, names }: Pick<TwoKeys, 'there' | 'names'>,
  how: Spelled,
  keys: readonly Uint8Array[],
): Promise<(Uint8Array | null)[]> {
  const orOwn: Spelled = (key) => [key, ...how(key)]
  const spellings = await spellingsWith(keys, orOwn, async (all) => {
    const [rows, here] = [await there.getMany(all), await keysHere(names, all)]
    return here.map((key, i) => (rows[i] === null ? null : key))
  })
  return spellings.map(
    (some, i) => some.find(({ is }) => is !== null && equalBytes(is, keys[i]!))?.key ?? null,
  )
}
