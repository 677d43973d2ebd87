// Three-way merge of rows: each strand becomes a row, nothing, or a conflict. A row is decided cell by cell; what a
// side's version does not have at all (a column it removed or never had) is no opinion of that side.
import type { Choice, DocumentConflict } from '../interface.ts'
import type { InferredKey } from './key.ts'
import type { Lane } from './lanes.ts'
import type { Side, Versions } from './layout.ts'
import { isSameDialect, type TableRecord } from './record.ts'
import type { Strand } from './weave.ts'

const separator = '\u001f'

/** What stands in the merged file at a strand; null: nothing. */
export type RowPick =
  | { readonly kind: 'side'; readonly side: Side }
  | { readonly kind: 'cells'; readonly picks: readonly CellPick[] }
  | { readonly kind: 'conflict'; readonly conflict: DocumentConflict }

/** By merged column. */
export type CellPick = Side | DocumentConflict | null

export interface MergedRow {
  readonly strand: Strand
  readonly pick: RowPick | null
}

export class RowMerger {
  readonly conflicts: DocumentConflict[] = []
  readonly #versions: Versions
  readonly #lanes: readonly Lane[]
  readonly #key: InferredKey | null
  /** Equal texts are equal rows, whichever versions they are of. */
  readonly #isUniform: boolean

  constructor(versions: Versions, lanes: readonly Lane[], key: InferredKey | null) {
    this.#versions = versions
    this.#lanes = lanes
    this.#key = key
    const { base, ours, theirs } = versions
    const isOneDialect = [base, theirs].every(({ file }) => isSameDialect(file.dialect, ours.file.dialect))
    this.#isUniform =
      isOneDialect && lanes.every((lane) => lane.base === lane.ours && lane.ours === lane.theirs)
  }

