// What a check against the rules has found: a heading for each broken rule, and the first rows that break it.
import type { BrokenRule, CheckReport, Violation } from '../../rules/interface.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'
import { counted } from '../../base/size.ts'
import { keyText, shortValue } from './value.ts'

export function printCheck(out: Output, report: CheckReport): void {
  for (const one of report.broken) {
    const colour = one.level === 'error' ? 'red' : 'yellow'
    out.line(`${visible(placeOf(one))}: ${out.paint(colour, visible(headOf(one)))}`)
    for (const violation of one.violations) out.line(`  ${lineOf(one, violation, out.verbose)}`)
    const left = one.count - one.violations.length
    if (left > 0 && one.keyColumns.length > 0) out.line(`  … and ${left} more`)
  }
  out.say(summaryOf(report))
}

function placeOf({ path, column }: BrokenRule): string {
  return column === null ? path : `${path}, column '${column}'`
}

function headOf({ rule, level, expected, count, isAtLeast, keyColumns }: BrokenRule): string {
  const rows = keyColumns.length === 0 ? '' : `: ${isAtLeast ? 'at least ' : ''}${counted(count, 'row')}`
  return `${level === 'warn' ? 'warning: ' : ''}${rule} (${expected})${rows}`
}

function lineOf({ keyColumns }: BrokenRule, { key, value, sameAs }: Violation, isWhole: boolean): string {
  const shown = value === null || value === '' ? '(empty)' : shortValue(value, isWhole)
  const other = sameAs === undefined ? '' : `, as in ${keyText(sameAs, keyColumns)}`
  return `${keyText(key, keyColumns)}  ${shown}${other}`
}

export function summaryOf({ tables, errors, warnings }: CheckReport): string {
  const checked = tables.reduce((sum, one) => sum + one.checked, 0)
  const changed = tables.some(({ scope }) => scope === 'changes') ? ' new or changed' : ''
  const where = `${counted(tables.length, 'table')}, ${checked}${changed} ${checked === 1 ? 'row' : 'rows'} checked`
  if (errors + warnings === 0)
    return tables.length === 0 ? 'no table has rules' : `${where}: all rules are kept`
  return `${where}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`
}
