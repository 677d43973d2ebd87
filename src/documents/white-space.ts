// Texts compared as if there were no white space within their lines: what is found there is shown with the lines as they are.
import type { LineHunk } from './line-hunks.ts'

/** All of it, how much there is between words and whether any is at the end of a line, or only what is at the end. */
export type IgnoredSpace = 'all' | 'amount' | 'at-end'

/**
 * As many lines, each without white space that does not count; one that ends without a line end does not differ from one that
 * has it.
 */
export function withoutSpace(text: string, ignored: IgnoredSpace = 'all'): string {
  if (text === '') return ''
  const bare = bareText(text, ignored)
  return bare.endsWith('\n') ? bare : `${bare}\n`
}

function bareText(text: string, ignored: IgnoredSpace): string {
  if (ignored === 'all') return text.replaceAll(/[^\S\n]+/g, '')
  const found = ignored === 'amount' ? text.replaceAll(/[^\S\n]+/g, ' ') : text
  return found
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Hunks of the bare texts with the lines of the real ones: what both have, as the newer one writes it. */
export function inRealLines(hunks: readonly LineHunk[], old: string, fresh: string): LineHunk[] {
  const [before, after] = [old.split('\n'), fresh.split('\n')]
  return hunks.map((hunk) => {
    let [a, b] = [hunk.oldStart - 1, hunk.newStart - 1]
    const lines: string[] = []
    for (const line of hunk.lines) {
      const mark = line[0]!
      const side = mark === '-' ? before : after
      const at = mark === '-' ? a : b
      if (mark !== '+') a++
      if (mark !== '-') b++
      lines.push(mark + side[at]!)
      if (at === side.length - 1) lines.push('\\ No newline at end of file')
    }
    return { ...hunk, lines }
  })
}
