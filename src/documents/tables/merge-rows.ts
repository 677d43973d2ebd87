// Three-way merge of rows: each strand becomes a row, nothing, or a conflict. A row is decided cell by cell; what a
// side's version does not have at all (a column it removed or never had) is no opinion of that side.
import type { DocumentConflict } from '../interface.ts'
import type { InferredKey } from './key.ts'
import type { Lane } from './lanes.ts'
import type { Versions } from './layout.ts'
import { type CellPick, MergedRows, oursPick, type RowPick, StrandCells, theirsPick } from './merged-rows.ts'
import { Replacements } from './replacements.ts'
import { isSameDialect, isSameText, type Records } from './record.ts'
import type { Side, Strands } from './strands.ts'

export class RowMerger {
  readonly conflicts: DocumentConflict[] = []
  readonly #lanes: readonly Lane[]
  readonly #key: InferredKey | null
  readonly #doubtful: ReadonlySet<number>
  readonly #cells: StrandCells
  readonly #replacements: { readonly ours: Replacements; readonly theirs: Replacements }
  /** Equal texts are equal rows, whichever versions they are of. */
  readonly #isUniform: boolean
  readonly #twins: { readonly ours: Int32Array | undefined; readonly theirs: Int32Array | undefined }

  constructor(versions: Versions, strands: Strands, lanes: readonly Lane[], key: InferredKey | null) {
    this.#lanes = lanes
    this.#key = key
    this.#doubtful = strands.doubtful
    this.#cells = new StrandCells(versions, strands)
    const input = { versions, strands, lanes, hasKey: key !== null }
    this.#replacements = { ours: new Replacements(input, 'ours'), theirs: new Replacements(input, 'theirs') }
    const { base, ours, theirs } = versions
    this.#twins = { ours: ours.twins?.rows, theirs: theirs.twins?.rows }
    const isOneDialect = [base, theirs].every(({ file }) => isSameDialect(file.dialect, ours.file.dialect))
    this.#isUniform =
      isOneDialect && lanes.every((lane) => lane.base === lane.ours && lane.ours === lane.theirs)
  }

  /** Merges the strands in this order. */
  merge(strands: Strands, order: Int32Array): MergedRows {
    const numbers = new Int32Array(order.length)
    const of: (RowPick | null)[] = [null, oursPick, theirsPick]
    const known = new Map<string, number>()
    for (let row = 0; row < order.length; row++) {
      const pick = this.#pick(order[row]!)
      if (pick === null) continue
      if (pick === oursPick || pick === theirsPick) {
        numbers[row] = pick === oursPick ? 1 : 2
        continue
      }
      const id = idOf(pick)
      const number = id === null ? undefined : known.get(id)
      numbers[row] = number ?? of.length
      if (number !== undefined) continue
      if (id !== null) known.set(id, of.length)
      of.push(pick)
    }
    return new MergedRows(strands, order, { numbers, of })
  }

  #pick(strand: number): RowPick | null {
    const cells = this.#cells
    const [base, ours, theirs] = [
      cells.place('base', strand),
      cells.place('ours', strand),
      cells.place('theirs', strand),
    ]
    if (ours < 0 && theirs < 0) return null
    if (base < 0) {
      if (theirs < 0) return oursPick
      if (ours < 0) return theirsPick
      return this.#bothAdded(strand)
    }
    if (this.#doubtful.has(strand)) return { kind: 'conflict', conflict: this.#conflict('row', strand) }
    if (ours >= 0 && theirs >= 0) return this.#wholeRow(base, ours, theirs) ?? this.#cellPicks(strand)
    const [left, gone] = ours < 0 ? (['theirs', 'ours'] as const) : (['ours', 'theirs'] as const)
    const isClash =
      this.#isEdited(strand, left) || (this.#isFilled(strand, left) && this.#replacements[gone].has(base))
    if (!isClash) return null
    return { kind: 'conflict', conflict: this.#conflict('row', strand) }
  }

  #isEdited(strand: number, side: 'ours' | 'theirs'): boolean {
    const cells = this.#cells
    const [before, after] = [cells.place('base', strand), cells.place(side, strand)]
    if (this.#isUniform && isSameText(cells.rows('base'), before, cells.rows(side), after)) return false
    return this.#lanes.some(
      (lane) => lane.base >= 0 && lane[side] >= 0 && !cells.isSame(strand, lane, 'base', side),
    )
  }

