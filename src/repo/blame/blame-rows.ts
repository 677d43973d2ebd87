// Blame of a table by rows, or by cells of chosen columns. One diff of two versions tells which rows stay with the
// newer one; all others go on to the older one at once, whatever their number (table/shares.ts). When few rows are
// left, the diffs look for these alone. Where the key changed, rows are found under the key that they had before.
import { compareBytes } from '../../base/bytes.ts'
import { throwIfAborted } from '../../base/errors.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { Column } from '../../table/interface.ts'
import { KeyList } from '../../table/key-list.ts'
import { Shares } from '../../table/shares.ts'
import type { Table } from '../../table/table.ts'
import { type RowPair, type Unit, VersionPair, entriesOf } from '../../table/version-pair.ts'
import type { Attribution, BlameSubject } from './blame.ts'
import type { PathVersion } from '../log/path-origin.ts'
import type { TableVersions } from './table-versions.ts'

/** So many rows are looked for one by one. */
const fewRows = 1024
const rowsAtOnce = 512
/** So many are looked for in the filters of commits: of more, one is mostly among what has changed. */
const probedRows = 16

export interface RowWork {
  readonly table: Table
  /** The keys that the rows have in this version; rows[i] is the row that has the i-th of them (null: row i). */
  readonly keys: KeyList
  readonly rows: Uint32Array | null
  /** By lane: the column's id in this version, null where it did not have it yet. */
  readonly columns: readonly (number | null)[] | null
  /** By lane: what of it is still asked about. */
  readonly shares: readonly number[]
  /** Places in `keys` among which all of it is; null: anywhere. Sorted. */
  readonly places: readonly number[] | null
}

export interface RowSubjectOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((rowsDone: number, rows: number) => void) | undefined
}

export class RowSubject implements BlameSubject<RowWork> {
  readonly attributions: Attribution[] = []
  readonly start: RowWork
  readonly #versions: TableVersions
  readonly #options: RowSubjectOptions
  /** A lane is what is asked of each row: all of it, or one of the columns. */
  readonly #lanes: readonly Shares[]
  readonly #answerOf: readonly Map<number, number>[]
  #done = 0

  /** Without `columns`, rows are attributed as a whole. */
  constructor(
    versions: TableVersions,
    table: Table,
    keys: KeyList,
    columns: readonly Column[] | null,
    options: RowSubjectOptions = {},
  ) {
    this.#versions = versions
    this.#options = options
    const lanes = columns ?? ['row']
    this.#lanes = lanes.map(() => new Shares(keys.count))
    this.#answerOf = lanes.map(() => new Map())
    const places = keys.count <= fewRows ? Array.from({ length: keys.count }, (_, i) => i) : null
    this.start = {
      table,
      keys,
      rows: null,
      columns: columns?.map(({ id }) => id) ?? null,
      shares: lanes.map(() => 0),
      places,
    }
  }

