// Changes that both sides made, and that only look like a clash: one side did the same and something more. What one
// removed whole and the other in part is removed; a text in which one side made all edits of the other is that one;
// a value that both sides changed alike, but one also gave a new key, stands under the new key; an element to which
// both gave the same new id, and one changed more of it, is the one that changed more. No value comes out that is not
// whole in one of the two sides.
import { diffLines } from '../line-diff.ts'
import type { Identified } from './identity.ts'
import { isExtension } from './similarity.ts'
import type { MergeContext } from './merge-context.ts'
import type { Nodes } from './plan.ts'
import { replacedOf, tellingLengthMin } from './renames.ts'
import { none, type NodeIndex, type Tree } from './tree.ts'
import type { ValueId } from './values.ts'

/** Edits of shorter texts may be equal by chance, as in dates and versions. */
const textLengthMin = 40
const textLengthMax = 20_000

/** Whether one side removed the value, and the other left it as it was. */
export function isLeft({ trees }: MergeContext, nodes: Nodes): boolean {
  const side = nodes[1] === none ? 2 : 1
  return trees[0].value(nodes[0]) === trees[side].value(nodes[side])
}

/** Removed on one side, and left as it was on the other, or with parts removed. */
export function isRemoved({ trees }: MergeContext, nodes: Nodes): boolean {
  const side = nodes[1] === none ? 2 : 1
  return isExtension(trees[0], nodes[0], trees[side], nodes[side])
}

/** The side whose text has all edits of the other's, and more; null where none has. */
export function furtherText({ trees, values }: MergeContext, nodes: Nodes): 1 | 2 | null {
  const [base, ours, theirs] = nodes.map((node, side) => {
    const value = trees[side]!.value(node)
    return values.isString(value) ? values.text(value) : ''
  }) as [string, string, string]
  if ([base, ours, theirs].some(({ length }) => length < textLengthMin || length > textLengthMax)) return null
  const words = wordsOf(base)
  const [left, right] = [editsOf(words, ours), editsOf(words, theirs)]
  if (left === null || right === null) return null
  if ([...right].every((edit) => left.has(edit))) return 1
  return [...left].every((edit) => right.has(edit)) ? 2 : null
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|./gsu) ?? []
}

/** Where in the base which words became which; null where less than half of the base is left. */
function editsOf(words: readonly string[], text: string): Set<string> | null {
  const others = wordsOf(text)
  const hunks = diffLines(words, others)
  if (hunks === null) return null
  const lengthOf = (list: readonly string[]): number => list.join('').length
  let kept = lengthOf(words)
  const edits = new Set<string>()
  for (const { aStart, aEnd, bStart, bEnd } of hunks) {
    kept -= lengthOf(words.slice(aStart, aEnd))
    edits.add(`${aStart} ${aEnd} ${others.slice(bStart, bEnd).join('')}`)
  }
  return kept * 2 < lengthOf(words) ? null : edits
}

/**
 * Whether the text that one side changed is what the other has under another key in the same place. Keys that are
 * spelled otherwise, or texts long enough, must say that it is no chance.
 */
export function isMovedAlike(
  { trees, values }: MergeContext,
  sides: readonly Identified[],
  key: ValueId,
  nodes: Nodes,
): boolean {
  const [gone, other] = nodes[1] === none ? ([1, 2] as const) : ([2, 1] as const)
  const own = sides[gone]!
  for (const { removed, added } of replacedOf(sides[0]!, own)) {
    const at = removed.indexOf(key)
    if (at === -1 || added.length !== removed.length || sides[other]!.set.has(added[at]!)) continue
    const value = trees[gone].value(own.nodes[own.ids.indexOf(added[at]!)]!)
    if (!values.isString(value) || value !== trees[other].value(nodes[other])) return false
    return (
      values.text(value).length >= tellingLengthMin || isSpelling(values.text(key), values.text(added[at]!))
    )
  }
  return false
}

/** Whether two thirds of a word are what another begins and ends with. */
function isSpelling(word: string, other: string): boolean {
  const [short, long] = [Math.min(word.length, other.length), Math.max(word.length, other.length)]
  let [head, tail] = [0, 0]
  while (head < short && word[head] === other[head]) head++
  while (tail < short - head && word.at(-1 - tail) === other.at(-1 - tail)) tail++
  return (head + tail) * 3 >= long * 2
}

/**
 * Both added an element under one id. Where one of the two is an element of the base in all but that id, and on neither
 * side the base's element is left, both gave it the new id: the side that changed more of it; null where it is not so.
 */
export function furtherElement(
  merging: MergeContext,
  sides: readonly Identified[],
  nodes: Nodes,
): 1 | 2 | null {
  const found: (1 | 2)[] = []
  for (const [i, node] of sides[0]!.nodes.entries()) {
    const side = changedSide(merging, nodes, node)
    if (side !== null && isGone(merging, sides, sides[0]!.ids[i]!, node)) found.push(side)
  }
  return found.length === 1 ? found[0]! : null
}

function changedSide({ trees }: MergeContext, nodes: Nodes, before: NodeIndex): 1 | 2 | null {
  for (const [copy, further] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const members = trees[0].children(before)
    const changed = differing(trees[0], before, trees[copy], nodes[copy])
    if (members.length < 3 || changed?.length !== 1) continue
    if (trees[copy].children(nodes[copy]).length !== members.length) continue
    const [own, other] = [
      trees[copy].child(nodes[copy], changed[0]!),
      trees[further].child(nodes[further], changed[0]!),
    ]
    if (other === none || trees[copy].value(own) !== trees[further].value(other)) continue
    const changedFurther = differing(trees[0], before, trees[further], nodes[further])
    if (changedFurther !== null && changedFurther.length < members.length) return further
  }
  return null
}

/** The keys under which the other has another value; null where it has not all keys. */
function differing(tree: Tree, node: NodeIndex, otherTree: Tree, other: NodeIndex): ValueId[] | null {
  if (tree.kind(node) !== 'object' || otherTree.kind(other) !== 'object') return null
  const keys: ValueId[] = []
  for (const child of tree.children(node)) {
    const like = otherTree.child(other, tree.key(child))
    if (like === none) return null
    if (tree.value(child) !== otherTree.value(like)) keys.push(tree.key(child))
  }
  return keys
}

/** No side has the element under its old id; what has that id now shares nothing else with it. */
function isGone(
  { trees }: MergeContext,
  sides: readonly Identified[],
  id: ValueId,
  before: NodeIndex,
): boolean {
  return ([1, 2] as const).every((side) => {
    const at = sides[side]!.ids.indexOf(id)
    if (at === -1) return true
    const now = sides[side]!.nodes[at]!
    const same = trees[0].children(before).filter((child) => {
      const like = trees[side].child(now, trees[0].key(child))
      return like !== none && trees[side].value(like) === trees[0].value(child)
    })
    return same.length === 1
  })
}
