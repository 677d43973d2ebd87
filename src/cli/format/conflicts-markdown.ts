// Conflicts as Markdown, for a comment on a pull request. What comes from the data is code whose special characters
// are entities: no cell can break the table, draw something, mention somebody or run anything.
import type { ConflictInfo } from '../../api/interface.ts'
import type { Row, Value } from '../../table/interface.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'
import { differingColumns, reasonWords, resolutionText, wholeText } from './conflicts.ts'
import { keyText, shortValue } from './value.ts'

/** A table of conflicts in rows and cells; nothing when there are none. */
export async function printRowsMarkdown(
  out: Output,
  title: string,
  conflicts: AsyncIterable<ConflictInfo>,
): Promise<number> {
  const head = ['id', 'file', 'row', 'column', 'base', 'ours', 'theirs']
  return printTable(out, title, head, conflicts, (conflict) => rowLines(conflict, out.verbose))
}

/** A table of conflicts of whole files or of their columns. */
export async function printWholeMarkdown(
  out: Output,
  title: string,
  conflicts: AsyncIterable<ConflictInfo>,
): Promise<number> {
  const head = ['id', 'file', 'why', 'base', 'ours', 'theirs']
  return printTable(out, title, head, conflicts, ({ id, path, reason, base, ours, theirs }) => {
    const sides = [base, ours, theirs].map((side) => code(wholeText(side)))
    return [[id, code(visible(path)), code(visible(reasonWords[reason ?? ''] ?? reason ?? '')), ...sides]]
  })
}

async function printTable(
  out: Output,
  title: string,
  head: readonly string[],
  conflicts: AsyncIterable<ConflictInfo>,
  linesOf: (conflict: ConflictInfo) => string[][],
): Promise<number> {
  let count = 0
  for await (const conflict of conflicts) {
    const isResolved = conflict.resolution !== undefined
    if (count === 0) {
      const columns = isResolved ? [...head, 'resolution'] : head
      out.line(`### ${title}`)
      out.line()
      out.line(`| ${columns.join(' | ')} |`)
      out.line(`|${columns.map(() => '---').join('|')}|`)
    }
    for (const [i, cells] of linesOf(conflict).entries()) {
      const end = !isResolved ? [] : [i === 0 ? code(resolutionText(conflict, out.verbose)) : '']
      out.line(`| ${[...cells, ...end].join(' | ')} |`)
    }
    count += 1
    await out.drain()
  }
  if (count > 0) out.line()
  return count
}

function rowLines(conflict: ConflictInfo, whole: boolean): string[][] {
  const { id, path, kind, key = [], keyColumns, where, base, ours, theirs } = conflict
  const row =
    where !== undefined
      ? code(visible(where))
      : code(keyText(key, keyColumns)) + (kind === 'key-collision' ? ' key-collision' : '')
  const head = [id, code(visible(path)), row]
  if (kind === 'cell' || kind === 'part') {
    const sides = [base, ours, theirs].map((value) => code(shortValue(value as Value, whole)))
    return [[...head, code(visible(conflict.column ?? '')), ...sides]]
  }
  const sides = [base, ours, theirs] as (Row | null)[]
  const columns = differingColumns(sides)
  if (columns.length === 0)
    return [[...head, '', ...sides.map((side) => (side === null ? '(no row)' : '(row)'))]]
  return columns.map((column, i) => {
    const cells = sides.map((side) =>
      side === null ? '(no row)' : code(shortValue(side[column] ?? null, whole)),
    )
    return [...(i === 0 ? head : ['', '', '']), code(visible(column)), ...cells]
  })
}

/** Marks as code a text that is already free of control characters. */
function code(text: string): string {
  if (text === '') return ''
  return `<code>${text.replace(/[&<>|`*_[\]\\~@#!$:]/g, (character) => `&#${character.charCodeAt(0)};`)}</code>`
}
