// Which delimiter a file has, and whether its quotes mean anything. The ending decides for TSV; of the others the
// delimiter counts that cuts most records into equally many cells. Quotes count unless they make no sense as such:
// many TSV files are written without any quoting and hold quotes as plain characters.
import { readRecords, type RecordFile } from './record.ts'

const candidates = [',', ';', '\t', '|'] as const
const sampleRecords = 100
const sampleLength = 64 << 10

/** null: cannot be read as records. */
export function readTableText(text: string, name: string): RecordFile | null {
  const isTabbed = /\.(tsv|tab)$/i.test(name)
  const delimiter = isTabbed ? '\t' : delimiterOf(text)
  const quoted = readRecords(text, { delimiter, hasQuotes: true })
  if (!isTabbed || (quoted !== null && !quoted.isOdd && !spansLines(quoted))) return quoted
  const plain = readRecords(text, { delimiter, hasQuotes: false })
  return quoted !== null && !quoted.isOdd && !isEven(plain) ? quoted : plain
}

/** Versions of one file are read in one way: without quoting where one of them has none. */
export function readVersions(texts: readonly string[], name: string): (RecordFile | null)[] {
  const files = texts.map((text) => readTableText(text, name))
  if (files.every((file) => file === null || file.dialect.hasQuotes)) return files
  return texts.map((text) => readRecords(text, { delimiter: '\t', hasQuotes: false }))
}

function spansLines({ records }: RecordFile): boolean {
  return records.some(({ text }) => text.includes('\n'))
}

/** Whether all records have equally many cells. */
function isEven(file: RecordFile | null): boolean {
  const width = file?.records[0]?.spellings.length
  return file !== null && file.records.every(({ spellings }) => spellings.length === width)
}

function delimiterOf(text: string): string {
  const end = text.indexOf('\n', sampleLength)
  const sample = end < 0 ? text : text.slice(0, end)
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

/** Share of records with the commonest number of cells, and a little for more columns; 0 for a single column. */
function evenness(sample: string, delimiter: string): number {
  const file = readRecords(sample, { delimiter, hasQuotes: true })
  if (file === null) return 0
  const widths = new Map<number, number>()
  const records = file.records.slice(0, sampleRecords)
  for (const { spellings } of records) widths.set(spellings.length, (widths.get(spellings.length) ?? 0) + 1)
  let [width, count] = [1, 0]
  for (const [cells, times] of widths) if (times > count) [width, count] = [cells, times]
  if (width === 1) return 0
  return count / records.length + Math.min(width, 100) / 1000
}
