// Three-way merge of text by lines (diff3, as in Khanna, Kunal and Pierce, "A formal investigation of diff3", 2007).
// Lines keep their ends and need not be UTF-8; where nothing clashes the result's bytes are pieces of the three sides.
// Changes that touch or overlap are a conflict, as in git, unless both sides made the same. A side that only turned
// the line ends of the whole text (LF, CRLF) counts as such, and not as a change of every line.
import { concatBytes } from '../base/bytes.ts'
import { sameBytes } from '../base/platform.ts'
import { isText, textToBytes } from '../files/text.ts'
import { diffNumbers, type LineHunk } from './line-diff.ts'
import { type LineEnd, lineEndOf, withLineEnd } from './line-ends.ts'
import { isSameSpan, type LineSpan, linesOf, spanBytes, spanText, type TextLines } from './text-lines.ts'

/** Above this a text is not merged: three copies of it in memory would be too much for a side job. */
export const textBytesMax: number = 16 << 20

/** Lines added and removed on one side; beyond, the text counts as rewritten and a person decides. */
const changedLinesMax = 10_000

export type TextMerge =
  | { readonly kind: 'merged'; readonly bytes: Uint8Array }
  | { readonly kind: 'conflict'; readonly clashes: number }
  /** Not text, or too large. */
  | { readonly kind: 'binary' }
  /** Text that differs too much to be compared. */
  | { readonly kind: 'different' }

/** Lines on which all agree after the merge, or a clash. */
export type Piece = { readonly lines: LineSpan } | Clash

export interface Clash {
  readonly base: LineSpan
  readonly ours: LineSpan
  readonly theirs: LineSpan
}

export interface MarkerLabels {
  readonly base: string
  readonly ours: string
  readonly theirs: string
  /** Length of the markers, 7 unless said. */
  readonly size?: number
}

/** Merges to pieces of text; a word instead says why there are none. */
export function mergePieces(
  base: Uint8Array,
  ours: Uint8Array,
  theirs: Uint8Array,
): readonly Piece[] | 'binary' | 'different' {
  if (![base, ours, theirs].every(isMergeable)) return 'binary'
  return piecesOf(base, ours, theirs) ?? 'different'
}

export function mergeText(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): TextMerge {
  if (sameBytes(base, ours)) return { kind: 'merged', bytes: theirs }
  if (sameBytes(base, theirs)) return { kind: 'merged', bytes: ours }
  const pieces = mergePieces(base, ours, theirs)
  if (typeof pieces === 'string') return { kind: pieces }
  const spans = pieces.flatMap((piece) => ('lines' in piece ? [piece.lines] : []))
  const clashes = pieces.length - spans.length
  if (clashes > 0) return { kind: 'conflict', clashes }
  return { kind: 'merged', bytes: concatBytes(spans.map(spanBytes)) }
}

/**
 * The text with each clash between diff3's markers, for people to read; null when it cannot be merged by lines.
 * `isDecided`: all that could be merged is the same in the three texts, and so all in which ours and theirs differ is a clash.
 */
export function conflictMarkers(
  base: Uint8Array,
  ours: Uint8Array,
  theirs: Uint8Array,
  labels: MarkerLabels,
  { isDecided = false }: { readonly isDecided?: boolean } = {},
): Uint8Array | null {
  if (![base, ours, theirs].every(isMergeable)) return null
  const pieces = piecesOf(base, ours, theirs, isDecided)
  if (pieces === null) return null
  return concatBytes(
    pieces.map((piece) =>
      'lines' in piece ? spanBytes(piece.lines) : textToBytes(clashText(piece, labels)),
    ),
  )
}

function clashText(clash: Clash, labels: MarkerLabels): string {
  const texts = { base: spanText(clash.base), ours: spanText(clash.ours), theirs: spanText(clash.theirs) }
  const end = texts.ours.includes('\r\n') || texts.theirs.includes('\r\n') ? '\r\n' : '\n'
  const side = (text: string): string => (text === '' || text.endsWith('\n') ? text : text + end)
  const marker = (sign: string, label: string): string =>
    `${sign.repeat(labels.size ?? 7)}${label === '' ? '' : ` ${label}`}${end}`
  return (
    marker('<', labels.ours) +
    side(texts.ours) +
    marker('|', labels.base) +
    side(texts.base) +
    marker('=', '') +
    side(texts.theirs) +
    marker('>', labels.theirs)
  )
}

