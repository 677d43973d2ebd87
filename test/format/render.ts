// The bytes of a table's file, from its rows and layout (docs/format/table.md).
import { type Fields, check, list, string, text } from './bytes.ts'
import type { StoredCell, StoredRow, StoredTable } from './tables.ts'

export function render(table: StoredTable): Uint8Array {
  const { layout } = table
  check(layout !== null, 'a table with a file has a layout')
  const lines = layout['format'] === 'jsonl' ? jsonLines(table, layout) : separated(table, layout)
  const trailer = string(layout['trailer'], 'trailer')
  const last = lines.at(-1)
  if (last !== undefined && layout['finalEol'] === false) last.end = ''
  return Buffer.concat([
    layout['bom'] === true ? Uint8Array.of(0xef, 0xbb, 0xbf) : new Uint8Array(0),
    ...lines.flatMap((line) => [Buffer.from(line.bytes), Buffer.from(line.end)]),
    Buffer.from(trailer),
  ])
}

interface Line {
  readonly bytes: Uint8Array
  end: string
}

function endOf(row: StoredRow, layout: Fields): string {
  return ['', '\n', '\r\n', '\r'][row.lineEnd]! || string(layout['eol'], 'eol')
}

function separated(table: StoredTable, layout: Fields): Line[] {
  const delimiter = string(layout['delimiter'], 'delimiter')
  const always = (ids: Fields[string] | undefined, mode: Fields[string] | undefined, id: number): boolean =>
    (mode === 'always') !== list(ids, 'other').includes(id)
  const joined = (cells: string[], end: string): Line => ({ bytes: Buffer.from(cells.join(delimiter)), end })
  const lines: Line[] = []
  if (typeof layout['delimiterEol'] === 'string')
    lines.push({ bytes: Buffer.from(`sep=${delimiter}`), end: layout['delimiterEol'] })
  const names = table.columns.map(({ id, name }) =>
    quoted(name, always(layout['headerOther'], layout['headerQuoting'], id), layout),
  )
  lines.push(joined(names, string(layout['headerEol'], 'headerEol')))
  for (const row of table.rows) {
    const cells = row.cells.map((cell, i) => {
      if (cell.kind === 'absent') return ''
      const wanted = always(layout['quotingOther'], layout['quoting'], table.columns[i]!.id)
      return quoted(text(cell.bytes), wanted, layout, cell.flipped)
    })
    lines.push(joined(cells, endOf(row, layout)))
  }
  return lines
}

function quoted(value: string, always: boolean, layout: Fields, flipped = false): string {
  if (layout['quote'] === '') return value
  const breaks = layout['eol'] === '\r' ? ['\n', '\r'] : ['\n']
  const must =
    value === '' ||
    value.startsWith('"') ||
    value.endsWith('\r') ||
    [string(layout['delimiter'], 'delimiter'), ...breaks].some((mark) => value.includes(mark))
  const usual = always || value.includes('"') || value.includes('\r')
  return must || usual !== flipped ? `"${value.replaceAll('"', '""')}"` : value
}

function jsonLines(table: StoredTable, layout: Fields): Line[] {
  const ascii = layout['ascii'] === true
  return table.rows.map((row) => {
    const end = endOf(row, layout)
    if (row.rawLine !== null) return { bytes: row.rawLine, end }
    const members = row.cells.flatMap((cell, i) =>
      cell.kind === 'absent'
        ? []
        : [
            jsonText(table.columns[i]!.name, ascii) +
              string(layout['keySeparator'], 'keySeparator') +
              jsonValue(cell, ascii),
          ],
    )
    return { bytes: Buffer.from(`{${members.join(string(layout['itemSeparator'], 'itemSeparator'))}}`), end }
  })
}

function jsonValue(cell: StoredCell, ascii: boolean): string {
  if (cell.kind === 'text') return jsonText(text(cell.bytes), ascii)
  return cell.kind === 'number' || cell.kind === 'json' ? text(cell.bytes) : cell.kind
}

const short: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

function jsonText(value: string, ascii: boolean): string {
  let out = '"'
  // By UTF-16 units: a character beyond them is two escapes.
  for (let i = 0; i < value.length; i++) {
    const unit = value[i]!
    const code = value.charCodeAt(i)
    const escape = code < 0x20 || (ascii && code > 0x7e)
    out += short[unit] ?? (escape ? `\\u${code.toString(16).padStart(4, '0')}` : unit)
  }
  return `${out}"`
}
