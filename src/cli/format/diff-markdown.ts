// Differences as Markdown: a heading a path, a table of its changed rows or values, old and new, lines as a fenced diff.
import type { DiffStat, FileDiff, RowChange } from '../../api/interface.ts'
import type { DocumentValues, ValueChange } from '../../index.ts'
import type { Output } from '../output.ts'
import { type DiffFormat, changeText, sizesText, statSums, stateWords } from './diff.ts'
import { Markdown, code, codeOf, linesMax } from './markdown.ts'
import { keyColumnsOf, rowsText } from './row-changes.ts'
import { sizeText } from '../../base/size.ts'
import { changedValues, keyText, rowText } from './value.ts'
import { onOneLine, spelled, valueNotes, valueSums } from './value-changes.ts'

/** Prints the differences as they are read; returns how many paths differ. */
export async function printDiffsMarkdown(
  out: Output,
  diffs: AsyncIterable<FileDiff>,
  format: DiffFormat = {},
): Promise<number> {
  const markdown = new Markdown(out)
  let count = 0
  let left = 0
  for await (const diff of diffs) {
    count += 1
    if (markdown.isFull) left += 1
    else if (diff.kind === 'table') await printTable(markdown, out, diff)
    else if (diff.kind === 'binary') {
      markdown.heading(3, `${titleOf(diff)}: ${sizesText(diff, sizeText)}`)
      printNote(markdown, diff)
    } else await printText(markdown, out, diff, format)
    await out.drain()
  }
  markdown.more(left, 'path')
  if (count === 0) markdown.paragraph('No changes.')
  return count
}

function printNote(markdown: Markdown, { note }: FileDiff): void {
  if (note !== undefined) markdown.paragraph(codeOf(note))
}

async function printTable(markdown: Markdown, out: Output, diff: FileDiff): Promise<void> {
  const sums = { added: 0, removed: 0, changed: 0 }
  const rows: RowChange[] = []
  const max = out.verbose ? Number.POSITIVE_INFINITY : linesMax
  for await (const batch of diff.rows()) {
    for (const row of batch) {
      sums[row.kind] += 1
      if (rows.length < max) rows.push(row)
    }
  }
  markdown.heading(3, `${titleOf(diff)}: ${rowsText(diff, sums)}`)
  printNote(markdown, diff)
  for (const sentence of diff.schemaChanges) markdown.line(`- ${code(sentence)}`)
  if (diff.schemaChanges.length > 0) markdown.line()
  if (rows.length === 0) return
  const lines = rows.flatMap((row) => rowLines(row, keyColumnsOf(diff, row), out.verbose))
  const more = sums.added + sums.removed + sums.changed - rows.length
  markdown.table(['', 'row', 'column', 'old', 'new'], lines, 'row', more)
}

function rowLines(row: RowChange, columns: readonly string[], whole: boolean): string[][] {
  const key = codeOf(keyText(row.key, columns))
  if (row.kind === 'added') return [['+', key, '', '', codeOf(rowText(row.after ?? {}, columns, whole))]]
  if (row.kind === 'removed') return [['-', key, '', codeOf(rowText(row.before ?? {}, columns, whole)), '']]
  if (row.cells.length === 0) return [['~', key, '', 'written differently', '']]
  return row.cells.map(({ column, before, after }, i) => {
    const [old, fresh] = changedValues(before, after, whole)
    return [i === 0 ? '~' : '', i === 0 ? key : '', code(column), codeOf(old), codeOf(fresh)]
  })
}

async function printText(
  markdown: Markdown,
  out: Output,
  diff: FileDiff,
  { lines = false }: DiffFormat,
): Promise<void> {
  const values = lines ? null : await diff.values()
  if (values === null) await printLines(markdown, out, diff)
  else printValues(markdown, out, values, titleOf(diff))
}

function printValues(
  markdown: Markdown,
  out: Output,
  { changes, ...found }: DocumentValues,
  title: string,
): void {
  markdown.heading(3, `${title}: ${valueSums(changes)}`)
  for (const sentence of valueNotes(found)) markdown.paragraph(codeOf(sentence))
  const shown = out.verbose ? changes : changes.slice(0, linesMax)
  const lines = shown.map((change) => valueLine(change, out.verbose))
  markdown.table(['', 'value', 'old', 'new'], lines, 'value', changes.length - shown.length)
}

function valueLine({ kind, path, before, after }: ValueChange, whole: boolean): string[] {
  const place = code(path)
  if (kind === 'reordered') return ['~', place, '', 'in another order']
  if (kind === 'added') return ['+', place, '', codeOf(spelled(after!, whole))]
  if (kind === 'removed') return ['-', place, codeOf(spelled(before!, whole)), '']
  const [old, fresh] = changedValues(onOneLine(before!), onOneLine(after!), whole)
  return ['~', place, codeOf(old), codeOf(fresh)]
}

async function printLines(markdown: Markdown, out: Output, diff: FileDiff): Promise<void> {
  const sums = { added: 0, removed: 0 }
  const lines: string[] = []
  let all = 0
  for await (const hunk of diff.hunks()) {
    const head = `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`
    for (const line of [head, ...hunk.lines]) {
      all += 1
      if (lines.length < linesMax || out.verbose) lines.push(line)
      if (line.startsWith('+')) sums.added += 1
      else if (line.startsWith('-')) sums.removed += 1
    }
  }
  const { path, kind, sizeBefore, sizeAfter } = diff
  const amount = changeText({ path, kind, sizeBefore, sizeAfter, state: 'modified', lines: sums })
  markdown.heading(3, `${titleOf(diff)}: ${lines.length === 0 ? 'moved' : amount}`)
  if (lines.length > 0) markdown.fenced('diff', lines, all - lines.length)
}

function titleOf({ path, from, state, table }: Titled): string {
  const named = code(table === undefined ? path : `${path}:${table}`)
  return (from === undefined ? named : `${code(from)} → ${named}`) + stateWords[state]
}

type Titled = Pick<DiffStat, 'path' | 'from' | 'state' | 'table'>

export function printStatMarkdown(out: Output, stats: readonly DiffStat[]): void {
  const markdown = new Markdown(out)
  if (stats.length === 0) {
    markdown.paragraph('No changes.')
    return
  }
  markdown.paragraph(`**${statSums(stats)}**`)
  const rows = stats.map((stat) => [titleOf(stat), ...countCells(stat)])
  markdown.table(['path', 'what', 'added', 'changed', 'removed'], rows, 'path')
}

function countCells(stat: DiffStat): string[] {
  const { rows, lines } = stat
  const shown = (count: number | undefined): string => (count === undefined ? '' : String(count))
  if (rows !== undefined) return ['rows', shown(rows.added), shown(rows.changed), shown(rows.removed)]
  if (lines !== undefined) return ['lines', shown(lines.added), '', shown(lines.removed)]
  return [sizesText(stat, sizeText), '', '', '']
}