function isMergeable(bytes: Uint8Array): boolean {
  return bytes.length <= textBytesMax && isText(bytes)
}

function piecesOf(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array, isDecided = false): Piece[] | null {
  const { texts, count } = linesOf(alignEnds([base, ours, theirs]))
  const [a, b, c] = texts as [TextLines, TextLines, TextLines]
  const left = diffNumbers(a.numbers, b.numbers, count)
  if (left === null || changedLines(left) > changedLinesMax) return null
  const right = diffNumbers(a.numbers, c.numbers, count)
  if (right === null || changedLines(right) > changedLinesMax) return null
  return diff3([a, b, c], left, right, isDecided)
}

function changedLines(hunks: readonly LineHunk[]): number {
  let changed = 0
  for (const hunk of hunks) changed += hunk.aEnd - hunk.aStart + hunk.bEnd - hunk.bStart
  return changed
}

/** Hunks of both sides that touch or overlap make one region of the base; the lines between regions are everybody's. */
function diff3(
  [base, ours, theirs]: readonly [TextLines, TextLines, TextLines],
  left: readonly LineHunk[],
  right: readonly LineHunk[],
  isDecided: boolean,
): Piece[] {
  const pieces: Piece[] = []
  let i = 0
  let j = 0
  let [baseAt, oursAt, theirsAt] = [0, 0, 0]
  while (i < left.length || j < right.length) {
    const start = Math.min(left[i]?.aStart ?? Infinity, right[j]?.aStart ?? Infinity)
    let end = start
    const [firstLeft, firstRight] = [i, j]
    for (;;) {
      if (i < left.length && left[i]!.aStart <= end) end = Math.max(end, left[i++]!.aEnd)
      else if (j < right.length && right[j]!.aStart <= end) end = Math.max(end, right[j++]!.aEnd)
      else break
    }
    if (start > baseAt) pieces.push({ lines: { of: base, start: baseAt, end: start } })
    const oursEnd = oursAt + (end - baseAt) + growth(left, firstLeft, i)
    const theirsEnd = theirsAt + (end - baseAt) + growth(right, firstRight, j)
    const region: Clash = {
      base: { of: base, start, end },
      ours: { of: ours, start: oursAt + start - baseAt, end: oursEnd },
      theirs: { of: theirs, start: theirsAt + start - baseAt, end: theirsEnd },
    }
    if (isSameSpan(region.ours, region.theirs)) pieces.push({ lines: region.ours })
    else if (firstLeft === i && !isDecided) pieces.push({ lines: region.theirs })
    else if (firstRight === j && !isDecided) pieces.push({ lines: region.ours })
    else pieces.push(region)
    ;[baseAt, oursAt, theirsAt] = [end, oursEnd, theirsEnd]
  }
  const { length } = base.numbers
  if (baseAt < length) pieces.push({ lines: { of: base, start: baseAt, end: length } })
  return pieces
}

/** By how many lines the hunks from `start` to `end` make the base longer. */
function growth(hunks: readonly LineHunk[], start: number, end: number): number {
  let lines = 0
  for (let i = start; i < end; i++) {
    const { aStart, aEnd, bStart, bEnd } = hunks[i]!
    lines += bEnd - bStart - (aEnd - aStart)
  }
  return lines
}

/** Where one side alone turned all line ends, the others are read with those ends. */
function alignEnds(sides: readonly [Uint8Array, Uint8Array, Uint8Array]): typeof sides {
  const ends = sides.map(lineEndOf)
  if (ends.includes('mixed') || ends.includes(null)) return sides
  const [before, left, right] = ends as [LineEnd, LineEnd, LineEnd]
  if (left === right || (left !== before && right !== before)) return sides
  const end = left === before ? right : left
  return [withLineEnd(sides[0], end), withLineEnd(sides[1], end), withLineEnd(sides[2], end)]
}
