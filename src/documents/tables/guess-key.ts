// The key of one delimited file, as a merge would guess it (key.ts), for people to declare.
import type { DocumentOptions } from '../interface.ts'
import { KeyIndexes } from './key-indexes.ts'
import { inferKey } from './key.ts'
import { lanesOf } from './lanes.ts'
import { versionsOf } from './versions.ts'

/** Names of the columns that tell its rows apart; null: there are none, or it has no header, or is no table. */
export function guessKey(bytes: Uint8Array, options: DocumentOptions): readonly string[] | null {
  const versions = versionsOf({ base: bytes, ours: bytes, theirs: bytes }, options)
  if ('kind' in versions || versions.ours.header === null) return null
  const lanes = lanesOf(versions.base, versions.ours, versions.theirs)
  return inferKey(versions, lanes, new KeyIndexes())?.lanes.map(({ name }) => name) ?? null
}
