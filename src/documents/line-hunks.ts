// What differs between two texts as a unified diff has it, with three lines around each change.
import { structuredPatch } from 'diff'
import { VarveError } from '../base/errors.ts'
import { type LineHunk as Change, diffLines } from './line-diff.ts'
import { type IgnoredSpace, inRealLines, withoutSpace } from './white-space.ts'

export interface LineHunk {
  readonly oldStart: number
  readonly oldLines: number
  readonly newStart: number
  readonly newLines: number
  /** Each with its mark: ' ', '-', '+', without line end; '\\' marks a missing final newline. */
  readonly lines: readonly string[]
}

export interface LineOptions {
  /** Lines around each change; default 3. */
  readonly context?: number | undefined
  /** Lines that differ in white space alone are equal: in all of it, where it is true. */
  readonly ignoreSpace?: boolean | IgnoredSpace | undefined
}

/** Shortest edits cost the square of their length: longer ones are found by lines that are unique (line-diff.ts). */
const editsMax = 1500
const contextDefault = 3

export function lineHunks(
  old: string,
  fresh: string,
  { context = contextDefault, ignoreSpace = false }: LineOptions = {},
): readonly LineHunk[] {
  if (!Number.isSafeInteger(context) || context < 0)
    throw new VarveError('VARVE_USAGE', `there cannot be ${context} lines around a change`, {
      hint: 'name a whole number, 0 or more',
    })
  if (ignoreSpace === false) return exactHunks(old, fresh, context)
  const bare = (text: string): string => withoutSpace(text, ignoreSpace === true ? 'all' : ignoreSpace)
  return inRealLines(exactHunks(bare(old), bare(fresh), context), old, fresh)
}

function exactHunks(old: string, fresh: string, context: number): readonly LineHunk[] {
  const patch = structuredPatch('', '', old, fresh, undefined, undefined, {
    context,
    maxEditLength: editsMax,
  })
  if (patch !== undefined) return patch.hunks
  const found = hunksOf(withEnds(old), withEnds(fresh), context)
  if (found !== null) return found
  // So much differs that the shortest edit is not worth finding: all out, all in.
  const out = markLines('-', old)
  const into = markLines('+', fresh)
  return [{ oldStart: 1, oldLines: out.length, newStart: 1, newLines: into.length, lines: [...out, ...into] }]
}

/** The same, in pieces of at most so many lines, each a hunk of its own. */
export function* cutHunks(hunks: Iterable<LineHunk>, linesMax: number): Generator<LineHunk> {
  for (const hunk of hunks) {
    let { oldStart, newStart } = hunk
    for (let at = 0; at < hunk.lines.length;) {
      let end = Math.min(hunk.lines.length, at + linesMax)
      // The mark of a missing final newline belongs to the line before it.
      if (hunk.lines[end]?.startsWith('\\') === true) end++
      const lines = at === 0 && end === hunk.lines.length ? hunk.lines : hunk.lines.slice(at, end)
      const oldLines = countMarks(lines, '-')
      const newLines = countMarks(lines, '+')
      yield { oldStart, oldLines, newStart, newLines, lines }
      oldStart += oldLines
      newStart += newLines
      at = end
    }
  }
}

/** How many of a hunk's lines belong to one side: those with its mark, and those of both sides. */
function countMarks(lines: readonly string[], mark: string): number {
  return lines.reduce((count, line) => count + Number(line.startsWith(mark) || line.startsWith(' ')), 0)
}

function hunksOf(before: readonly string[], after: readonly string[], context: number): LineHunk[] | null {
  const changes = diffLines(before, after)
  if (changes === null) return null
  const groups: Change[][] = []
  for (const change of changes) {
    const last = groups.at(-1)?.at(-1)
    if (last !== undefined && change.aStart - last.aEnd <= 2 * context) groups.at(-1)!.push(change)
    else groups.push([change])
  }
  return groups.map((group) => hunkOf(before, after, group, context))
}

function hunkOf(
  before: readonly string[],
  after: readonly string[],
  group: readonly Change[],
  context: number,
): LineHunk {
  const [first, last] = [group[0]!, group.at(-1)!]
  const from = Math.max(0, first.aStart - context)
  const to = Math.min(before.length, last.aEnd + context)
  const lines = new HunkLines()
  let at = from
  for (const { aStart, aEnd, bStart, bEnd } of group) {
    lines.put(' ', before.slice(at, aStart))
    lines.put('-', before.slice(aStart, aEnd))
    lines.put('+', after.slice(bStart, bEnd))
    at = aEnd
  }
  lines.put(' ', before.slice(at, to))
  const newStart = first.bStart - (first.aStart - from)
  const newLines = last.bEnd + (to - last.aEnd) - newStart
  return { oldStart: from + 1, oldLines: to - from, newStart: newStart + 1, newLines, lines: lines.all }
}

/** The lines of a hunk, each with its mark, as a patch has them. */
export class HunkLines {
  readonly all: string[] = []

  put(mark: ' ' | '-' | '+', part: readonly string[]): void {
    for (const line of part) {
      this.all.push(mark + line.replace(/\n$/, ''))
      if (!line.endsWith('\n')) this.all.push('\\ No newline at end of file')
    }
  }
}

function withEnds(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

export interface LineCounts {
  readonly added: number
  readonly removed: number
}

/** How many lines `lineHunks` would show; a text that came or went whole is not compared. */
export function lineCounts(old: string, fresh: string, options: LineOptions = {}): LineCounts {
  if (old === '' || fresh === '') return { added: linesIn(fresh), removed: linesIn(old) }
  let [added, removed] = [0, 0]
  for (const { lines } of lineHunks(old, fresh, { ...options, context: 0 })) {
    for (const line of lines) {
      if (line.startsWith('+')) added++
      else if (line.startsWith('-')) removed++
    }
  }
  return { added, removed }
}

function linesIn(text: string): number {
  let lines = text === '' || text.endsWith('\n') ? 0 : 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

function markLines(mark: string, text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => mark + line)
}
