// Which delimiter a file has, and whether its quotes mean anything. A first line may name the delimiter (`sep=;`); else
// the ending decides for TSV, and of the others the delimiter counts that cuts most records into equally many cells.
// Quotes count unless they make no sense as such: many TSV files are written without any quoting and hold quotes as
// plain characters.
import { indexOfBytes } from '../../base/platform.ts'
import { textFromBytes, textToBytes } from '../../files/text.ts'
import { readOpening, readRecords } from './read-records.ts'
import type { RecordFile } from './record.ts'
import { RowCells } from './row-cells.ts'

const candidates = [',', ';', '\t', '|'] as const
const sampleRecords = 100
const sampleLength = 64 << 10

/** Reads a file as records; null when it cannot be read so. */
export function readTable(
  bytes: Uint8Array,
  name: string,
  like: RecordFile | null = null,
): RecordFile | null {
  const told = readOpening(bytes).line?.delimiter
  const isTabbed = /\.(tsv|tab)$/i.test(name) && (told === undefined || told === '\t')
  const delimiter = told ?? (isTabbed ? '\t' : delimiterOf(bytes))
  // Whether a quote is odd is asked of tabbed files, and not known of a part of the other one.
  const isClear = like === null || !isTabbed || (!like.isOdd && !like.spansLines)
  const quoted = readRecords(bytes, { delimiter, hasQuotes: true }, isClear ? like : null)
  if (!isTabbed || (quoted !== null && !quoted.isOdd && !quoted.spansLines)) return quoted
  const plain = readRecords(bytes, { delimiter, hasQuotes: false }, like)
  return quoted !== null && !quoted.isOdd && !isEven(plain) ? quoted : plain
}

/** Versions of one file are read in one way: without quoting where one of them has none. */
export function readVersions(versions: readonly Uint8Array[], name: string): (RecordFile | null)[] {
  const files = eachOnce(versions, (bytes, like) => readTable(bytes, name, like))
  if (files.every((file) => file === null || file.dialect.hasQuotes)) return files
  return eachOnce(versions, (bytes, like) => readRecords(bytes, { delimiter: '\t', hasQuotes: false }, like))
}

/** Each with the first in mind. A comparison of two versions gives one of them twice. */
function eachOnce(
  versions: readonly Uint8Array[],
  read: (bytes: Uint8Array, like: RecordFile | null) => RecordFile | null,
): (RecordFile | null)[] {
  const known = new Map<Uint8Array, RecordFile | null>()
  for (const bytes of versions) {
    if (!known.has(bytes)) known.set(bytes, read(bytes, known.get(versions[0]!) ?? null))
  }
  return versions.map((bytes) => known.get(bytes)!)
}

/** Whether all records have equally many cells. */
function isEven(file: RecordFile | null): boolean {
  if (file === null) return false
  const cells = new RowCells()
  const { records } = file
  for (let i = 0; i < records.length; i++) if (cells.set(records, i).count !== file.widest) return false
  return true
}

function delimiterOf(bytes: Uint8Array): string {
  const end = indexOfBytes(bytes, 10, sampleEnd(bytes))
  const sample = end < 0 ? bytes : bytes.subarray(0, end)
  let best = ','
  let bestScore = 0
  for (const delimiter of candidates) {
    const score = evenness(sample, delimiter)
    if (score > bestScore) {
      best = delimiter
      bestScore = score
    }
  }
  return best
}

/** The offset of the character at `sampleLength`, or the end. */
function sampleEnd(bytes: Uint8Array): number {
  // No character (a pair of surrogates counts as two) takes more than three bytes.
  const text = textFromBytes(bytes.subarray(0, 4 * sampleLength)).slice(0, sampleLength)
  const isCut = /[\ud800-\udbff]$/.test(text)
  return textToBytes(isCut ? text.slice(0, -1) : text).length
}

/** Share of records with the commonest number of cells, and a little for more columns; 0 for a single column. */
function evenness(sample: Uint8Array, delimiter: string): number {
  const file = readRecords(sample, { delimiter, hasQuotes: true })
  if (file === null) return 0
  const widths = new Map<number, number>()
  const records = file.records.slice(0, sampleRecords)
  const cells = new RowCells()
  for (let i = 0; i < records.length; i++) {
    const { count } = cells.set(records, i)
    widths.set(count, (widths.get(count) ?? 0) + 1)
  }
  let [width, count] = [1, 0]
  for (const [cells, times] of widths) if (times > count) [width, count] = [cells, times]
  if (width === 1) return 0
  return count / records.length + Math.min(width, 100) / 1000
}
