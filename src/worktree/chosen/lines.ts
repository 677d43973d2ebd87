// A text with some lines as another version has them, by the hunks of the difference between the two.
import { concatBytes, utf8Text } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { LineHunk } from '../../documents/line-hunks.ts'

/** The two sides of a difference; hunks lead from `old` to `fresh`. */
export interface TextSides {
  readonly old: Uint8Array
  readonly fresh: Uint8Array
}

/**
 * `old` with these hunks applied; `back`: `fresh` with them taken back. Byte for byte, whatever the line ends.
 * @throws VarveError VARVE_UNCOMMITTED where the sides are not what the hunks were made of
 */
export function withHunks(
  path: string,
  { old, fresh }: TextSides,
  hunks: readonly LineHunk[],
  { back = false }: { readonly back?: boolean } = {},
): Uint8Array {
  const [olds, freshes] = [linesOf(old), linesOf(fresh)]
  const [into, from] = back ? [freshes, olds] : [olds, freshes]
  const parts: Uint8Array[] = []
  let at = 0
  for (const hunk of [...hunks].sort((a, b) => a.oldStart - b.oldStart)) {
    const before = { lines: olds, start: hunk.oldStart - 1, count: hunk.oldLines }
    const after = { lines: freshes, start: hunk.newStart - 1, count: hunk.newLines }
    if (!isAs(before, hunk, '-') || !isAs(after, hunk, '+')) throw changedSince(path)
    const [gone, come] = back ? [after, before] : [before, after]
    if (gone.start < at) throw changedSince(path)
    parts.push(...into.slice(at, gone.start), ...from.slice(come.start, come.start + come.count))
    at = gone.start + gone.count
  }
  return concatBytes([...parts, ...into.slice(at)])
}

/** Each with its line end. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(10, start)
    const end = found < 0 ? bytes.length : found + 1
    lines.push(bytes.subarray(start, end))
    start = end
  }
  return lines
}

interface Range {
  readonly lines: readonly Uint8Array[]
  readonly start: number
  readonly count: number
}

function isAs({ lines, start, count }: Range, hunk: LineHunk, mark: '-' | '+'): boolean {
  const told = hunk.lines.filter((line) => line.startsWith(mark) || line.startsWith(' '))
  const bare = (line: string): string => line.replace(/\r?\n?$/, '')
  const there = lines.slice(start, start + count).map((line) => bare(utf8Text(line)))
  return (
    told.length === count &&
    there.length === count &&
    there.every((line, i) => line === bare(told[i]!.slice(1)))
  )
}

function changedSince(path: string): VarveError {
  return new VarveError('VARVE_UNCOMMITTED', `'${path}' has changed since its changes were shown`, {
    data: { paths: [path] },
    hint: 'run the command again',
  })
}
