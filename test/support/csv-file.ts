// CSV as another program reads and writes it: by no line of code that is under test. An empty cell without quotes is no
// value, one with quotes is the empty text.

export type Plain = Readonly<Record<string, string | null>>

export interface PlainFile {
  readonly columns: readonly string[]
  readonly rows: readonly Plain[]
}

export function parseCsv(text: string): PlainFile {
  const [header = [], ...rows] = recordsOf(text)
  const columns = header.map((name) => name ?? '')
  return { columns, rows: rows.map((row) => plainRow(columns, row)) }
}

export function csvText({ columns, rows }: PlainFile): string {
  const cell = (text: string | null): string =>
    text === null ? '' : text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const lines = [
    columns.map((name) => cell(name)),
    ...rows.map((row) => columns.map((name) => cell(row[name] ?? null))),
  ]
  return lines.map((line) => `${line.join(',')}\n`).join('')
}

function plainRow(columns: readonly string[], cells: readonly (string | null)[]): Plain {
  const row = Object.create(null) as Record<string, string | null>
  for (const [i, name] of columns.entries()) row[name] = cells[i] ?? null
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
