// Reads the three versions of a delimited file in one way: one quoting, a header in all or in none. What cannot be a
// table, or holds the markers of an earlier merge, is refused with its reason.
import { textFromBytes } from '../../files/text.ts'
import type { DocumentOptions, DocumentSides, UnfitDocument } from '../interface.ts'
import { readVersions } from './dialect.ts'
import type { Versions } from './layout.ts'
import type { RecordFile } from './record.ts'
import { looksLikeHeader, type Version, versionOf } from './version.ts'

/** Above this three versions with all their cells would take too much memory. */
export const tableBytesMax: number = 96 << 20
const linesMax = 2_000_000

const conflictMarker = /^(<<<<<<<|>>>>>>>|\|\|\|\|\|\|\|)( |\r?$)/m

export function versionsOf(sides: DocumentSides, { name }: DocumentOptions): Versions | UnfitDocument {
  const all = [sides.base ?? new Uint8Array(0), sides.ours, sides.theirs]
  if (all.some(({ length }) => length > tableBytesMax)) return unfit('it is too large to be merged by rows')
  if (all.some((bytes) => bytes.includes(0))) return unfit('it is not text')
  if (all.some(hasTooManyLines)) return unfit('it has too many rows to be merged at once')
  const texts = all.map(textFromBytes)
  if (texts.some((text) => conflictMarker.test(text))) return unfit('a version holds conflict markers')
  const files = readVersions(texts, name)
  if (files.includes(null)) return unfit('a quote is never closed')
  const [base, ours, theirs] = files as [RecordFile, RecordFile, RecordFile]
  const hasBase = sides.base !== null && base.records.length > 0
  const seen = hasBase ? [base, ours, theirs] : [ours, theirs]
  if (seen.some(({ records }) => records.length === 0)) return unfit('a version is empty')
  if (hasBase && hasLostLines(texts[0]!, base, ours)) return unfit('the base has lost its line ends')
  const hasHeader = seen.every(looksLikeHeader) && hasOneHead(seen)
  const version = (file: RecordFile): Version => versionOf(file, hasHeader)
  return { base: version(base), ours: version(ours), theirs: version(theirs), hasBase }
}

/** The whole table on one line. */
function hasLostLines(text: string, base: RecordFile, ours: RecordFile): boolean {
  return (
    base.records.length === 1 && ours.records.length > 2 && text.length > 2 * ours.records[0]!.text.length
  )
}

/** A first record that has nothing in common with the others' is a row. */
function hasOneHead(files: readonly RecordFile[]): boolean {
  const [first, ...others] = files.map(({ records }) => new Set(records[0]!.cells))
  return others.every((cells) => [...cells].some((name) => first!.has(name)))
}

function hasTooManyLines(bytes: Uint8Array): boolean {
  let lines = 0
  for (let at = bytes.indexOf(10); at >= 0 && lines <= linesMax; at = bytes.indexOf(10, at + 1)) lines++
  return lines > linesMax
}

export function unfit(reason: string): UnfitDocument {
  return { kind: 'unfit', reason }
}
