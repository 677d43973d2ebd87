// Three-way merge of JSON and GeoJSON by structure. The text of one side, the host, is kept but for what changes: ours,
// unless theirs alone laid the file out anew. Where lines merge cleanly to exactly the value that the structure gives,
// their bytes are taken, since that is what people know from git. Every text is read again before it is handed out.
import { utf8, utf8Text } from '../../base/bytes.ts'
import type { DocumentForm, DocumentMerge, DocumentMerger, DocumentSides } from '../interface.ts'
import { mergeText } from '../merge-text.ts'
import { mergeTrees } from '../structure/merge-values.ts'
import {
  chooseOurs,
  conflictsOf,
  sideNames,
  valueOf,
  type Choose,
  type Plan,
  type Trees,
} from '../structure/plan.ts'
import { NotFit, OtherForm, type Tree } from '../structure/tree.ts'
import { ValueTable } from '../structure/values.ts'
import { renderJson, type JsonHost } from './render.ts'
import { scanJson } from './scan.ts'
import { isSameStyle, styleOf } from './style.ts'

export const mergeJson: DocumentMerger = (sides) => catchUnfit(() => merge(sides))

function merge(sides: DocumentSides): DocumentMerge {
  const values = new ValueTable(sides.ours.length)
  const trees = readSides(sides, (text, like) => scanJson(text, values, like))
  const { plan, told } = mergeTrees(trees, values)
  if (plan.kind === 'clash') throw new NotFit('both sides changed the whole value, each in another way')
  const styles = trees.map((tree) => styleOf(tree))
  const theirsLaidOut = isSameStyle(styles[0]!, styles[1]!) && !isSameStyle(styles[0]!, styles[2]!)
  const host: JsonHost = { trees, styles, host: theirsLaidOut ? 2 : 1 }
  const render = (choose: Choose): string => {
    const text = around(trees, (tree) => tree.text.slice(0, tree.start(0)))
    const end = around(trees, (tree) => tree.text.slice(tree.end(0)))
    return text + renderJson(plan, host, choose) + end
  }
  const read = (text: string): Tree => scanJson(text, values, trees[0])
  return proven({ form: 'json', basis: basisOf(told), plan, trees, values, sides, render, read })
}

/** What stands before or behind the value: changed on one side it is taken from there. */
function around(trees: Trees, part: (tree: Tree) => string): string {
  const [base, ours, theirs] = trees.map(part)
  return ours === base ? theirs! : ours!
}

export function basisOf(told: readonly string[]): string {
  const names = told.map((name) => (name === 'value' || name === 'position' ? `by ${name}` : `by '${name}'`))
  return names.length === 0 ? 'values by key' : `values by key, array elements ${names.join(', ')}`
}

/**
 * `read` gets the base's tree beside the sides' texts.
 * @throws NotFit where a side cannot be read; OtherForm
 */
export function readSides(sides: DocumentSides, read: (text: string, base: Tree | null) => Tree): Trees {
  if (sides.base === null) throw new NotFit('the two versions have no base')
  let base: Tree | null = null
  return [sides.base, sides.ours, sides.theirs].map((bytes, side) => {
    try {
      if (bytes.length === 0) throw new NotFit('it is empty')
      const tree = read(decoded(bytes), base)
      base ??= tree
      return tree
    } catch (error) {
      if (!(error instanceof NotFit) || error instanceof OtherForm) throw error
      throw new NotFit(`${sideNames[side]}: ${error.message}`)
    }
  }) as unknown as Trees
}

function decoded(bytes: Uint8Array): string {
  try {
    return utf8Text(bytes)
  } catch {
    throw new NotFit('it is not UTF-8')
  }
}

export function catchUnfit(merge: () => DocumentMerge): DocumentMerge {
  try {
    return merge()
  } catch (error) {
    if (error instanceof NotFit) return { kind: 'unfit', reason: error.message }
    throw error
  }
}

interface Rendered {
  readonly form: DocumentForm
  readonly basis: string
  readonly plan: Plan
  readonly trees: Trees
  readonly values: ValueTable
  readonly sides: DocumentSides
  readonly render: (choose: Choose) => string
  readonly read: (text: string) => Tree
}

/** @throws NotFit where a rendered text does not hold the merged value. */
export function proven(rendered: Rendered): DocumentMerge {
  const { form, basis, plan, trees, values, sides, render, read } = rendered
  const conflicts = conflictsOf(plan)
  const byLines = conflicts.length === 0 ? mergeText(sides.base!, sides.ours, sides.theirs) : null
  if (byLines?.kind === 'merged' && isValue(byLines.bytes, valueOf(plan, trees, values, 1), read)) {
    const { bytes } = byLines
    return { kind: 'merged', form, basis, conflicts, render: () => bytes.slice() }
  }
  for (const side of conflicts.length === 0 ? ([1] as const) : ([0, 1, 2] as const)) {
    const tree = read(render(() => sideNames[side]))
    if (tree.value(0) !== valueOf(plan, trees, values, side)) {
      throw new NotFit('the merged text does not read as the merged value')
    }
  }
  return { kind: 'merged', form, basis, conflicts, render: (choose = chooseOurs) => utf8(render(choose)) }
}

function isValue(bytes: Uint8Array, wanted: number, read: (text: string) => Tree): boolean {
  try {
    return read(utf8Text(bytes)).value(0) === wanted
  } catch (error) {
    if (error instanceof NotFit || error instanceof TypeError) return false
    throw error
  }
}