  /** Who answers for a row, by its place among the keys asked about; only when all are answered for. */
  attributionOf(row: number, lane: number): Attribution {
    return this.attributions[this.#answerOf[lane]!.get(this.#lanes[lane]!.of(row))!]!
  }

  async divide(
    work: RowWork,
    _after: PathVersion,
    before: PathVersion,
  ): Promise<{ passed: RowWork | null; left: RowWork | null }> {
    throwIfAborted(this.#options.signal)
    const table = await this.#versions.of(before, work.table)
    if (table === null) return { passed: null, left: work }
    const pair = new VersionPair(table, work.table)
    const division = new Division(pair, work, this.#lanes)
    const moved = pair.keyChanged
      ? await division.byTranslation(this.#options)
      : await division.byDifference(this.#options)
    return {
      passed: this.#reduced({
        ...work,
        ...moved,
        table,
        columns: division.columnsBefore,
        shares: work.shares,
      }),
      left: this.#reduced({ ...work, shares: division.left, places: division.leftPlaces }),
    }
  }

  keysAsked({ keys, places }: RowWork): readonly Uint8Array[] | null {
    return places === null || places.length > probedRows ? null : places.map((place) => keys.at(place))
  }

  join(a: RowWork, b: RowWork): RowWork | null {
    const alike = (): boolean => a.columns?.every((column, i) => column === b.columns![i]) ?? true
    if (a.keys !== b.keys || a.table.map.cid !== b.table.map.cid || !alike()) return null
    const places = a.places === null || b.places === null ? null : united(a.places, b.places)
    return {
      ...a,
      shares: a.shares.map((share, lane) => this.#lanes[lane]!.unite(share, b.shares[lane]!)),
      places: places === null || places.length > fewRows ? null : places,
    }
  }

  settle(work: RowWork, by: Attribution): void {
    const answer = this.attributions.push(by) - 1
    work.shares.forEach((share, lane) => {
      const shares = this.#lanes[lane]!
      if (shares.sizeOf(share) > 0) this.#answerOf[lane]!.set(shares.numberOf(share), answer)
    })
    this.#done += this.#sizeOf(work)
    this.#options.onProgress?.(Math.floor(this.#done / this.#lanes.length), this.start.keys.count)
  }

  #sizeOf({ shares }: RowWork): number {
    return shares.reduce((sum, share, lane) => sum + this.#lanes[lane]!.sizeOf(share), 0)
  }

  /** null when nothing is left of it; when little is, it is told where. */
  #reduced(work: RowWork): RowWork | null {
    const size = this.#sizeOf(work)
    if (size === 0) return null
    if (work.places !== null || size > fewRows) return work
    const places: number[] = []
    for (let place = 0; place < work.keys.count; place++) {
      const row = work.rows?.[place] ?? place
      if (work.shares.some((share, lane) => this.#lanes[lane]!.holds(share, row))) places.push(place)
    }
    return { ...work, places }
  }
}

/** One version against an older one: what stays with it goes from the work's shares into new ones. */
class Division {
  readonly left: readonly number[]
  /** Where the rows that stay are; null when they are many. */
  leftPlaces: number[] | null = []
  readonly columnsBefore: readonly (number | null)[] | null
  readonly #pair: VersionPair
  readonly #work: RowWork
  readonly #lanes: readonly Shares[]
  readonly #units: readonly Unit[]

  constructor(pair: VersionPair, work: RowWork, lanes: readonly Shares[]) {
    this.#pair = pair
    this.#work = work
    this.#lanes = lanes
    this.left = lanes.map((shares) => shares.add())
    this.#units = work.columns?.map((id) => (id === null ? null : pair.columnOf(id))) ?? ['row']
    this.columnsBefore =
      work.columns === null
        ? null
        : this.#units.map((unit) => (unit as Exclude<Unit, 'row'>)?.before?.id ?? null)
  }

  async byDifference(options: RowSubjectOptions): Promise<Pick<RowWork, 'places'>> {
    for await (const pairs of this.#pair.changes(this.#keysAsked(), options)) {
      for (const pair of pairs) {
        const place = pair.after === null ? -1 : this.#work.keys.find(pair.key)
        if (place >= 0) this.#keep(place, pair)
      }
    }
    return { places: this.#work.places }
  }

  /** Every row is looked up under the key it had; where two claim one row, the first has it. */
  async byTranslation(options: RowSubjectOptions): Promise<Pick<RowWork, 'keys' | 'rows' | 'places'>> {
    const found: { key: Uint8Array; place: number; after: Entry }[] = []
    for await (const entries of entriesOf(this.#pair.after.map, this.#keysAsked(), options)) {
      for (const after of entries) {
        const place = this.#work.keys.find(after.key)
        if (place < 0 || !this.#isAsked(place)) continue
        const key = this.#pair.keyBefore(after)
        if (key === null) this.#keep(place, null)
        else found.push({ key, place, after })
      }
    }
    found.sort((a, b) => compareBytes(a.key, b.key) || a.place - b.place)
    const keys: Uint8Array[] = []
    const rows: number[] = []
    for (let at = 0; at < found.length; at += rowsAtOnce) {
      throwIfAborted(options.signal)
      const some = found.slice(at, at + rowsAtOnce)
      const befores = await this.#pair.before.map.getMany(
        some.map(({ key }) => key),
        options,
      )
      some.forEach(({ key, place, after }, i) => {
        const last = keys.at(-1)
        const isTaken = last !== undefined && compareBytes(last, key) === 0
        const before = isTaken ? null : befores[i]!
        this.#keep(place, { key, before, after })
        if (before === null) return
        keys.push(key)
        rows.push(this.#rowAt(place))
      })
    }
    this.leftPlaces?.sort((a, b) => a - b)
    const places = keys.length <= fewRows ? keys.map((_, i) => i) : null
    return { keys: KeyList.of(keys), rows: Uint32Array.from(rows), places }
  }

  #keysAsked(): Uint8Array[] | undefined {
    return this.#work.places?.map((place) => this.#work.keys.at(place))
  }

  #rowAt(place: number): number {
    return this.#work.rows?.[place] ?? place
  }

  #isAsked(place: number): boolean {
    const row = this.#rowAt(place)
    return this.#work.shares.some((share, lane) => this.#lanes[lane]!.holds(share, row))
  }

  /**
   * Attributes to this version the cells in which the row differs from its parent's; with `pair` null, all of them.
   */
  #keep(place: number, pair: RowPair | null): void {
    const row = this.#rowAt(place)
    const differs = pair === null ? () => true : this.#pair.comparison(pair)
    let isKept = false
    this.#lanes.forEach((shares, lane) => {
      if (!shares.holds(this.#work.shares[lane]!, row)) return
      if (!differs(this.#units[lane]!)) return
      shares.move(row, this.left[lane]!)
      isKept = true
    })
    if (isKept && this.leftPlaces !== null) this.leftPlaces.push(place)
    if (this.leftPlaces !== null && this.leftPlaces.length > fewRows) this.leftPlaces = null
  }
}

function united(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((one, other) => one - other)
}
