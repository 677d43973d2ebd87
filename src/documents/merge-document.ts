// Three-way merge of one data file, without a repository and without declarations: by its content where its name tells
// the format and the content can be parsed, else by lines. Where both ways are clean and give the same content, the
// bytes of the merge by lines are taken: they are what people know from Git. A clean merge by lines that breaks the
// content (one key twice) is not used.
import { sameBytes } from '../base/platform.ts'
import { formOf } from './form.ts'
import type {
  DocumentForm,
  DocumentMerge,
  DocumentMerger,
  DocumentOptions,
  DocumentSides,
  MergedDocument,
} from './interface.ts'
import { mergeJsonLines } from './json/merge-json-lines.ts'
import { mergeJson } from './json/merge-json.ts'
import { mergeLines } from './merge-lines.ts'
import { conflictMarkers, type MarkerLabels, textBytesMax } from './merge-text.ts'
import { mergeTable } from './tables/merge-table.ts'
import { mergeYaml } from './yaml/merge-yaml.ts'
import { tableBytesMax } from './tables/versions.ts'

const mergers: Readonly<Record<DocumentForm, DocumentMerger>> = {
  table: mergeTable,
  json: mergeJson,
  jsonl: mergeJsonLines,
  yaml: mergeYaml,
  text: mergeLines,
}

/** Larger versions are not read: three of them, taken apart, would take too much memory. */
export function documentBytesMax(name: string): number {
  return formOf(name) === 'text' ? textBytesMax : tableBytesMax
}

/** `unfit` when it cannot be merged in any way: binary, or text that differs too much. */
export function mergeDocument(sides: DocumentSides, options: DocumentOptions): DocumentMerge {
  const { base, ours, theirs } = sides
  const form = formOf(options.name)
  if (sameBytes(ours, theirs)) return taken(ours, form, 'both sides are the same')
  if (base !== null && sameBytes(base, ours)) return taken(theirs, form, 'only their side changed')
  if (base !== null && sameBytes(base, theirs)) return taken(ours, form, 'only our side changed')
  const merged = mergers[form](sides, options)
  if (merged.kind === 'merged' || form === 'text') return merged
  const lines = mergeLines(sides)
  return lines.kind === 'unfit' ? merged : { ...lines, basis: `by lines: ${merged.reason}` }
}

/** The file with each conflict between markers, as git writes them; null where lines cannot show it. */
export function markedDocument(merged: MergedDocument, labels: MarkerLabels): Uint8Array | null {
  const [base, ours, theirs] = (['base', 'ours', 'theirs'] as const).map((side) => merged.render(() => side))
  return conflictMarkers(base!, ours!, theirs!, labels, { isDecided: true })
}

function taken(bytes: Uint8Array, form: DocumentForm, basis: string): MergedDocument {
  return { kind: 'merged', form, basis, conflicts: [], render: () => bytes }
}
