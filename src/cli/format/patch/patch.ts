// Changed texts as Git's patches have them, so that `git apply` takes them.
import type { FileDiff, LineHunk } from '../../../api/interface.ts'
import type { Output } from '../../output.ts'
import { visible, visibleLine } from '../../visible.ts'
import { quotedName } from '../status/short-status.ts'

/** As Git has it where the kind of a file changed: one patch that removes it, and one that makes the other. */
export async function printReplaced(out: Output, diff: FileDiff): Promise<void> {
  const { path } = diff
  const gone = { path, state: 'deleted', modeBefore: diff.modeBefore ?? null, modeAfter: null } as const
  const come = { path, state: 'added', modeBefore: null, modeAfter: diff.modeAfter ?? null } as const
  for (const names of [gone, come]) {
    const isOwn = ({ newLines }: LineHunk): boolean => (newLines === 0) === (names === gone)
    if ((await printHunks(out, names, filtered(diff.hunks(), isOwn))) === 0) printLines(out, gitHeader(names))
  }
}

async function* filtered(
  hunks: AsyncIterable<LineHunk>,
  isWanted: (hunk: LineHunk) => boolean,
): AsyncGenerator<LineHunk> {
  for await (const hunk of hunks) if (isWanted(hunk)) yield hunk
}

/** As a patch; returns how many there were. */
export async function printHunks(
  out: Output,
  names: FileNames,
  hunks: Iterable<LineHunk> | AsyncIterable<LineHunk>,
): Promise<number> {
  let count = 0
  for await (const hunk of hunks) {
    if (count++ === 0) printLines(out, [...gitHeader(names), ...fileNames(names)])
    printHunk(out, hunk)
    await out.drain()
  }
  return count
}

export function printHunk(out: Output, hunk: LineHunk): void {
  // Control characters are harmless in a file, and a patch needs its bytes.
  const shown = out.terminal ? visibleLine : (line: string): string => line
  out.line(out.paint('cyan', hunkHead(hunk)))
  for (const line of hunk.lines) {
    if (line.startsWith('+')) out.line(out.paint('green', shown(line)))
    else if (line.startsWith('-')) out.line(out.paint('red', shown(line)))
    else out.line(shown(line))
  }
}

type FileNames = Pick<FileDiff, 'path' | 'from' | 'state' | 'modeBefore' | 'modeAfter'>

/** The head of a hunk, as patches have it: a range of no lines names the line before it. */
function hunkHead({ oldStart, oldLines, newStart, newLines }: LineHunk): string {
  const range = (start: number, lines: number): string => `${lines === 0 ? start - 1 : start},${lines}`
  return `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`
}

/** What Git's patches begin with: whether a file was made, removed or renamed, or has another mode. `log -L` tells none. */
export function gitHeader(names: FileNames): string[] {
  const { path, from, state, modeBefore, modeAfter } = names
  const [before, after] = [from ?? path, path]
  const lines = [`diff --git ${shownName(`a/${before}`)} ${shownName(`b/${after}`)}`]
  if (modeBefore === undefined && modeAfter === undefined) return lines
  if (state === 'added') lines.push(`new file mode ${modeAfter}`)
  else if (state === 'deleted') lines.push(`deleted file mode ${modeBefore}`)
  else if (hasNewMode(names)) lines.push(`old mode ${modeBefore}`, `new mode ${modeAfter}`)
  if (from !== undefined) lines.push(`rename from ${shownName(before)}`, `rename to ${shownName(after)}`)
  return lines
}

export function hasNewMode({ modeBefore = null, modeAfter = null }: FileNames): boolean {
  return modeBefore !== null && modeAfter !== null && modeBefore !== modeAfter
}

function fileNames({ path, from, state }: FileNames): string[] {
  const before = state === 'added' ? '/dev/null' : shownName(`a/${from ?? path}`)
  const after = state === 'deleted' ? '/dev/null' : shownName(`b/${path}`)
  return [`--- ${before}`, `+++ ${after}`]
}

/** Quoted as in Git where it has to be. */
function shownName(name: string): string {
  return visible(quotedName(name))
}

export function printLines(out: Output, lines: readonly string[]): void {
  for (const line of lines) out.line(out.paint('bold', line))
}
