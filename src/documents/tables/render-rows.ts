// Writes one merged row after another.
import type { DocumentConflict } from '../interface.ts'
import { type Layout, spell, spellValue } from './layout.ts'
import type { LineWriter } from './line-writer.ts'
import { type CellPick, StrandCells } from './merged-rows.ts'
import { type Choose, type MergedTable, sideOf } from './merged-table.ts'
import type { Side } from './strands.ts'

/** What a cell becomes: a side's, or a value that somebody gave. */
type Chosen = Side | { readonly value: string } | null

export class RowRenderer {
  readonly #table: MergedTable
  readonly #layout: Layout
  readonly #choose: Choose
  readonly #writer: LineWriter
  readonly #cells: StrandCells
  /** By side and merged column: whether its cells can stand as they are spelled. */
  readonly #isKept: Readonly<Record<Side, readonly boolean[]>>

  constructor(table: MergedTable, choose: Choose, writer: LineWriter) {
    this.#table = table
    this.#layout = table.layout
    this.#choose = choose
    this.#writer = writer
    this.#cells = new StrandCells(table.versions, table.rows.strands)
    const isKept = (side: Side): boolean[] => {
      const isSameDelimiter = table.versions[side].file.dialect.delimiter === table.layout.delimiter
      return table.layout.lanes.map((_, place) => isSameDelimiter && hasSameQuotes(table.layout, place, side))
    }
    this.#isKept = { base: isKept('base'), ours: isKept('ours'), theirs: isKept('theirs') }
  }

  write(row: number): void {
    const pick = this.#table.rows.pick(row)
    if (pick === null) return
    const strand = this.#table.rows.order[row]!
    if (pick.kind === 'side') this.#side(strand, pick.side)
    else if (pick.kind === 'cells') this.#picks(strand, pick.picks, this.#choose)
    else this.#conflict(strand, pick.conflict)
  }

  #conflict(strand: number, conflict: DocumentConflict): void {
    const choice = this.#choose(conflict)
    const side = sideOf(choice)
    if (side !== null) {
      if (this.#cells.place(side, strand) >= 0) this.#side(strand, side)
      return
    }
    const { value } = choice as { value: string }
    if (value === '') return
    this.#writer.begin(this.#layout.eol ?? this.#layout.defaultEol)
    this.#writer.text(value)
  }

  #side(strand: number, side: Side): void {
    const cells = this.#cells
    if (this.#layout.isFrame[side]) {
      const [rows, place] = [cells.rows(side), cells.place(side, strand)]
      this.#writer.record(rows, place, this.#layout.eol ?? (rows.eol(place) || this.#layout.defaultEol))
      return
    }
    const picks = this.#layout.lanes.map((lane) => (lane[side] < 0 ? null : side))
    this.#picks(strand, picks, () => side)
  }

  #picks(strand: number, picks: readonly CellPick[], choose: Choose): void {
    const layout = this.#layout
    const chosen = picks.map((pick): Chosen =>
      pick === null || typeof pick === 'string' ? pick : choose(pick),
    )
    const eol = layout.eol ?? (this.#mergedEol(strand) || layout.defaultEol)
    const whole = this.#wholeRow(strand, chosen)
    if (whole !== null) {
      this.#writer.record(this.#cells.rows(whole), this.#cells.place(whole, strand), eol)
      return
    }
    this.#writer.begin(eol)
    const length = Math.max(1, this.#filledLength(strand, 'ours'), this.#filledLength(strand, 'theirs'))
    for (let place = 0; place < Math.min(length, chosen.length); place++) {
      if (place > 0) this.#writer.text(layout.delimiter)
      this.#cell(strand, place, chosen[place]!)
    }
  }

  #cell(strand: number, place: number, pick: Chosen): void {
    const layout = this.#layout
    const side = pick === null || typeof pick === 'string' ? pick : null
    const column = side === null ? -1 : layout.lanes[place]![side]
    const cells = side === null || column < 0 ? null : this.#cells.of(side, strand)
    if (side === null || cells === null) {
      const value = pick === null || typeof pick === 'string' ? '' : pick.value
      this.#writer.text(spellValue(layout, place, value))
    } else if (this.#isKept[side][place]!) cells.appendSpelling(this.#writer, column)
    else this.#writer.text(spell(layout, place, side, cells.spelling(column) ?? '', cells.value(column)))
  }

  /** Rows may end early; the merged one is as long as the longer of the two. */
  #filledLength(strand: number, side: Side): number {
    const cells = this.#cells.of(side, strand)
    if (cells === null) return 0
    const { lanes } = this.#layout
    let length = lanes.length
    while (length > 0 && lanes[length - 1]![side] >= cells.count) length--
    return length
  }

  /** The side whose row the picks amount to, if it can stand as it is. */
  #wholeRow(strand: number, chosen: readonly Chosen[]): Side | null {
    const { isFrame, lanes } = this.#layout
    for (const side of ['ours', 'theirs', 'base'] as const) {
      const row = isFrame[side] ? this.#cells.of(side, strand) : null
      if (row === null) continue
      const isWhole = chosen.every((pick, i) => {
        if (pick === side) return true
        if (pick === null || typeof pick !== 'string') return false
        const place = lanes[i]![pick]
        const other = place < 0 ? null : this.#cells.of(pick, strand)
        return other !== null && other.hasSameSpelling(place, row, lanes[i]![side])
      })
      if (isWhole) return side
    }
    return null
  }

  #mergedEol(strand: number): string {
    const eolOf = (side: Side): string | undefined => {
      const place = this.#cells.place(side, strand)
      return place < 0 ? undefined : this.#cells.rows(side).eol(place)
    }
    const [base, ours, theirs] = [eolOf('base'), eolOf('ours'), eolOf('theirs')]
    return (ours === undefined || (ours === base && theirs !== undefined) ? theirs : ours) ?? ''
  }
}

function hasSameQuotes({ quotes, quotesOf, lanes }: Layout, place: number, side: Side): boolean {
  const own = quotesOf[side].get(lanes[place]!)
  const wanted = quotes[place]!
  return wanted.filled === (own?.filled ?? false) && wanted.empty === (own?.empty ?? false)
}
