// CSV and JSON Lines files as another program reads and writes them: by no line of code that is under test. An empty cell
// without quotes is no value, one with quotes is the empty text.
import fs from 'node:fs'

export type Plain = Readonly<Record<string, string | null>>

export interface PlainFile {
  readonly columns: readonly string[]
  readonly rows: readonly Plain[]
}

export function readCsv(file: string): PlainFile {
  const [header = [], ...rows] = recordsOf(fs.readFileSync(file, 'utf8'))
  const columns = header.map((name) => name ?? '')
  return { columns, rows: rows.map((row) => plainRow(columns, (i) => row[i] ?? null)) }
}

/** Under another name first, and then in the place of the old one, as programs should. */
export function writeCsv(file: string, { columns, rows }: PlainFile): void {
  const cell = (text: string | null): string =>
    text === null ? '' : text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const lines = [
    columns.map((name) => cell(name)),
    ...rows.map((row) => columns.map((name) => cell(row[name] ?? null))),
  ]
  replace(file, lines.map((line) => `${line.join(',')}\n`).join(''))
}

export function readJsonl(file: string): readonly Plain[] {
  const lines = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return lines.map((line) => {
    const row = JSON.parse(line) as object
    const names = Object.keys(row)
    const values: unknown[] = Object.values(row)
    return plainRow(names, (i) => (values[i] === null ? null : String(values[i] as string)))
  })
}

export function writeJsonl(file: string, rows: readonly Plain[]): void {
  replace(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

function replace(file: string, text: string): void {
  fs.writeFileSync(`${file}.part`, text)
  fs.renameSync(`${file}.part`, file)
}

function plainRow(columns: readonly string[], value: (i: number) => string | null): Plain {
  const row = Object.create(null) as Record<string, string | null>
  for (const [i, name] of columns.entries()) row[name] = value(i)
  return row
}

/** RFC 4180. */
function recordsOf(text: string): (string | null)[][] {
  const records: (string | null)[][] = []
  let record: (string | null)[] = []
  for (let at = 0; at < text.length;) {
    let cell: string | null = null
    if (text[at] === '"') {
      cell = ''
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        cell += text[at]!
        if (text[at] === '"') at++
      }
      at++
    } else {
      const start = at
      while (at < text.length && text[at] !== ',' && text[at] !== '\n') at++
      if (at > start) cell = text.slice(start, at)
    }
    record.push(cell)
    if (text[at++] === ',') {
      if (at === text.length || text[at] === '\n') record.push(null)
      if (text[at] !== '\n') continue
      at++
    }
    records.push(record)
    record = []
  }
  return records
}
