// `diff --check`: added lines of texts that Git warns of, in Git's words. White space at the end, a space before a tab, blank
// lines at the end of a file, and the markers that a merge leaves.
import type { FileDiff, LineHunk } from '../../../api/interface.ts'
import { mapAsync } from '../../../base/iterables.ts'
import type { Output } from '../../output.ts'
import { visible, visibleLine } from '../../visible.ts'

/** Git ends this one without a full stop. */
const marker = 'leftover conflict marker'

export interface LineFault {
  readonly path: string
  readonly line: number
  readonly faults: readonly string[]
  /** null: the fault is no line's. */
  readonly text: string | null
}

/** Returns how many there are. The diffs must have three lines of context. */
export function printFaults(out: Output, diffs: AsyncIterable<FileDiff>): Promise<number> {
  return out.items(faultsOf(diffs), ({ path, line, faults, text }) => {
    const said = faults.join(', ')
    out.line(`${visible(path)}:${line}: ${said}${said === marker ? '' : '.'}`)
    if (text !== null) out.line(out.paint('green', out.terminal ? visibleLine(`+${text}`) : `+${text}`))
  })
}

async function* faultsOf(diffs: AsyncIterable<FileDiff>): AsyncGenerator<LineFault> {
  for await (const diff of diffs)
    if (diff.kind === 'text')
      for await (const faults of mapAsync(diff.hunks(), inHunk))
        for (const fault of faults) yield { path: diff.path, ...fault }
}

type Fault = Omit<LineFault, 'path'>

function inHunk(hunk: LineHunk): Fault[] {
  const found: Fault[] = []
  let line = hunk.newStart
  for (const marked of hunk.lines) {
    const text = marked.slice(1)
    if (marked.startsWith('+')) {
      if (isMarker(text)) found.push({ line, faults: [marker], text: null })
      const faults = faultsIn(text)
      if (faults.length > 0) found.push({ line, faults, text })
    }
    if (marked.startsWith('+') || marked.startsWith(' ')) line++
  }
  const blank = blankAtEnd(hunk)
  if (blank !== null) found.push({ line: blank, faults: ['new blank line at EOF'], text: null })
  return found
}

function faultsIn(text: string): string[] {
  const faults: string[] = []
  if (/\s$/.test(text)) faults.push('trailing whitespace')
  if (/^\s* \t/.test(text)) faults.push('space before tab in indent')
  return faults
}

function isMarker(text: string): boolean {
  return /^(?:<{7}|={7}|>{7}|\|{7})\s/.test(`${text}\n`)
}

/** A hunk at the end of the file has fewer lines of context behind its last change. */
function blankAtEnd({ lines, newStart, newLines }: LineHunk): number | null {
  const sides = (mark: string): string[] =>
    lines.filter((line) => line.startsWith(mark) || line.startsWith(' ')).map((line) => line.slice(1))
  const blanks = (side: readonly string[]): number =>
    side.length - 1 - side.findLastIndex((text) => text.trim() !== '')
  const context = lines.length - 1 - lines.findLastIndex((line) => !line.startsWith(' '))
  const count = blanks(sides('+'))
  return context < 3 && count > blanks(sides('-')) ? newStart + newLines - count : null
}
