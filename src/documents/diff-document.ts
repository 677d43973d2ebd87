// What differs between two versions of a data file of which nobody declared anything: rows and cells of a table, lines
// of everything else, as a unified diff has them.
import { structuredPatch } from 'diff'
import { isText, textFromBytes } from '../files/text.ts'
import type { DocumentOptions, UnfitDocument } from './interface.ts'
import { formOf } from './merge-document.ts'
import { textBytesMax } from './merge-text.ts'
import { diffTableDocuments, type DocumentDiff } from './tables/diff-rows.ts'

export interface DocumentLines {
  readonly kind: 'lines'
  readonly hunks: readonly DocumentHunk[]
}

export interface DocumentHunk {
  readonly oldStart: number
  readonly oldLines: number
  readonly newStart: number
  readonly newLines: number
  /** Each with its mark: ' ', '-', '+', without line end. */
  readonly lines: readonly string[]
}

const editsMax = 20_000

/** `unfit` for what is not text, or differs too much. */
export function diffDocument(
  before: Uint8Array,
  after: Uint8Array,
  options: DocumentOptions,
): DocumentDiff | DocumentLines | UnfitDocument {
  if (formOf(options.name) === 'table') {
    const rows = diffTableDocuments(before, after, options)
    if (rows.kind === 'rows') return rows
  }
  if (![before, after].every((bytes) => bytes.length <= textBytesMax && isText(bytes))) {
    return { kind: 'unfit', reason: 'it is binary, or too large to be compared' }
  }
  const [old, fresh] = [textFromBytes(before), textFromBytes(after)]
  const patch = structuredPatch(options.name, options.name, old, fresh, undefined, undefined, {
    context: 3,
    maxEditLength: editsMax,
  })
  if (patch === undefined) return { kind: 'unfit', reason: 'the versions differ too much to be compared' }
  return { kind: 'lines', hunks: patch.hunks }
}
