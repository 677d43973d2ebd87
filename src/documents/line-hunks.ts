// What differs between two texts as a unified diff has it, with three lines around each change.
import { structuredPatch } from 'diff'

export interface LineHunk {
  readonly oldStart: number
  readonly oldLines: number
  readonly newStart: number
  readonly newLines: number
  /** Each with its mark: ' ', '-', '+', without line end; '\\' marks a missing final newline. */
  readonly lines: readonly string[]
}

const editsMax = 20_000

export function lineHunks(old: string, fresh: string): readonly LineHunk[] {
  const patch = structuredPatch('', '', old, fresh, undefined, undefined, {
    context: 3,
    maxEditLength: editsMax,
  })
  if (patch !== undefined) return patch.hunks
  // So much differs that the shortest edit is not worth finding: all out, all in.
  const out = markLines('-', old)
  const into = markLines('+', fresh)
  return [{ oldStart: 1, oldLines: out.length, newStart: 1, newLines: into.length, lines: [...out, ...into] }]
}

export interface LineCounts {
  readonly added: number
  readonly removed: number
}

/** Of what `lineHunks` would show; a text that came or went whole is not compared. */
export function lineCounts(old: string, fresh: string): LineCounts {
  if (old === '' || fresh === '') return { added: linesIn(fresh), removed: linesIn(old) }
  let [added, removed] = [0, 0]
  for (const { lines } of lineHunks(old, fresh)) {
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
