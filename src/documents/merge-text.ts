// Three-way merge of text by lines (diff3, as in Khanna, Kunal and Pierce, "A formal investigation of diff3", 2007).
// Lines keep their ends and need not be UTF-8; where nothing clashes the result's bytes are pieces of the three sides.
// Changes that touch or overlap are a conflict, as in git, unless both sides made the same. A side that only turned
// the line ends of the whole text (LF, CRLF) counts as such, and not as a change of every line.
import { equalBytes } from '../base/bytes.ts'
import { splitLines, textFromBytes, textToBytes, isText } from '../files/text.ts'
import { diffLines, type LineHunk } from './line-diff.ts'

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
export type Piece = { readonly lines: readonly string[] } | Clash

export interface Clash {
  readonly base: readonly string[]
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
}

export interface MarkerLabels {
  readonly base: string
  readonly ours: string
  readonly theirs: string
  /** Length of the markers, 7 unless said. */
  readonly size?: number
}

/** The text in pieces; a word for why not. */
export function mergePieces(
  base: Uint8Array,
  ours: Uint8Array,
  theirs: Uint8Array,
): readonly Piece[] | 'binary' | 'different' {
  if (![base, ours, theirs].every(isMergeable)) return 'binary'
  return piecesOf(base, ours, theirs) ?? 'different'
}

export function mergeText(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): TextMerge {
  if (equalBytes(base, ours)) return { kind: 'merged', bytes: theirs }
  if (equalBytes(base, theirs)) return { kind: 'merged', bytes: ours }
  const pieces = mergePieces(base, ours, theirs)
  if (typeof pieces === 'string') return { kind: pieces }
  const clashes = pieces.filter((piece) => !('lines' in piece)).length
  if (clashes > 0) return { kind: 'conflict', clashes }
  const text = pieces.map((piece) => ('lines' in piece ? piece.lines.join('') : '')).join('')
  return { kind: 'merged', bytes: textToBytes(text) }
}

/** The text with each clash between diff3's markers, for people to read; null when it cannot be merged by lines. */
export function conflictMarkers(
  base: Uint8Array,
  ours: Uint8Array,
  theirs: Uint8Array,
  labels: MarkerLabels,
): Uint8Array | null {
  const pieces = mergePieces(base, ours, theirs)
  if (typeof pieces === 'string') return null
  return textToBytes(
    pieces.map((piece) => ('lines' in piece ? piece.lines.join('') : clashText(piece, labels))).join(''),
  )
}

function clashText(clash: Clash, labels: MarkerLabels): string {
  const end = [...clash.ours, ...clash.theirs].some((line) => line.endsWith('\r\n')) ? '\r\n' : '\n'
  const side = (lines: readonly string[]): string => {
    const text = lines.join('')
    return text === '' || text.endsWith('\n') ? text : text + end
  }
  const marker = (sign: string, label: string): string =>
    `${sign.repeat(labels.size ?? 7)}${label === '' ? '' : ` ${label}`}${end}`
  return (
    marker('<', labels.ours) +
    side(clash.ours) +
    marker('|', labels.base) +
    side(clash.base) +
    marker('=', '') +
    side(clash.theirs) +
    marker('>', labels.theirs)
  )
}

function isMergeable(bytes: Uint8Array): boolean {
  return bytes.length <= textBytesMax && isText(bytes)
}

function piecesOf(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): Piece[] | null {
  const [a, b, c] = alignEnds([base, ours, theirs].map((side) => splitLines(textFromBytes(side))))
  const left = diffLines(a!, b!)
  const right = diffLines(a!, c!)
  if (left === null || right === null) return null
  if ([left, right].some((hunks) => changedLines(hunks) > changedLinesMax)) return null
  return diff3(a!, b!, c!, left, right)
}

function changedLines(hunks: readonly LineHunk[]): number {
  let changed = 0
  for (const hunk of hunks) changed += hunk.aEnd - hunk.aStart + hunk.bEnd - hunk.bStart
  return changed
}

/** Hunks of both sides that touch or overlap make one region of the base; the lines between regions are everybody's. */
function diff3(
  base: readonly string[],
  ours: readonly string[],
  theirs: readonly string[],
  left: readonly LineHunk[],
  right: readonly LineHunk[],
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
    if (start > baseAt) pieces.push({ lines: base.slice(baseAt, start) })
    const oursEnd = oursAt + (end - baseAt) + growth(left, firstLeft, i)
    const theirsEnd = theirsAt + (end - baseAt) + growth(right, firstRight, j)
    const region: Clash = {
      base: base.slice(start, end),
      ours: ours.slice(oursAt + start - baseAt, oursEnd),
      theirs: theirs.slice(theirsAt + start - baseAt, theirsEnd),
    }
    if (firstLeft === i) pieces.push({ lines: region.theirs })
    else if (firstRight === j || equalLines(region.ours, region.theirs)) pieces.push({ lines: region.ours })
    else pieces.push(region)
    ;[baseAt, oursAt, theirsAt] = [end, oursEnd, theirsEnd]
  }
  if (baseAt < base.length) pieces.push({ lines: base.slice(baseAt) })
  return pieces
}

/** By how many lines hunks[start, end) make the base longer. */
function growth(hunks: readonly LineHunk[], start: number, end: number): number {
  let lines = 0
  for (let i = start; i < end; i++) {
    const { aStart, aEnd, bStart, bEnd } = hunks[i]!
    lines += bEnd - bStart - (aEnd - aStart)
  }
  return lines
}

function equalLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => line === b[i])
}

/** Where one side alone turned all line ends, the others are read with those ends. */
function alignEnds([base, ours, theirs]: string[][]): string[][] {
  const [before, left, right] = [endOf(base!), endOf(ours!), endOf(theirs!)]
  if (before === null || left === null || right === null || left === right) return [base!, ours!, theirs!]
  if (left !== before && right !== before) return [base!, ours!, theirs!]
  const end = left === before ? right : left
  return [base!, ours!, theirs!].map((lines) => lines.map((line) => line.replace(/\r?\n$/, end)))
}

/** The line end that all lines have, or null. */
function endOf(lines: readonly string[]): '\n' | '\r\n' | null {
  let end: '\n' | '\r\n' | null = null
  for (const line of lines) {
    if (line.charCodeAt(line.length - 1) !== 0x0a) continue
    const own = line.charCodeAt(line.length - 2) === 0x0d ? '\r\n' : '\n'
    if (end !== null && own !== end) return null
    end = own
  }
  return end
}
