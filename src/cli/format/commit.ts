// Commits as lines, in Git's two ways: the full entry and the one-liner.
import type { CommitInfo } from '../../api/interface.ts'
import type { Paint } from '../paint.ts'
import { visible, visibleLine } from '../visible.ts'
import { dateText } from '../../base/time.ts'
import { subjectOf as subjectIn } from '../../history/message.ts'
import type { DateText } from './dates.ts'

const shortDigits = 8

export function shortId(id: string): string {
  return id.slice(0, shortDigits)
}

export function subjectOf(message: string): string {
  return visible(subjectIn(message))
}

export function commitLine(commit: CommitInfo, paint: Paint): string {
  return [paint('yellow', shortId(commit.id)), refsText(commit, paint), subjectOf(commit.message)]
    .filter(Boolean)
    .join(' ')
}

export function commitLines(commit: CommitInfo, paint: Paint, dates: DateText = dateText): string[] {
  const { author, committer } = commit
  const lines = [[paint('yellow', `commit ${commit.id}`), refsText(commit, paint)].filter(Boolean).join(' ')]
  lines.push(...signatureLines(commit))
  if (commit.parents.length > 1) lines.push(`Merge: ${commit.parents.map(shortId).join(' ')}`)
  lines.push(`Author: ${visible(author.name)} <${visible(author.email)}>`, `Date:   ${dates(author)}`)
  if (committer.name !== author.name || committer.email !== author.email) {
    lines.push(`Commit: ${visible(committer.name)} <${visible(committer.email)}>`)
  }
  lines.push('')
  const indented = (text: string): string[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => `    ${visibleLine(line)}`.trimEnd())
  lines.push(...indented(commit.message))
  if (commit.note !== undefined) lines.push('', 'Notes:', ...indented(commit.note))
  return lines
}

/** What was said of the commit's signature, where it was checked and there is one. */
export function signatureLines({ signature }: Pick<CommitInfo, 'signature'>): string[] {
  const said = signature === undefined || signature.code === 'N' ? '' : signature.message.trimEnd()
  return said === '' ? [] : said.split('\n').map((line) => visible(line.trimEnd()))
}

function refsText(commit: CommitInfo, paint: Paint): string {
  if (commit.refs.length === 0) return ''
  return (
    paint('yellow', '(') +
    commit.refs.map((ref) => paint('cyan', visible(ref))).join(', ') +
    paint('yellow', ')')
  )
}

export function shallowHint(commit: CommitInfo): string {
  return `what came before ${shortId(commit.id)} was not fetched; 'varve fetch --deepen N' and '--unshallow' bring it`
}
