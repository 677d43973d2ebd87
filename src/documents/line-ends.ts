// Documents whose versions differ in their line ends: they are merged with one kind, and the merge has the kind that a
// side alone turned the whole file to, or ours.
import { textFromBytes, textToBytes } from '../files/text.ts'
import type { DocumentMerge, DocumentSides } from './interface.ts'

export type LineEnd = '\n' | '\r\n'

/** Only for formats to which both kinds of line ends are the same. */
export function withOneLineEnd(
  sides: DocumentSides,
  merge: (sides: DocumentSides) => DocumentMerge,
): DocumentMerge {
  if (sides.base === null) return merge(sides)
  const ends = [sides.base, sides.ours, sides.theirs].map((side) => lineEndOf(side) ?? '\n')
  if (ends.includes('mixed')) return merge(sides)
  const [base, ours, theirs] = ends as [LineEnd, LineEnd, LineEnd]
  if (base === ours && base === theirs) return merge(sides)
  const merged = merge({
    base: withLineEnd(sides.base, '\n'),
    ours: withLineEnd(sides.ours, '\n'),
    theirs: withLineEnd(sides.theirs, '\n'),
  })
  if (merged.kind === 'unfit') return merged
  const end = ours === base ? theirs : ours
  return { ...merged, render: (choose) => withLineEnd(merged.render(choose), end) }
}

/** The line end that all lines have; 'mixed', or null where no line has an end. */
export function lineEndOf(bytes: Uint8Array): LineEnd | 'mixed' | null {
  let end: LineEnd | null = null
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) {
    const own: LineEnd = bytes[at - 1] === 0x0d ? '\r\n' : '\n'
    if (end !== null && own !== end) return 'mixed'
    end = own
  }
  return end
}

export function withLineEnd(bytes: Uint8Array, end: LineEnd): Uint8Array {
  if (lineEndOf(bytes) === end) return bytes
  return textToBytes(textFromBytes(bytes).replaceAll(/\r?\n/g, end))
}
