// How the merged file is written: its columns in order, delimiter, quoting, line ends, byte order mark and end. Each
// of these is merged three-way on its own, so that a side that only rewrote the file (quotes everywhere, CRLF, columns
// in another order) keeps its layout, and the other its edits.
import { type Lane, type VersionsOf } from './lanes.ts'
import { needsQuotes, quoted, type TableRecord } from './record.ts'
import { threeWayOurs } from './three-way.ts'
import type { Version } from './version.ts'
import { weave } from './weave.ts'

export type Side = 'base' | 'ours' | 'theirs'

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
  const frame = !hasMoves(lanes, 'ours') && hasMoves(lanes, 'theirs') ? 'theirs' : 'ours'
  return weave(lanes, { frame })
}

/** Whether the side has what it kept of the base in another order. */
export function hasMoves(
  strands: readonly { base: number; ours: number; theirs: number }[],
  side: Side,
): boolean {
  const kept = strands.filter((strand) => strand.base >= 0 && strand[side] >= 0)
  kept.sort((a, b) => a.base - b.base)
  return kept.some((strand, i) => i > 0 && strand[side] < kept[i - 1]![side])
}

export function layoutOf(versions: Versions, lanes: readonly Lane[]): Layout {
  const { base, ours, theirs, hasBase } = versions
  const merged = <T>(of: (version: Version) => T): T =>
    threeWayOurs(hasBase ? of(base) : null, of(ours), of(theirs))
  const delimiter = merged(({ file }) => file.dialect.delimiter)
  const hasQuotes = [ours, theirs].some(({ file }) => file.dialect.hasQuotes)
  const eols = [base, ours, theirs].map(uniformEol)
  const eol = eols.includes(null) ? null : merged((version) => uniformEol(version)!)
  const defaultEol =
    eol ?? uniformEol(ours) ?? ours.file.records.find((record) => record.eol !== '')?.eol ?? '\n'
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
  const eol = records[0]?.eol ?? ''
  if (last <= 0) return /^(\r\n|\n|\r)/.exec(trailer)?.[0] ?? '\n'
  return records.every((record, i) => i === last || record.eol === eol) ? eol : null
}

function quotingOf(version: Version, side: Side, lanes: readonly Lane[]): Map<Lane, Quoting> {
  const result = new Map<Lane, Quoting>()
  if (!version.file.dialect.hasQuotes) return result
  const rows = version.rows.slice(0, sampleRows)
  const { delimiter } = version.file.dialect
  for (const lane of lanes) {
    if (lane[side] < 0) continue
    const counts = { filled: 0, filledQuoted: 0, empty: 0, emptyQuoted: 0 }
    for (const row of rows) count(row, lane[side], delimiter, counts)
    result.set(lane, {
      filled: counts.filledQuoted > counts.filled / 2,
      empty: counts.emptyQuoted > counts.empty / 2,
    })
  }
  return result
}

function count(
  row: TableRecord,
  place: number,
  delimiter: string,
  counts: { filled: number; filledQuoted: number; empty: number; emptyQuoted: number },
): void {
  const spelling = row.spellings[place] ?? ''
  if (spelling === '' || spelling === '""') {
    counts.empty++
    if (spelling !== '') counts.emptyQuoted++
  } else if (!needsQuotes(row.cells[place]!, delimiter)) {
    counts.filled++
    if (spelling.startsWith('"')) counts.filledQuoted++
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
