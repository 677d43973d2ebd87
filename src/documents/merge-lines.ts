// A document merged by lines (merge-text.ts): each clash of lines is a conflict.
import { concatBytes } from '../base/bytes.ts'
import { textToBytes } from '../files/text.ts'
import type { Choice, DocumentConflict, DocumentMerge, DocumentSides } from './interface.ts'
import { type Clash, mergePieces, type Piece } from './merge-text.ts'
import { spanBytes, spanText } from './text-lines.ts'

const reasons = {
  binary: 'it is binary, or too large to be merged',
  different: 'the versions differ too much to be compared',
} as const

export function mergeLines({ base, ours, theirs }: DocumentSides): DocumentMerge {
  if (base === null) return { kind: 'unfit', reason: 'both sides added it' }
  const pieces = mergePieces(base, ours, theirs)
  if (typeof pieces === 'string') return { kind: 'unfit', reason: reasons[pieces] }
  const conflictOf = new Map<Piece, DocumentConflict>()
  let line = 1
  for (const piece of pieces) {
    if (!('lines' in piece)) conflictOf.set(piece, conflictAt(line, piece))
    const { start, end } = 'lines' in piece ? piece.lines : piece.ours
    line += end - start
  }
  const bytesOf = (piece: Piece, choose: (conflict: DocumentConflict) => Choice): Uint8Array => {
    if ('lines' in piece) return spanBytes(piece.lines)
    const choice = choose(conflictOf.get(piece)!)
    return typeof choice === 'string' ? spanBytes(piece[choice]) : textToBytes(choice.value)
  }
  return {
    kind: 'merged',
    form: 'text',
    basis: 'by lines',
    conflicts: [...conflictOf.values()],
    render: (choose = () => 'ours') => concatBytes(pieces.map((piece) => bytesOf(piece, choose))),
  }
}

function conflictAt(line: number, { base, ours, theirs }: Clash): DocumentConflict {
  return {
    kind: 'text',
    where: `line ${line}`,
    column: null,
    base: spanText(base),
    ours: spanText(ours),
    theirs: spanText(theirs),
  }
}
