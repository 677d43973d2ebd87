// Rows that answer a query, as a table on the terminal or in Markdown.
import type { QueryColumn, QueryResult } from '../../query/interface.ts'
import type { Row } from '../../table/interface.ts'
import type { Output } from '../output.ts'
import { displayWidth, padded, visible } from '../visible.ts'
import { Markdown, code } from './markdown.ts'
import { counted } from '../../base/size.ts'
import { shortValue } from './value.ts'

const numeric: ReadonlySet<string> = new Set(['int', 'decimal', 'float'])
const gap = '  '

/** The first batch says how wide the columns are; what comes later and is wider stands out. */
export async function printResult(out: Output, result: QueryResult): Promise<void> {
  const { columns } = result
  let widths: number[] | null = null
  for await (const rows of result.rows()) {
    const texts = rows.map((row) => textsOf(row, columns, out.verbose))
    widths ??= printHead(out, columns, texts)
    for (const cells of texts) out.line(line(cells, widths, columns))
    await out.drain()
  }
  if (widths === null) printHead(out, columns, [])
  out.say(out.paint('dim', `(${counted(result.rowCount, 'row')})`))
}

export async function printResultMarkdown(out: Output, result: QueryResult): Promise<void> {
  const markdown = new Markdown(out)
  const rows: string[][] = []
  // A part of a large result is shown, unless -v asks for all: reading stops there.
  const max = out.verbose ? Number.POSITIVE_INFINITY : markdownRowsMax
  for await (const batch of result.rows()) {
    for (const row of batch.slice(0, max - rows.length))
      rows.push(textsOf(row, result.columns, out.verbose).map(code))
    if (rows.length >= max) break
  }
  markdown.table(
    result.columns.map(({ name }) => code(name)),
    rows,
    'row',
    result.rowCount - rows.length,
  )
}

const markdownRowsMax = 500

function printHead(
  out: Output,
  columns: readonly QueryColumn[],
  texts: readonly (readonly string[])[],
): number[] {
  const names = columns.map(({ name }) => visible(name))
  const widths = names.map((name, i) =>
    texts.reduce((width, cells) => Math.max(width, displayWidth(cells[i]!)), displayWidth(name)),
  )
  out.line(out.paint('bold', line(names, widths, columns)))
  out.line(out.paint('dim', widths.map((width) => '─'.repeat(width)).join(gap)))
  return widths
}

function textsOf(row: Row, columns: readonly QueryColumn[], whole: boolean): string[] {
  return columns.map(({ name }) => shortValue(row[name]!, whole))
}

function line(cells: readonly string[], widths: readonly number[], columns: readonly QueryColumn[]): string {
  return cells
    .map((cell, i) => {
      const width = widths[i]!
      if (!numeric.has(columns[i]!.type)) return padded(cell, width)
      return ' '.repeat(Math.max(0, width - displayWidth(cell))) + cell
    })
    .join(gap)
    .trimEnd()
}
