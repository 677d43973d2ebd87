// What differs between two versions of a JSON, GeoJSON, JSON Lines or YAML file, value by value. It gives up where that
// would hide something: comments, anchors, bytes that are not UTF-8.
import type { DocumentForm, DocumentOptions, UnfitDocument } from './interface.ts'
import { scanJson } from './json/scan.ts'
import { scanJsonLines } from './json/merge-json-lines.ts'
import { formOf } from './form.ts'
import { diffValues, type ValueDifference } from './structure/diff-values.ts'
import { NotFit, type Tree } from './structure/tree.ts'
import { ValueTable } from './structure/values.ts'
import { createYamlReader } from './yaml/read.ts'
import { inFirstForm, type YamlForm } from './yaml/stream.ts'

export interface DocumentValues extends ValueDifference {
  readonly kind: 'values'
}

/** `unfit` where lines tell more; also where no value changed, or nothing but the whole. */
export function diffDocumentValues(
  before: string,
  after: string,
  { name }: DocumentOptions,
): DocumentValues | UnfitDocument {
  const read = readers[formOf(name)]
  if (read === undefined) return { kind: 'unfit', reason: 'it has no values' }
  try {
    const found = read(before, after)
    if (found.changes.length === 0) throw new NotFit('no value has changed')
    if (found.changes[0]!.path === '$' && found.changes[0]!.kind === 'changed')
      throw new NotFit('the two have nothing in common')
    return { kind: 'values', ...found }
  } catch (error) {
    if (error instanceof NotFit) return { kind: 'unfit', reason: error.message }
    throw error
  }
}

/** A few seconds: lines are there at once. */
const slowYamlLengthMax = 1 << 20

type Read = (before: string, after: string) => ValueDifference

const readers: Partial<Record<DocumentForm, Read>> = {
  json: (before, after) => ofTrees(before, after, (text, values, like) => scanJson(text, values, like)),
  jsonl: (before, after) => ofTrees(before, after, (text, values) => scanJsonLines(text, values)),
  yaml: (before, after) => inFirstForm((form) => ofYaml(before, after, form)),
}

function ofTrees(
  before: string,
  after: string,
  read: (text: string, values: ValueTable, like: Tree | null) => Tree,
): ValueDifference {
  // What stands for bytes that are none of UTF-8 may stand for two different ones.
  if (before.includes('\ufffd') || after.includes('\ufffd')) throw new NotFit('it is not UTF-8')
  const values = new ValueTable(after.length)
  const old = read(before, values, null)
  return diffValues(old, read(after, values, old), values)
}

function ofYaml(before: string, after: string, form: YamlForm): ValueDifference {
  const texts = [before, after].map((text) => text.replaceAll('\r\n', '\n'))
  const remarks: string[] = []
  let reader: ReturnType<typeof createYamlReader> | null = null
  const found = ofTrees(texts[0]!, texts[1]!, (text, values, like) => {
    reader ??= createYamlReader(values, { form, slowLengthMax: slowYamlLengthMax })
    const tree = reader.read(text, like)
    remarks.push(JSON.stringify(reader.remarks(tree)))
    return tree
  })
  if (remarks[0] !== remarks[1]) throw new NotFit('comments, anchors or tags have changed')
  const hasOtherEnds = (texts[0]!.length === before.length) !== (texts[1]!.length === after.length)
  return hasOtherEnds ? { ...found, isRespelled: true } : found
}