  /** Whether it has something in a column that the base does not have. */
  #isFilled(strand: number, side: 'ours' | 'theirs'): boolean {
    const row = this.#cells.of(side, strand)!
    return this.#lanes.some((lane) => lane.base < 0 && lane[side] >= 0 && row.value(lane[side]) !== '')
  }

  #bothAdded(strand: number): RowPick {
    const differs = this.#lanes.some(
      (lane) => lane.ours >= 0 && lane.theirs >= 0 && !this.#cells.isSame(strand, lane, 'ours', 'theirs'),
    )
    if (differs) return { kind: 'conflict', conflict: this.#conflict('key-collision', strand) }
    const picks = this.#lanes.map((lane) => (lane.ours >= 0 ? 'ours' : lane.theirs >= 0 ? 'theirs' : null))
    return { kind: 'cells', picks }
  }

  /** The side whose row stands as it is: the only one that changed it, or ours where both did alike. */
  #wholeRow(base: number, ours: number, theirs: number): RowPick | null {
    if (!this.#isUniform) return null
    // What the base has as it stands needs no look.
    const [isOurs, isTheirs] = [this.#twins.ours?.[ours] === base, this.#twins.theirs?.[theirs] === base]
    if (isTheirs) return oursPick
    const [before, left, right] = [
      this.#cells.rows('base'),
      this.#cells.rows('ours'),
      this.#cells.rows('theirs'),
    ]
    if (isOurs) return isSameLine(right, theirs, before, base) ? oursPick : theirsPick
    if (isSameLine(right, theirs, before, base) || isSameLine(left, ours, right, theirs)) return oursPick
    return isSameLine(left, ours, before, base) ? theirsPick : null
  }

  #cellPicks(strand: number): RowPick {
    const cells = this.#cells
    const [before, left, right] = [
      cells.of('base', strand)!,
      cells.of('ours', strand)!,
      cells.of('theirs', strand)!,
    ]
    const picks = this.#lanes.map((lane): CellPick => {
      if (lane.ours < 0) return lane.theirs < 0 ? null : 'theirs'
      if (lane.theirs < 0) return 'ours'
      const isLeft = lane.base >= 0 && left.hasSameValue(lane.ours, before, lane.base)
      if (left.hasSameValue(lane.ours, right, lane.theirs)) {
        // Ours is spelled as in the base: what theirs made of it counts.
        return isLeft && left.hasSameSpelling(lane.ours, before, lane.base) ? 'theirs' : 'ours'
      }
      if (lane.base >= 0 && right.hasSameValue(lane.theirs, before, lane.base)) return 'ours'
      if (isLeft) return 'theirs'
      const base = lane.base < 0 ? null : before.value(lane.base)
      const [ours, theirs] = [left.value(lane.ours), right.value(lane.theirs)]
      return this.#conflict('cell', strand, lane, { base, ours, theirs })
    })
    return { kind: 'cells', picks }
  }

  #conflict(
    kind: DocumentConflict['kind'],
    strand: number,
    lane: Lane | null = null,
    values: Pick<DocumentConflict, Side> | null = null,
  ): DocumentConflict {
    const text = (side: Side): string | null => {
      const place = this.#cells.place(side, strand)
      return place < 0 ? null : this.#cells.rows(side).text(place)
    }
    const sides = values ?? { base: text('base'), ours: text('ours'), theirs: text('theirs') }
    const conflict = { kind, where: this.#where(strand), column: lane?.name ?? null, ...sides }
    this.conflicts.push(conflict)
    return conflict
  }

  #where(strand: number): string {
    const has = (side: Side): boolean => this.#cells.place(side, strand) >= 0
    const side: Side = has('ours') ? 'ours' : has('base') ? 'base' : 'theirs'
    if (this.#key === null) return `row ${this.#cells.place(side, strand) + 1}`
    const cells = this.#cells.of(side, strand)!
    return this.#key.lanes.map((lane) => `${lane.name}=${cells.value(lane[side])}`).join(', ')
  }
}

/** A text that equal picks share; null for a pick that is used only once. */
function idOf(pick: RowPick): string | null {
  if (pick.kind !== 'cells' || pick.picks.some((one) => one !== null && typeof one !== 'string')) return null
  return pick.picks.map((one) => (one as Side | null)?.charAt(0) ?? '-').join('')
}

/** Whether two records are the same bytes, line ends included. */
function isSameLine(a: Records, i: number, b: Records, j: number): boolean {
  const isSameEnd = a.start(i + 1) - a.end(i) === b.start(j + 1) - b.end(j) && a.newline === b.newline
  return (isSameEnd || a.eol(i) === b.eol(j)) && isSameText(a, i, b, j)
}