  merge(strand: Strand): MergedRow {
    return { strand, pick: this.#pick(strand) }
  }

  #pick(strand: Strand): RowPick | null {
    const { base, ours, theirs } = strand
    if (ours < 0 && theirs < 0) return null
    if (base < 0) {
      if (theirs < 0) return { kind: 'side', side: 'ours' }
      if (ours < 0) return { kind: 'side', side: 'theirs' }
      return this.#bothAdded(strand)
    }
    if (ours >= 0 && theirs >= 0) return this.#cells(strand)
    const left = ours < 0 ? 'theirs' : 'ours'
    if (!this.#isEdited(strand, left)) return null
    return { kind: 'conflict', conflict: this.#conflict('row', strand) }
  }

  /** Rows that the merge gives one key, though neither side has so many under it: one conflict for all of them. */
  guard(rows: readonly MergedRow[], key: InferredKey): MergedRow[] {
    const keys = new Set<string>()
    const isUnique = rows.every((row) => {
      const text = this.#keyText(row, key)
      return text === null || keys.size < keys.add(text).size
    })
    if (isUnique) return [...rows]
    const limit = { ours: this.#counts('ours', key), theirs: this.#counts('theirs', key) }
    const groups = new Map<string, MergedRow[]>()
    for (const row of rows) {
      const text = this.#keyText(row, key)
      if (text === null) continue
      const group = groups.get(text)
      if (group === undefined) groups.set(text, [row])
      else group.push(row)
    }
    const held = new Map<MergedRow, DocumentConflict>()
    for (const [text, group] of groups) {
      if (group.length <= Math.max(limit.ours.get(text) ?? 0, limit.theirs.get(text) ?? 0)) continue
      if (group.some(({ pick }) => pick!.kind === 'conflict')) continue
      const conflict = this.#collision(group, key)
      for (const row of group) held.set(row, conflict)
    }
    return rows.map((row) => {
      const conflict = held.get(row)
      return conflict === undefined ? row : { strand: row.strand, pick: { kind: 'conflict', conflict } }
    })
  }

  #counts(side: 'ours' | 'theirs', key: InferredKey): Map<string, number> {
    const counts = new Map<string, number>()
    for (const row of this.#versions[side].rows) {
      const text = key.keyOf(side, row)
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
    return counts
  }

  /** Under the merged cells of the key; null where there is no row, or none that a key would tell apart. */
  #keyText({ strand, pick }: MergedRow, key: InferredKey): string | null {
    if (pick === null) return null
    const parts = key.lanes.map((lane) => {
      const place = this.#lanes.indexOf(lane)
      const chosen = pick.kind === 'side' ? pick.side : pick.kind === 'cells' ? pick.picks[place] : 'ours'
      const side = typeof chosen === 'string' ? chosen : 'ours'
      const row = this.#row(side, strand)
      return row === null || lane[side] < 0 ? '' : row.cell(lane[side])
    })
    return parts.every((part) => part === '') ? null : parts.join(separator)
  }

  #collision(group: readonly MergedRow[], key: InferredKey): DocumentConflict {
    const textOf = (side: Side): string | null => {
      const texts = group.flatMap(({ strand }) => this.#row(side, strand)?.text ?? [])
      return texts.length === 0 ? null : texts.join('\n')
    }
    const first = group[0]!.strand
    const side: Side = first.ours >= 0 ? 'ours' : 'theirs'
    const where = key.lanes
      .map((lane) => `${lane.name}=${cell(this.#row(side, first)!, lane[side])}`)
      .join(', ')
    const conflict: DocumentConflict = {
      kind: 'key-collision',
      where,
      column: null,
      base: textOf('base'),
      ours: textOf('ours'),
      theirs: textOf('theirs'),
    }
    this.conflicts.push(conflict)
    return conflict
  }

  #row(side: Side, strand: Strand): TableRecord | null {
    return this.#versions[side].rows[strand[side]] ?? null
  }

  #isEdited(strand: Strand, side: 'ours' | 'theirs'): boolean {
    const [before, after] = [this.#row('base', strand)!, this.#row(side, strand)!]
    if (this.#isUniform && before.text === after.text) return false
    return this.#lanes.some(
      (lane) => lane.base >= 0 && lane[side] >= 0 && cell(before, lane.base) !== cell(after, lane[side]),
    )
  }

  #bothAdded(strand: Strand): RowPick {
    const [ours, theirs] = [this.#row('ours', strand)!, this.#row('theirs', strand)!]
    const differs = this.#lanes.some(
      (lane) => lane.ours >= 0 && lane.theirs >= 0 && cell(ours, lane.ours) !== cell(theirs, lane.theirs),
    )
    if (differs) return { kind: 'conflict', conflict: this.#conflict('key-collision', strand) }
    const picks = this.#lanes.map((lane) => (lane.ours >= 0 ? 'ours' : lane.theirs >= 0 ? 'theirs' : null))
    return { kind: 'cells', picks }
  }

  #cells(strand: Strand): RowPick {
    const rows = {
      base: this.#row('base', strand)!,
      ours: this.#row('ours', strand)!,
      theirs: this.#row('theirs', strand)!,
    }
    const taken = this.#isUniform ? takenWhole(rows) : null
    if (taken !== null) return { kind: 'side', side: taken }
    const picks = this.#lanes.map((lane): CellPick => {
      if (lane.ours < 0) return lane.theirs < 0 ? null : 'theirs'
      if (lane.theirs < 0) return 'ours'
      const [ours, theirs] = [cell(rows.ours, lane.ours), cell(rows.theirs, lane.theirs)]
      const base = lane.base < 0 ? null : cell(rows.base, lane.base)
      if (ours === theirs) return base === ours && spelledAlike(rows, lane) ? 'theirs' : 'ours'
      if (theirs === base) return 'ours'
      if (ours === base) return 'theirs'
      return this.#conflict('cell', strand, lane, { base, ours, theirs })
    })
    return { kind: 'cells', picks }
  }

  #conflict(
    kind: DocumentConflict['kind'],
    strand: Strand,
    lane: Lane | null = null,
    cells: Pick<DocumentConflict, Side> | null = null,
  ): DocumentConflict {
    const text = (side: Side): string | null => this.#row(side, strand)?.text ?? null
    const sides = cells ?? { base: text('base'), ours: text('ours'), theirs: text('theirs') }
    const conflict = { kind, where: this.#where(strand), column: lane?.name ?? null, ...sides }
    this.conflicts.push(conflict)
    return conflict
  }

  #where(strand: Strand): string {
    const side: Side = strand.ours >= 0 ? 'ours' : strand.base >= 0 ? 'base' : 'theirs'
    const row = this.#row(side, strand)!
    if (this.#key === null) return `row ${strand[side] + 1}`
    return this.#key.lanes.map((lane) => `${lane.name}=${cell(row, lane[side])}`).join(', ')
  }
}

/** The side whose row stands as it is: the only one that changed it, or ours where both did alike. */
function takenWhole({ base, ours, theirs }: Record<Side, TableRecord>): 'ours' | 'theirs' | null {
  const isSame = (a: TableRecord, b: TableRecord): boolean => a.text === b.text && a.eol === b.eol
  if (isSame(ours, theirs) || isSame(theirs, base)) return 'ours'
  return isSame(ours, base) ? 'theirs' : null
}

/** Ours is spelled as in the base: what theirs made of it counts. */
function spelledAlike(rows: Record<'base' | 'ours', TableRecord>, lane: Lane): boolean {
  return rows.ours.spellings[lane.ours] === rows.base.spellings[lane.base]
}

export function cell(row: TableRecord, place: number): string {
  return row.cells[place] ?? ''
}

export function sideOf(choice: Choice): Side | null {
  return typeof choice === 'string' ? choice : null
}
