// Which columns are unique in which version. It is asked for several reasons, so that what was found is kept, within bounds.
import { KeyIndex, cellsNeeded } from './key-index.ts'
import type { Records } from './record.ts'
import { RowCells } from './row-cells.ts'

const footprintMax = 128 << 20
const keptMin = 3
const sampleRows = 16

/** By places. A number: with this many doubled rows allowed they were not unique. */
type Known = Map<string, KeyIndex | number>

export class KeyIndexes {
  readonly #known = new Map<Records, Known>()
  readonly #kept: { readonly of: Known; readonly id: string; readonly bytes: number }[] = []
  #footprint = 0

  /** null: more than `twiceMax` rows have a key that another has before them, or some have none. */
  unique(rows: Records, places: readonly number[], twiceMax: number): KeyIndex | null {
    return this.uniqueAmong(rows, [places], twiceMax)[0]!
  }

  /** The same for several sets of columns, with each row taken apart once. */
  uniqueAmong(rows: Records, sets: readonly (readonly number[])[], twiceMax: number): (KeyIndex | null)[] {
    const known = this.#of(rows)
    const fresh = new Map<string, KeyIndex>()
    const found = sets.map((places): KeyIndex | null => {
      const id = places.join()
      const before = known.get(id)
      if (typeof before === 'object') return before.isBroken(twiceMax) ? null : before
      if (before !== undefined && before >= twiceMax) return null
      const index = fresh.get(id) ?? new KeyIndex(rows, places)
      fresh.set(id, index)
      return index
    })
    const broken = fillAll(rows, [...fresh.values()], twiceMax)
    for (const [id, index] of fresh) {
      if (broken.has(index)) known.set(id, twiceMax)
      else this.#keep(known, id, index)
    }
    return found.map((index) => (index === null || broken.has(index) ? null : index))
  }

  #of(rows: Records): Known {
    const known: Known = this.#known.get(rows) ?? new Map()
    this.#known.set(rows, known)
    return known
  }

  #keep(of: Known, id: string, index: KeyIndex): void {
    const bytes = index.footprint
    of.set(id, index)
    this.#kept.push({ of, id, bytes })
    this.#footprint += bytes
    while (this.#footprint > footprintMax && this.#kept.length > keptMin) {
      const oldest = this.#kept.shift()!
      oldest.of.delete(oldest.id)
      this.#footprint -= oldest.bytes
    }
  }
}

/** Those that are not unique, each given up at the first row that says so. */
function fillAll(rows: Records, indexes: readonly KeyIndex[], twiceMax: number): Set<KeyIndex> {
  const broken = new Set<KeyIndex>()
  const sample = twiceMax < 1 && indexes.length > 1 ? sampleOf(rows) : []
  for (const index of indexes) if (hasTwice(sample, index.places)) broken.add(index)
  let open = indexes.filter((index) => !broken.has(index))
  const mostOfOpen = (): number => open.reduce((most, { places }) => Math.max(most, cellsNeeded(places)), 0)
  let most = mostOfOpen()
  const cells = new RowCells()
  for (let row = 0; row < rows.length && open.length > 0; row++) {
    cells.set(rows, row, most)
    const before = broken.size
    for (const index of open) {
      index.add(cells, row)
      if (index.isBroken(twiceMax)) broken.add(index)
    }
    if (broken.size === before) continue
    open = open.filter((index) => !broken.has(index))
    most = mostOfOpen()
  }
  for (const index of open) if (index.filled === 0) broken.add(index)
  return broken
}

function sampleOf(rows: Records): RowCells[] {
  return Array.from({ length: Math.min(sampleRows, rows.length) }, (_, i) => new RowCells().set(rows, i))
}

/** Most columns hold something twice soon: there is no index to be made. Empty ones are left to the index. */
function hasTwice(rows: readonly RowCells[], places: readonly number[]): boolean {
  return rows.some((row, i) => {
    if (places.every((place) => row.isEmpty(place))) return false
    return rows.slice(0, i).some((other) => places.every((place) => row.hasSameValue(place, other, place)))
  })
}
