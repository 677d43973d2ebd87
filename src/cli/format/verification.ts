// What a verification of a link found, for people: a line a table, then the ranges and rows that differ.
import type { LinkVerification, TableVerification } from '../../index.ts'
import { counted } from '../../base/size.ts'
import { visible } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { shortId } from './commit.ts'

/** Enough to see what it is about; --json has more. */
const shownMax = 20

export function verificationLines({ link, commit, matches, tables }: LinkVerification): string[] {
  const what = matches ? 'holds what' : 'does not hold what'
  return [`${visible(link)} ${what} commit ${shortId(commit)} holds`, ...tables.flatMap(tableLines)]
}

function tableLines(one: TableVerification): string[] {
  const { table, endpoint, commit, counts, tooLarge, columnsOnlyHere, columnsOnlyThere } = one
  if (endpoint === null) return [`  ${visible(table)}: cannot be compared: ${visible(one.unread ?? '')}`]
  const checksum = `${counted(endpoint.rows, 'row')}, checksum ${endpoint.checksum.slice(0, 16)}`
  const lines = [`  ${visible(table)}: ${checksum}${one.matches ? ', the same' : ''}`]
  const only = (names: readonly string[]): string => names.map(visible).join(', ')
  if (columnsOnlyThere.length > 0) lines.push(`    only the endpoint has: ${only(columnsOnlyThere)}`)
  if (columnsOnlyHere.length > 0) lines.push(`    only the commit has: ${only(columnsOnlyHere)}`)
  if (one.respelled > 0)
    lines.push(
      `    ${counted(one.respelled, 'row has', 'rows have')} the same values, spelled otherwise there`,
    )
  if (one.matches) return lines
  if (commit === null) return [...lines, '    the commit has no such table']
  const { missing, extra, changed } = counts
  const but = `but for ${counted(tooLarge, 'row')} that cannot be kept`
  if (missing + extra + changed === 0) lines.push(`    the same ${but}`)
  else
    lines.push(`    missing ${missing}, extra ${extra}, changed ${changed}${tooLarge > 0 ? `, ${but}` : ''}`)
  for (const { from, to, rows, differing } of one.ranges.slice(0, shownMax))
    lines.push(`    range ${visible(from)} to ${visible(to)}: ${differing} of ${rows} rows differ`)
  const rows = one.rows
    .slice(0, shownMax)
    .map(({ key, kind, columns, heldBack }) => [
      `    ${key}`,
      kind,
      columns.join(', '),
      heldBack === null ? '' : `held back: ${heldBack}`,
    ])
  lines.push(...alignedRows(rows.map((cells) => cells.map(visible))))
  if (one.isCut || one.rows.length > shownMax || one.ranges.length > shownMax) lines.push('    and more')
  return lines
}
