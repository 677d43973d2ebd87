// How the merged file is written: its columns in order, delimiter, quoting, line ends, byte order mark and end. Each
// of these is merged three-way on its own, so that a side that only rewrote the file (quotes everywhere, CRLF, columns
// in another order) keeps its layout, and the other its edits.
import { type Lane, type VersionsOf } from './lanes.ts'
import { RowCells } from './row-cells.ts'
import { needsQuotes, quoted } from './spelling.ts'
import { type Side, Strands } from './strands.ts'
import { threeWayOurs } from './three-way.ts'
import type { Version } from './version.ts'
import { weave } from './weave.ts'

export interface Versions extends VersionsOf<Version> {
  readonly base: Version
  readonly hasBase: boolean
}

export interface Layout {
  /** The merged columns, in order. */
  readonly lanes: readonly Lane[]
  readonly delimiter: string
  readonly hasQuotes: boolean
  readonly bom: string
  readonly delimiterEol: string
  /** null: mixed, each row has its own. */
  readonly eol: string | null
  readonly defaultEol: string
  readonly trailer: string
  /** Whether the side's rows can stand in the merged file as they are. */
  readonly isFrame: VersionsOf<boolean>
  /** By merged column: whether its cells are quoted without need. */
  readonly quotes: readonly Quoting[]
  readonly quotesOf: VersionsOf<ReadonlyMap<Lane, Quoting>>
}

export interface Quoting {
  readonly filled: boolean
  readonly empty: boolean
}

const sampleRows = 1000

/** The columns that the merge keeps, in the order of the side that moved columns; ours if both did. */
export function orderLanes(lanes: readonly Lane[]): Lane[] {
  const strands = Strands.of(lanes)
  return Array.from(weave(strands, { frame: frameOf(strands) }), (at) => lanes[at]!)
}

/** The side whose order of rows is kept: ours, unless theirs alone moved something. */
export function frameOf(strands: Strands): 'ours' | 'theirs' {
  return !strands.hasMoves('ours') && strands.hasMoves('theirs') ? 'theirs' : 'ours'
}

export function layoutOf(versions: Versions, lanes: readonly Lane[]): Layout {
  const { base, ours, theirs, hasBase } = versions
  const merged = <T>(of: (version: Version) => T): T =>
    threeWayOurs(hasBase ? of(base) : null, of(ours), of(theirs))
  const delimiter = merged(({ file }) => file.dialect.delimiter)
  const hasQuotes = [ours, theirs].some(({ file }) => file.dialect.hasQuotes)
  const eols = [base, ours, theirs].map(uniformEol)
  const eol = eols.includes(null) ? null : merged((version) => uniformEol(version)!)
  const defaultEol = eol ?? uniformEol(ours) ?? firstEol(ours) ?? '\n'
  const quotesOf = {
    base: quotingOf(base, 'base', lanes),
    ours: quotingOf(ours, 'ours', lanes),
    theirs: quotingOf(theirs, 'theirs', lanes),
  }
  const quotes = lanes.map((lane) => mergedQuoting(lane, quotesOf, hasBase))
  const isFrame = (side: Side): boolean => {
    const version = versions[side]
    return (
      version.file.dialect.delimiter === delimiter &&
      version.width === lanes.length &&
      lanes.every((lane, i) => lane[side] === i && sameQuoting(quotes[i]!, quotesOf[side].get(lane)))
    )
  }
  const trailer = merged(({ file }) => file.trailer.replaceAll('\r\n', '\n').replaceAll('\r', '\n'))
  return {
    lanes,
    delimiter,
    hasQuotes,
    bom: merged(({ file }) => file.bom),
    delimiterEol: merged(({ file }) => file.delimiterEol),
    eol,
    defaultEol,
    trailer: eol === null ? ours.file.trailer : trailer.replaceAll('\n', eol),
    isFrame: { base: isFrame('base'), ours: isFrame('ours'), theirs: isFrame('theirs') },
    quotes,
    quotesOf,
  }
}

/** The line end of all records but the last; null when they differ. */
function uniformEol({ file: { records, trailer } }: Version): string | null {
  const last = records.length - 1
  if (last <= 0) return /^(\r\n|\n|\r)/.exec(trailer)?.[0] ?? '\n'
  const length = records.start(1) - records.end(0)
  for (let i = 1; i < last; i++) if (records.start(i + 1) - records.end(i) !== length) return null
  return records.eol(0)
}

function firstEol({ file: { records } }: Version): string | undefined {
  for (let i = 0; i < records.length; i++) if (records.eol(i) !== '') return records.eol(i)
  return undefined
}

function quotingOf(version: Version, side: Side, lanes: readonly Lane[]): Map<Lane, Quoting> {
  const result = new Map<Lane, Quoting>()
  if (!version.file.dialect.hasQuotes) return result
  const { rows } = version
  const cells = new RowCells()
  const present = lanes.filter((lane) => lane[side] >= 0)
  const all = present.map((): QuoteCounts => ({ filled: 0, filledQuoted: 0, empty: 0, emptyQuoted: 0 }))
  for (let i = 0; i < Math.min(rows.length, sampleRows); i++) {
    cells.set(rows, i)
    for (const [at, lane] of present.entries()) count(cells, lane[side], rows.delimiter, all[at]!)
  }
  for (const [at, lane] of present.entries()) {
    const counts = all[at]!
    result.set(lane, {
      filled: counts.filledQuoted > counts.filled / 2,
      empty: counts.emptyQuoted > counts.empty / 2,
    })
  }
  return result
}

interface QuoteCounts {
  filled: number
  filledQuoted: number
  empty: number
  emptyQuoted: number
}

function count(cells: RowCells, place: number, delimiter: number, counts: QuoteCounts): void {
  if (cells.isEmpty(place)) {
    counts.empty++
    if (cells.length(place) > 0) counts.emptyQuoted++
  } else if (!cells.needsQuotes(place, delimiter)) {
    counts.filled++
    if (cells.isQuoted(place)) counts.filledQuoted++
  }
}

function mergedQuoting(lane: Lane, of: Layout['quotesOf'], hasBase: boolean): Quoting {
  const [base, ours, theirs] = [of.base.get(lane), of.ours.get(lane), of.theirs.get(lane)]
  const plain = { filled: false, empty: false }
  if (ours === undefined || theirs === undefined) return ours ?? theirs ?? plain
  const before = hasBase ? (base ?? null) : null
  return {
    filled: threeWayOurs(before?.filled ?? null, ours.filled, theirs.filled),
    empty: threeWayOurs(before?.empty ?? null, ours.empty, theirs.empty),
  }
}

function sameQuoting(a: Quoting, b: Quoting | undefined): boolean {
  return a.filled === (b?.filled ?? false) && a.empty === (b?.empty ?? false)
}

/** A cell of a side as it is spelled in the merged file. */
export function spell(layout: Layout, place: number, side: Side, spelling: string, value: string): string {
  const own = layout.quotesOf[side].get(layout.lanes[place]!)
  const wanted = layout.quotes[place]!
  const isKept =
    sameQuoting(wanted, own) &&
    (spelling === '' || !spelling.includes(layout.delimiter) || spelling.startsWith('"'))
  return isKept ? spelling : spellValue(layout, place, value)
}

export function spellValue(layout: Layout, place: number, value: string): string {
  if (!layout.hasQuotes) return value
  const wanted = layout.quotes[place]
  const isQuoted = needsQuotes(value, layout.delimiter) || (value === '' ? wanted?.empty : wanted?.filled)
  return isQuoted === true ? quoted(value) : value
}
