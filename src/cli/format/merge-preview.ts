// What a merge would come to: one sentence, a line a path with how much of it would change, then the conflicts.
import type { MergePreview } from '../../api/interface.ts'
import type { MergedPath } from '../../merge/interface.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { shortId } from './commit.ts'
import { changeText } from './diff.ts'
import { printFirstConflicts, resultWords } from './merge.ts'
import { counted } from './size.ts'

export function printPreview(out: Output, preview: MergePreview, revision: string): void {
  // The answer of a dry run with --quiet is its exit code.
  if (out.quiet) return
  out.line(sentence(out, preview, revision))
  for (const line of pathLines(preview)) out.line(line)
  printFirstConflicts(out, preview.conflicts, preview.conflictCount)
}

function sentence(out: Output, preview: MergePreview, revision: string): string {
  const { outcome, into, theirs, conflictCount, paths } = preview
  const what = `${visible(revision)} (${shortId(theirs)})`
  const where = visible(into)
  if (outcome === 'up-to-date') return `${where} is up to date with ${what}`
  if (outcome === 'fast-forward') return `${where} would be fast-forwarded to ${what}`
  if (outcome === 'merged') return `${what} would merge into ${where} without conflict`
  const files = paths.filter((path) => path.result === 'conflict').length
  return `${what} ${out.paint('red', 'clashes')} with ${where}: ${counted(conflictCount, 'conflict')} in ${counted(files, 'path')}`
}

function pathLines({ paths, changes }: MergePreview): string[] {
  const amounts = new Map(changes.map((change) => [change.path, change]))
  const rows: string[][] = []
  const line = (word: string, path: string, conflicts: number): void => {
    const change = amounts.get(path)
    const parts = change === undefined ? [] : [changeText(change)]
    if (conflicts > 0) parts.push(counted(conflicts, 'conflict'))
    rows.push([`  ${word}`, visible(path), parts.join(', ')])
    amounts.delete(path)
  }
  const moved = new Set(changes.flatMap(({ from }) => from ?? []))
  for (const path of paths) if (!moved.has(path.path)) line(wordOf(path), path.path, path.conflicts)
  return alignedRows(rows)
}

function wordOf({ result }: MergedPath): string {
  return resultWords[result]
}
