// Merges two changes of one list of keys (the order of a table's rows in its file), given as hunks against the base.
// One side's list is the frame: its rows stay where they are, so that it should be the side that moved rows. Rows that
// the other side inserted come behind their predecessor, and behind the rows that the frame has at that place; rows
// that the merge removed go. Works on the hunks alone, so the cost follows the changes.
import { toHex } from '../../base/bytes.ts'
import { corrupt } from '../../base/errors.ts'
import type { ListHunk } from '../../prolly/interface.ts'

/** Where the keys of one side's hunks are: in the base, and in the side's own list. */
export class SideOrder {
  readonly hunks: readonly ListHunk[]
  readonly gone: Map<string, number> = new Map()
  readonly come: Map<string, number> = new Map()
  /** Whether a key stands elsewhere than it did. */
  readonly hasMoves: boolean

  constructor(hunks: readonly ListHunk[]) {
    this.hunks = hunks
    for (const { aStart, bStart, aItems, bItems } of hunks) {
      aItems.forEach((key, i) => this.gone.set(toHex(key), aStart + i))
      bItems.forEach((key, i) => this.come.set(toHex(key), bStart + i))
    }
    this.hasMoves = [...this.come.keys()].some((key) => this.gone.has(key))
  }

  /** Place in this list behind what precedes the base's item `index`: behind its predecessor, wherever that is now. */
  gap(index: number): number {
    const hunk = this.#hunkAt(index)
    if (hunk === undefined) return index
    const { aStart, aItems, bStart, bItems } = hunk
    for (
      let i = Math.min(index - aStart, aItems.length) - 1;
      i >= 0 && index <= aStart + aItems.length;
      i--
    ) {
      const place = this.come.get(toHex(aItems[i]!))
      if (place !== undefined) return place + 1
    }
    return bStart + bItems.length + Math.max(0, index - aStart - aItems.length)
  }

  /** The place of an item of the base that this side has not touched. */
  placeOf(index: number): number {
    const hunk = this.#hunkAt(index)
    return hunk === undefined
      ? index
      : index - hunk.aStart - hunk.aItems.length + hunk.bStart + hunk.bItems.length
  }

  /** The last hunk that begins at or before `index`. */
  #hunkAt(index: number): ListHunk | undefined {
    let low = 0
    let high = this.hunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.hunks[middle]!.aStart <= index) low = middle + 1
      else high = middle
    }
    return this.hunks[low - 1]
  }
}

interface Place {
  readonly at: number
  /** Removed from here; null for what is only inserted. */
  readonly gone: Uint8Array | null
  readonly come: Uint8Array[]
}

/** The edits of the frame's list. `isKept` tells for a key of the hunks whether the merged table has its row. */
export function planOrder(frame: SideOrder, other: SideOrder, isKept: (key: string) => boolean): ListHunk[] {
  const has = (side: SideOrder, key: string): boolean =>
    side.come.has(key) || (!side.gone.has(key) && (frame.gone.has(key) || other.gone.has(key)))
  const places = new Map<number, { gone: Uint8Array | null; come: Uint8Array[] }>()
  const placeAt = (at: number): { gone: Uint8Array | null; come: Uint8Array[] } => {
    const known = places.get(at) ?? { gone: null, come: [] }
    places.set(at, known)
    return known
  }
  const remove = (item: Uint8Array): void => {
    const key = toHex(item)
    if (!has(frame, key) || isKept(key)) return
    const base = frame.gone.get(key) ?? other.gone.get(key)
    placeAt(frame.come.get(key) ?? frame.placeOf(base!)).gone = item
  }
  for (const { bItems } of frame.hunks) bItems.forEach(remove)
  for (const { aStart, aItems, bItems } of other.hunks) {
    aItems.forEach(remove)
    let at = frame.gap(aStart)
    for (const item of bItems) {
      const key = toHex(item)
      if (isKept(key) && !has(frame, key)) placeAt(at).come.push(item)
      else at = (frame.come.get(key) ?? at - 1) + 1
    }
  }
  for (const { aStart, aItems } of frame.hunks) {
    aItems.forEach((item, i) => {
      const key = toHex(item)
      if (isKept(key) && !has(frame, key) && !other.come.has(key))
        placeAt(frame.gap(aStart + i)).come.push(item)
    })
  }
  return joined([...places].map(([at, place]) => ({ at, ...place })).sort((a, b) => a.at - b.at))
}

/** Makes hunks, of which neighbours are joined into one. */
function joined(places: readonly Place[]): ListHunk[] {
  const hunks: { aStart: number; bStart: number; aItems: Uint8Array[]; bItems: Uint8Array[] }[] = []
  let shift = 0
  for (const { at, gone, come } of places) {
    let hunk = hunks.at(-1)
    if (hunk !== undefined && hunk.aStart + hunk.aItems.length > at)
      throw corrupt('order of a table is in disorder')
    if (hunk === undefined || hunk.aStart + hunk.aItems.length < at) {
      hunk = { aStart: at, bStart: at + shift, aItems: [], bItems: [] }
      hunks.push(hunk)
    }
    for (const item of come) hunk.bItems.push(item)
    if (gone !== null) hunk.aItems.push(gone)
    shift += come.length - (gone === null ? 0 : 1)
  }
  return hunks
}
