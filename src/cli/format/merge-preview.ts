// What a merge would come to: one sentence, a line a path with how much of it would change, then the conflicts.
import type { MergePreview } from '../../api/interface.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { shortId } from './commit.ts'
import { changeText } from './diff.ts'
import { printFirstConflicts, printTold } from './merge.ts'
import { movesPaired, pathName, resultWord } from './merged-paths.ts'
import { counted } from '../../base/size.ts'

export function printPreview(out: Output, preview: MergePreview, revision: string): void {
  // The answer of a dry run with --quiet is its exit code.
  if (out.quiet) return
  out.line(sentence(out, preview, revision))
  for (const line of pathLines(preview)) out.line(line)
  printTold(out, preview)
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
  return alignedRows(
    movesPaired(paths, changes).map((path) => {
      const change = amounts.get(path.path)
      const parts = change === undefined ? [] : [changeText(change)]
      if (path.conflicts > 0) parts.push(counted(path.conflicts, 'conflict'))
      return [`  ${resultWord(path)}`, pathName(path), parts.join(', ')]
    }),
  )
}
