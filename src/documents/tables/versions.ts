// Reads the three versions of a delimited file in one way: one quoting, a header in all or in none. What cannot be a
// table, or holds the markers of an earlier merge, is refused with its reason.
import { utf8 } from '../../base/bytes.ts'
import { indexOfBytes } from '../../base/platform.ts'
import { textFromBytes } from '../../files/text.ts'
import type { DocumentOptions, DocumentSides, UnfitDocument } from '../interface.ts'
import { readVersions } from './dialect.ts'
import type { Versions } from './layout.ts'
import type { RecordFile } from './record.ts'
import { looksLikeHeader, type Version, versionOf } from './version.ts'

/** Above this three versions with all their cells would take too much memory. */
export const tableBytesMax: number = 96 << 20
const linesMax = 2_000_000

const markers = ['<<<<<<<', '>>>>>>>', '|||||||'].map(utf8)
const conflictMarker = /^(<<<<<<<|>>>>>>>|\|\|\|\|\|\|\|)( |\r?$)/m

export function versionsOf(sides: DocumentSides, { name }: DocumentOptions): Versions | UnfitDocument {
  const all = [sides.base ?? new Uint8Array(0), sides.ours, sides.theirs]
  if (all.some(({ length }) => length > tableBytesMax)) return unfit('it is too large to be merged by rows')
  if (all.some((bytes) => bytes.includes(0))) return unfit('it is not text')
  if (all.some(hasTooManyLines)) return unfit('it has too many rows to be merged at once')
  if (all.some(hasMarkers)) return unfit('a version holds conflict markers')
  const files = readVersions(all, name)
  if (files.includes(null)) return unfit('a quote is never closed')
  const [base, ours, theirs] = files as [RecordFile, RecordFile, RecordFile]
  const hasBase = sides.base !== null && base.records.length > 0
  const seen = hasBase ? [base, ours, theirs] : [ours, theirs]
  if (seen.some(({ records }) => records.length === 0)) return unfit('a version is empty')
  if (hasBase && hasLostLines(all[0]!, base, ours)) return unfit('the base has lost its line ends')
  const hasHeader = seen.every(looksLikeHeader) && hasOneHead(seen)
  const version = (file: RecordFile): Version => versionOf(file, hasHeader, hasBase ? base : null)
  const [before, left] = [versionOf(base, hasHeader), version(ours)]
  return { base: before, ours: left, theirs: theirs === base ? before : version(theirs), hasBase }
}

function hasMarkers(bytes: Uint8Array): boolean {
  const isPossible = markers.some((marker) => indexOfBytes(bytes, marker, 0) >= 0)
  return isPossible && conflictMarker.test(textFromBytes(bytes))
}

/** Whether a version has lost its line ends, so that the whole table is on one line. */
function hasLostLines(bytes: Uint8Array, base: RecordFile, ours: RecordFile): boolean {
  if (base.records.length !== 1 || ours.records.length <= 2) return false
  return textFromBytes(bytes).length > 2 * ours.records.text(0).length
}

/** A first record that has nothing in common with the others' is a row. */
function hasOneHead(files: readonly RecordFile[]): boolean {
  const [first, ...others] = files.map(({ records }) => new Set(records.at(0).cells))
  return others.every((cells) => [...cells].some((name) => first!.has(name)))
}

function hasTooManyLines(bytes: Uint8Array): boolean {
  if (bytes.length <= linesMax) return false
  let lines = 0
  for (let at = bytes.indexOf(10); at >= 0 && lines <= linesMax; at = bytes.indexOf(10, at + 1)) lines++
  return lines > linesMax
}

export function unfit(reason: string): UnfitDocument {
  return { kind: 'unfit', reason }
}
