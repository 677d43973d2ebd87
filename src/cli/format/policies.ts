// What merge policies decided, for people: how many, by which policy in which column, and each decision with its sides
// while they are few.
import type { PolicyDecisions } from '../../api/policy-interface.ts'
import type { PolicyDecision } from '../../merge/policies/decisions.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { counted } from '../../base/size.ts'

const shownMax = 10

/** What policies decided, as one sentence; null when they decided nothing. */
export function policySentence({ counts, count }: PolicyDecisions): string | null {
  if (count === 0) return null
  const rows = counts.reduce((sum, one) => sum + (one.policy.startsWith('rows: ') ? one.count : 0), 0)
  const parts = [
    ...(count > rows ? [counted(count - rows, 'cell')] : []),
    ...(rows > 0 ? [counted(rows, 'row')] : []),
  ]
  return `${parts.join(' and ')} decided by policy`
}

export function policyLines(out: Output, { counts, count, decisions }: PolicyDecisions): string[] {
  const shown = out.verbose ? decisions : decisions.slice(0, shownMax)
  if (shown.length === 0) {
    return alignedRows(
      counts.map(({ path, column, policy, count: own }) => [
        `  ${visible(path)}`,
        column === null ? '' : visible(column),
        policy,
        String(own),
      ]),
    )
  }
  const lines = alignedRows(shown.map(decisionRow))
  return shown.length < count ? [...lines, `  and ${count - shown.length} more`] : lines
}

function decisionRow({ path, key, column, policy, ours, theirs, result }: PolicyDecision): string[] {
  const where = `${visible(key.join(','))}${column === null ? '' : `.${visible(column)}`}`
  return [
    `  ${visible(path)}`,
    where,
    policy,
    `${sideText(ours)} | ${sideText(theirs)} -> ${sideText(result)}`,
  ]
}

function sideText(text: string | null): string {
  if (text === null) return '(none)'
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return visible(short)
}
