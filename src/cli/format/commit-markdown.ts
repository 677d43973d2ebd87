// A commit as Markdown: its subject as a heading, and in fences what `varve show` says before the changes.
import type { CommitInfo } from '../../api/interface.ts'
import type { PolicyDecisions } from '../../api/policy-interface.ts'
import type { LoggedReceipt } from '../../index.ts'
import type { Output } from '../output.ts'
import { plain } from '../paint.ts'
import { commitLines, shortId, subjectOf } from './commit.ts'
import { derivedLines } from './derived.ts'
import { rekeyedLines } from './rekeyed.ts'
import { Markdown, code, codeOf, linesMax } from './markdown.ts'
import { policySentence } from './policies.ts'
import { loggedLines } from './receipt.ts'

export function printCommitMarkdown(
  out: Output,
  commit: CommitInfo,
  policies: PolicyDecisions | null,
  receipts: readonly LoggedReceipt[],
): void {
  const markdown = new Markdown(out)
  const subject = subjectOf(commit.message)
  markdown.heading(3, `${subject === '' ? 'Commit' : codeOf(subject)} (${shortId(commit.id)})`)
  const fence = (lines: readonly string[]): void => {
    const max = out.verbose ? lines.length : linesMax
    markdown.fenced('', lines.slice(0, max), Math.max(0, lines.length - max))
  }
  fence(commitLines(commit, plain))
  const made = [...rekeyedLines(commit, false), ...derivedLines(commit)].filter((line) => line !== '')
  for (const line of made) markdown.line(`- ${code(line.trim())}`)
  if (made.length > 0) markdown.line()
  const sentence = policies === null ? null : policySentence(policies)
  if (sentence !== null) markdown.paragraph(`${sentence}.`)
  for (const receipt of receipts) fence(loggedLines(receipt, plain))
}
