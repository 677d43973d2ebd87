// What a merge came to, or would, as Markdown: one heading, a table of the paths, what was decided by policies, and the
// first conflicts.
import type { ConflictInfo, DiffStat, MergePreview, MergeResult } from '../../api/interface.ts'
import type { PolicyDecisions } from '../../api/policy-interface.ts'
import type { MergedPath } from '../../merge/interface.ts'
import type { Row, Value } from '../../table/interface.ts'
import type { Output } from '../output.ts'
import { shortId } from './commit.ts'
import { differingColumns, reasonWords, wholeText } from './conflicts.ts'
import { changeText } from './diff.ts'
import { Markdown, code, codeOf, linesMax } from './markdown.ts'
import { rowsText } from './merge.ts'
import { conflictsFirst, movesPaired, resultWord } from './merged-paths.ts'
import { policySentence } from './policies.ts'
import { counted } from '../../base/size.ts'
import { keyText, shortValue } from './value.ts'

export function printPreviewMarkdown(out: Output, preview: MergePreview, revision: string): void {
  const { outcome, into, theirs, paths, conflictCount } = preview
  const what = `${code(revision)} (${shortId(theirs)})`
  const titles = {
    'up-to-date': `${code(into)} is up to date with ${what}`,
    'fast-forward': `${code(into)} can be fast-forwarded to ${what}`,
    merged: `${what} merges into ${code(into)} without conflict`,
    conflict: `${what} clashes with ${code(into)}: ${whereText(paths, conflictCount)}`,
  }
  const amounts = new Map(preview.changes.map((change) => [change.path, change]))
  const shown = { ...preview, paths: movesPaired(paths, preview.changes) }
  print(out, titles[outcome], shown, (path) => amountText(path, amounts.get(path.path)))
}

/** `conflicts` are the first ones, as they are stored. */
export function printMergeMarkdown(
  out: Output,
  result: MergeResult,
  revision: string,
  conflicts: readonly ConflictInfo[],
): void {
  const { outcome, commit, paths, conflictCount } = result
  const what = code(revision)
  const titles = {
    'up-to-date': `Already up to date with ${what}`,
    'fast-forward': `Fast-forward to ${what} (${shortId(commit)})`,
    merged: `Merged ${what} as ${shortId(commit)}`,
    staged: `Staged the merge of ${what}`,
    conflict: `The merge of ${what} stopped: ${whereText(paths, conflictCount)}`,
    stopped: `The merge of ${what} stopped`,
  }
  print(out, titles[outcome], { ...result, conflicts }, rowsText)
}

interface Merging {
  readonly paths: readonly MergedPath[]
  readonly policies: PolicyDecisions
  readonly conflictCount: number
  readonly conflicts: readonly ConflictInfo[]
}

function print(
  out: Output,
  title: string,
  { paths, policies, conflictCount, conflicts }: Merging,
  amountOf: (path: MergedPath) => string,
): void {
  const markdown = new Markdown(out)
  markdown.heading(3, title)
  const shown = conflictsFirst(movesPaired(paths))
  const first = out.verbose ? shown : shown.slice(0, linesMax)
  if (first.length > 0) {
    const lines = first.map((path) => [nameOf(path), resultWord(path), amountOf(path)])
    markdown.table(['path', '', 'changes'], lines, 'path', shown.length - first.length)
  }
  for (const { path, notes = [] } of paths)
    for (const note of notes) markdown.line(`- ${code(path)}: ${code(note)}`)
  const sentence = policySentence(policies)
  if (sentence !== null) markdown.paragraph(`${sentence}.`)
  printConflicts(markdown, out, conflicts, conflictCount)
}

function printConflicts(
  markdown: Markdown,
  out: Output,
  conflicts: readonly ConflictInfo[],
  count: number,
): void {
  if (conflicts.length === 0) return
  const first = out.verbose ? conflicts : conflicts.slice(0, linesMax)
  markdown.heading(4, counted(count, 'conflict'))
  const lines = first.flatMap((conflict) => conflictLines(conflict, out.verbose))
  markdown.table(['path', 'row', 'column', 'base', 'ours', 'theirs'], lines, 'conflict', count - first.length)
}

function conflictLines(conflict: ConflictInfo, whole: boolean): string[][] {
  const { path, kind, key, keyColumns, column, reason, names, base, ours, theirs } = conflict
  const sides = { base, ours, theirs }
  if (kind === 'file' || kind === 'schema') {
    const side = (name: keyof typeof sides): string =>
      [code(names?.[name] ?? ''), codeOf(wholeText(sides[name]))].filter(Boolean).join(' ')
    const why = code(reasonWords[reason ?? ''] ?? reason ?? kind)
    return [[code(path), why, '', side('base'), side('ours'), side('theirs')]]
  }
  const head = [code(path), codeOf(keyText(key ?? [], keyColumns))]
  if (kind === 'cell') {
    const cells = [base, ours, theirs].map((value) => codeOf(shortValue(value as Value, whole)))
    return [[...head, code(column ?? ''), ...cells]]
  }
  const rows = [base, ours, theirs] as (Row | null)[]
  const columns = differingColumns(rows)
  if (columns.length === 0) return [[...head, '', ...rows.map((row) => (row === null ? 'no row' : 'row'))]]
  return columns.map((name, i) => {
    const cells = rows.map((row) => (row === null ? 'no row' : codeOf(shortValue(row[name] ?? null, whole))))
    return [...(i === 0 ? head : ['', '']), code(name), ...cells]
  })
}

function nameOf({ path, from }: MergedPath): string {
  return from === undefined ? code(path) : `${code(from)} → ${code(path)}`
}

function amountText({ conflicts }: MergedPath, change: DiffStat | undefined): string {
  const parts = change === undefined ? [] : [changeText(change)]
  if (conflicts > 0) parts.push(counted(conflicts, 'conflict'))
  return parts.join(', ')
}

function whereText(paths: readonly MergedPath[], conflictCount: number): string {
  const files = paths.filter(({ result }) => result === 'conflict').length
  return `${counted(conflictCount, 'conflict')} in ${counted(files, 'path')}`
}
