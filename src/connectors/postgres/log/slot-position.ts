// A place in a slot's log, as the repository keeps it: "varve_shop_1f0c52aa 0/16B3748 9d3f…-64a1…": the slot, which its
// publication is called by as well; the place; in which files the tables then were, and since when the server had run.
import { lsnOf, lsnText } from './lsn.ts'

export interface SlotPosition {
  readonly slot: string
  readonly lsn: bigint
  readonly incarnation: string
  readonly run: string
}

export function positionText({ slot, lsn, incarnation, run }: SlotPosition): string {
  return `${slot} ${lsnText(lsn)} ${incarnation}-${run}`
}

/** Reads a stored position; null when Varve did not write the text. */
export function positionOf(text: string): SlotPosition | null {
  const [, slot, lsn, incarnation, run] =
    /^(varve_[a-z0-9_]{1,57}) ([0-9A-F/]{3,17}) ([0-9a-f]{1,16})-([0-9a-f]{1,16})$/.exec(text) ?? []
  return slot === undefined ? null : { slot, lsn: lsnOf(lsn!), incarnation: incarnation!, run: run! }
}

/** Lower-case letters, digits and underscores, 63 at most, as the server wants it. */
export function slotName(name: string): string {
  return `varve_${name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_')
    .slice(-57)}`
}
