// Three-way merge of one data file, without a repository and without anything declared: by what it means where its
// name tells the format and its content fits, else by lines. Where both ways are clean and say the same, the bytes of
// the merge by lines are taken: they are what people know from Git. A merge by lines that is clean but breaks a table
// (one key twice) is none.
import { equalBytes } from '../base/bytes.ts'
import type {
  DocumentForm,
  DocumentMerge,
  DocumentOptions,
  DocumentSides,
  MergedDocument,
} from './interface.ts'
import { mergeLines } from './merge-lines.ts'
import { conflictMarkers, type MarkerLabels, textBytesMax } from './merge-text.ts'
import { mergeTable, tableBytesMax } from './tables/merge-table.ts'
import { countsAddUp, hasSameRows } from './tables/same-rows.ts'

/** What a file's name says about its content. */
export function formOf(name: string): DocumentForm {
  if (/\.(csv|tsv|tab|psv)$/i.test(name)) return 'table'
  return 'text'
}

/** Larger versions are not read: three of them, taken apart, would take too much memory. */
export function documentBytesMax(name: string): number {
  return formOf(name) === 'table' ? tableBytesMax : textBytesMax
}

/** `unfit` when it cannot be merged in any way: binary, or text that differs too much. */
export function mergeDocument(sides: DocumentSides, options: DocumentOptions): DocumentMerge {
  const { base, ours, theirs } = sides
  const form = formOf(options.name)
  if (equalBytes(ours, theirs)) return taken(ours, form, 'both sides are the same')
  if (base !== null && equalBytes(base, ours)) return taken(theirs, form, 'only their side changed')
  if (base !== null && equalBytes(base, theirs)) return taken(ours, form, 'only our side changed')
  const lines = mergeLines(sides)
  if (form === 'text') return lines
  const merged = mergeTable(sides, options)
  if (merged.kind === 'unfit')
    return lines.kind === 'unfit' ? merged : { ...lines, basis: `by lines: ${merged.reason}` }
  return preferred(merged, lines, sides, options)
}

/** The file with each conflict between markers, as git writes them; null where lines cannot show it. */
export function markedDocument(merged: MergedDocument, labels: MarkerLabels): Uint8Array | null {
  const [base, ours, theirs] = (['base', 'ours', 'theirs'] as const).map((side) => merged.render(() => side))
  return conflictMarkers(base!, ours!, theirs!, labels)
}

function taken(bytes: Uint8Array, form: DocumentForm, basis: string): MergedDocument {
  return { kind: 'merged', form, basis, conflicts: [], render: () => bytes }
}

function preferred(
  merged: MergedDocument,
  lines: DocumentMerge,
  sides: DocumentSides,
  { name }: DocumentOptions,
): MergedDocument {
  if (lines.kind === 'unfit' || lines.conflicts.length > 0) return merged
  const bytes = lines.render()
  const asLines = { ...merged, conflicts: [], render: () => bytes }
  if (merged.conflicts.length === 0 && hasSameRows(merged.render(), bytes, name)) return asLines
  const isKeyless = !merged.basis.startsWith('rows by')
  return isKeyless && countsAddUp(bytes, sides, name) ? asLines : merged
}
