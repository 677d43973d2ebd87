// What differs between two versions of a data file that nobody declared as a table: rows and cells of a table, values
// of JSON and YAML, lines of everything else, as a unified diff has them.
import { isText, textFromBytes } from '../files/text.ts'
import { type DocumentValues, diffDocumentValues } from './diff-values.ts'
import type { DocumentOptions, UnfitDocument } from './interface.ts'
import { type LineHunk, lineHunks } from './line-hunks.ts'
import { formOf } from './form.ts'
import { textBytesMax } from './merge-text.ts'
import { diffTableDocuments, type DocumentDiff } from './tables/diff-rows.ts'

export interface DocumentLines {
  readonly kind: 'lines'
  readonly hunks: readonly LineHunk[]
  /** Changes value by value, for JSON and YAML; null where lines tell more. */
  readonly values: DocumentValues | null
}

/** Compares two documents; the result is `unfit` for what is not text, or too large. */
export function diffDocument(
  before: Uint8Array,
  after: Uint8Array,
  options: DocumentOptions,
): DocumentDiff | DocumentLines | UnfitDocument {
  if (formOf(options.name) === 'table') {
    const rows = diffTableDocuments(before, after, options)
    if (rows.kind === 'rows') return { ...rows, changes: [...rows.changes] }
  }
  if (![before, after].every((bytes) => bytes.length <= textBytesMax && isText(bytes))) {
    return { kind: 'unfit', reason: 'it is binary, or too large to be compared' }
  }
  const [from, to] = [textFromBytes(before), textFromBytes(after)]
  const values = diffDocumentValues(from, to, options)
  return { kind: 'lines', hunks: lineHunks(from, to), values: values.kind === 'values' ? values : null }
}
