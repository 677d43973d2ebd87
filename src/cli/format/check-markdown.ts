// A check against the rules, for a comment on a pull request.
import type { BrokenRule, CheckReport, Violation } from '../../rules/interface.ts'
import type { Output } from '../output.ts'
import { summaryOf } from './check.ts'
import { Markdown, code, codeOf } from './markdown.ts'
import { keyText, shortValue } from './value.ts'

export function printCheckMarkdown(out: Output, report: CheckReport): void {
  const markdown = new Markdown(out)
  const title =
    report.errors > 0 ? 'Rules are broken' : report.warnings > 0 ? 'Rules: warnings' : 'Rules are kept'
  markdown.heading(3, title)
  markdown.paragraph(summaryOf(report))
  if (report.broken.length === 0) return
  markdown.table(
    ['', 'file', 'column', 'rule', 'expected', 'rows'],
    report.broken.map((one) => [
      one.level === 'error' ? '❌' : '⚠️',
      code(one.path),
      code(one.column ?? ''),
      one.rule,
      code(one.expected),
      one.keyColumns.length === 0 ? '' : `${one.isAtLeast ? '≥ ' : ''}${one.count}`,
    ]),
    'broken rule',
  )
  const rows = report.broken.flatMap((one) =>
    one.violations.map((violation) => rowOf(one, violation, out.verbose)),
  )
  if (rows.length === 0) return
  const all = report.broken.reduce((sum, one) => sum + (one.keyColumns.length === 0 ? 0 : one.count), 0)
  markdown.table(['file', 'row', 'column', 'rule', 'cell'], rows, 'row', all - rows.length)
}

function rowOf(
  { path, column, rule, keyColumns }: BrokenRule,
  { key, value, sameAs }: Violation,
  isWhole: boolean,
): string[] {
  const other = sameAs === undefined ? '' : `, as in ${codeOf(keyText(sameAs, keyColumns))}`
  const cell = value === null || value === '' ? '(empty)' : codeOf(shortValue(value, isWhole))
  return [code(path), codeOf(keyText(key, keyColumns)), code(column ?? ''), rule, cell + other]
}
