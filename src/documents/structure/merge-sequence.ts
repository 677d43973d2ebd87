// Merges arrays whose elements nothing names: diff3 over the elements, compared by value. A part that one side alone
// changed is taken from there. In a part that both changed, elements that resemble an element of the base are that
// element, changed, and merged with it; what both put into one place, and an element changed here and removed there,
// is a conflict.
import { diffLines, type LineHunk } from '../line-diff.ts'
import { featureOf, isSameFeature } from './feature.ts'
import { similarity } from './similarity.ts'
import type { MergeContext } from './merge-context.ts'
import type { Path } from './path.ts'
import { equalLists } from './order.ts'
import { pairedElements, pairsMax, type Match } from './pairs.ts'
import { type Member, type Nodes, onlyOn } from './plan.ts'
import { isLeft, isRemoved } from './same-change.ts'
import { none, type NodeIndex } from './tree.ts'
import type { ValueId } from './values.ts'

type Lists = readonly (readonly NodeIndex[])[]

/** Null where the sides differ too much to be compared, or an element of a list would stand twice. */
export function mergeSequence(merging: MergeContext, elements: Lists, path: Path): Member[] | null {
  const isList = isListOfObjects(merging, elements)
  const members = mergeAligned(isList ? { ...merging, isList } : merging, elements, path)
  return members !== null && isList && isDoubled(merging, members) ? null : members
}

/**
 * Objects of which no two are equal are records: two that were put into one place are just two more records. A few
 * might be anything, but for features of GeoJSON.
 */
function isListOfObjects({ trees, values }: MergeContext, elements: Lists): boolean {
  return elements.every((nodes, side) => {
    const tree = trees[side]!
    const isRecord = (node: NodeIndex): boolean =>
      nodes.length < 3 ? featureOf(values, tree, node) !== null : tree.kind(node) === 'object'
    if (!nodes.every(isRecord)) return false
    return new Set(nodes.map((node) => tree.value(node))).size === nodes.length
  })
}

function isDoubled({ trees }: MergeContext, members: readonly Member[]): boolean {
  const seen = new Set<ValueId>()
  for (const member of members) {
    if (member.kind !== 'member' || member.plan.kind !== 'copy') continue
    const value = trees[member.plan.side].value(member.plan.node)
    if (seen.has(value)) return true
    seen.add(value)
  }
  return false
}

function mergeAligned(merging: MergeContext, elements: Lists, path: Path): Member[] | null {
  const ids = elements.map((nodes, side) => nodes.map((node) => merging.trees[side]!.value(node)))
  const left = diffLines(ids[0]!, ids[1]!)
  const right = diffLines(ids[0]!, ids[2]!)
  if (left === null || right === null) return null
  const members: Member[] = []
  let at: [number, number, number] = [0, 0, 0]
  const keepUntil = (end: number): void => {
    for (; at[0] < end; at = [at[0] + 1, at[1] + 1, at[2] + 1]) {
      const nodes: Nodes = [elements[0]![at[0]]!, elements[1]![at[1]]!, elements[2]![at[2]]!]
      members.push(memberOf(merging, nodes, path, at[0]))
    }
  }
  for (const part of partsOf(left, right)) {
    keepUntil(part.start)
    const ends = [part.end, at[1] + part.lengths[0], at[2] + part.lengths[1]] as const
    const lists = elements.map((nodes, side) => nodes.slice(at[side], ends[side]))
    members.push(...mergePart({ merging, path, base: elements[0]!, offset: at[0] }, lists))
    at = [...ends]
  }
  keepUntil(elements[0]!.length)
  return members
}

/** A part of the base that one side or both changed, and how long it is on each. */
interface Part {
  readonly start: number
  readonly end: number
  readonly lengths: readonly [number, number]
}

function partsOf(left: readonly LineHunk[], right: readonly LineHunk[]): Part[] {
  const hunks = [...left.map((hunk) => ({ hunk, side: 0 })), ...right.map((hunk) => ({ hunk, side: 1 }))]
  hunks.sort((a, b) => a.hunk.aStart - b.hunk.aStart || a.hunk.aEnd - b.hunk.aEnd)
  const parts: Part[] = []
  for (let i = 0; i < hunks.length;) {
    const start = hunks[i]!.hunk.aStart
    let end = hunks[i]!.hunk.aEnd
    let grows = false
    const growth: [number, number] = [0, 0]
    const first = i
    for (; i < hunks.length; i++) {
      const { hunk, side } = hunks[i]!
      const more = hunk.bEnd - hunk.bStart - (hunk.aEnd - hunk.aStart)
      // Two changes that only touch are two, unless both may have put something between them.
      const apart = hunk.aStart > end || (hunk.aStart === end && !(grows && more > 0))
      if (i > first && apart) break
      growth[side]! += more
      grows ||= more > 0
      end = Math.max(end, hunk.aEnd)
    }
    parts.push({ start, end, lengths: [end - start + growth[0], end - start + growth[1]] })
  }
  return parts
}

/** Where a part lies: at `offset` in the base. */
interface Place {
  readonly merging: MergeContext
  readonly path: Path
  readonly base: readonly NodeIndex[]
  readonly offset: number
}

function mergePart(place: Place, lists: Lists): Member[] {
  const { merging, path, offset } = place
  const ids = lists.map((nodes, side) => nodes.map((node) => merging.trees[side]!.value(node)))
  const [base, ours, theirs] = ids as [ValueId[], ValueId[], ValueId[]]
  if (equalLists(ours, theirs)) {
    return lists[1]!.map((node, i) => merging.copied([none, node, lists[2]![i]!]))
  }
  const { trees } = merging
  const matches = ([1, 2] as const).map((side) =>
    pairedElements(trees[0], lists[0]!, trees[side], lists[side]!),
  )
  const merged = matches.includes(null) ? null : mergeMatched(place, lists, matches as Match[])
  if (merged !== null) return merged
  if (equalLists(base, ours)) return lists[2]!.map((node) => merging.copied([none, none, node]))
  if (equalLists(base, theirs)) return lists[1]!.map((node) => merging.copied([none, node, none]))
  const sides = lists.map((nodes, side) => nodes.map((node) => merging.alone(onlyOn(side, node), side)))
  const last = offset + lists[0]!.length - 1
  const step = (): string => (last > offset ? `[${offset}..${last}]` : `[${offset}]`)
  const removed = lists[0]!.length > 0 && (lists[1]!.length === 0 || lists[2]!.length === 0)
  return [merging.clash(removed ? 'row' : 'cell', { parent: path, step }, sides)]
}

/** Null where both put something else into one place, or replaced the same element. */
function mergeMatched(place: Place, lists: Lists, matches: readonly Match[]): Member[] | null {
  const members: Member[] = []
  const next = [0, 0]
  const hasReplaced = matches.map(
    (match, side) => match.filter((at) => at !== -1).length < lists[side + 1]!.length,
  )
  let removedByBoth = false
  const added = (index: number, until: readonly number[]): boolean => {
    const [mine, others] = [0, 1].map((side) => lists[side + 1]!.slice(next[side], until[side]))
    if (removedByBoth && mine!.length + others!.length > 0 && !isEqualAdded(place.merging, mine!, others!))
      return false
    const joined = joinAdded(place, mine!, others!, place.offset + index)
    if (joined !== null) members.push(...joined)
    return joined !== null
  }
  for (const [i, node] of lists[0]!.entries()) {
    const [left, right] = [matches[0]![i]!, matches[1]![i]!]
    if (left === -1 && right === -1) {
      removedByBoth = true
      continue
    }
    const until = [left === -1 ? next[0]! : left, right === -1 ? next[1]! : right]
    if (!added(i, until)) return null
    if (left !== -1 && right !== -1) removedByBoth = false
    for (const [side, at] of [left, right].entries()) next[side] = at === -1 ? next[side]! : at + 1
    const nodes: Nodes = [
      node,
      left === -1 ? none : lists[1]![left]!,
      right === -1 ? none : lists[2]![right]!,
    ]
    const member = mergeElement(place, nodes, i, hasReplaced)
    if (member !== null) members.push(member)
  }
  return added(lists[0]!.length, [lists[1]!.length, lists[2]!.length]) ? members : null
}

function isEqualAdded(
  { trees }: MergeContext,
  mine: readonly NodeIndex[],
  others: readonly NodeIndex[],
): boolean {
  return (
    mine.length === others.length &&
    mine.every((node, i) => trees[1].value(node) === trees[2].value(others[i]!))
  )
}

/** What the sides put before the base's element `index`; null where that clashes. */
function joinAdded(
  { merging, base }: Place,
  mine: readonly NodeIndex[],
  others: readonly NodeIndex[],
  index: number,
): Member[] | null {
  const [tree, otherTree] = [merging.trees[1], merging.trees[2]]
  if (isEqualAdded(merging, mine, others)) {
    return mine.map((node, i) => merging.copied([none, node, others[i]!]))
  }
  const isBoth = mine.length > 0 && others.length > 0
  if (isBoth && (merging.isList !== true || mine.length * others.length > pairsMax)) return null
  if (isBoth && mine.some((node) => others.some((other) => isAlike(merging, node, other)))) return null
  const [left, right] = [mine.map((node) => tree.value(node)), others.map((node) => otherTree.value(node))]
  const ofMine = mine.map((node, i) => merging.copied([none, node, others[right.indexOf(left[i]!)] ?? none]))
  const ofOthers = others
    .filter((_node, i) => !left.includes(right[i]!))
    .map((node) => merging.copied([none, none, node]))
  return sortedTogether(merging, [base[index - 1] ?? none, base[index] ?? none], ofMine, ofOthers)
}

/** Ours first; or sorted by their text, where each side's stand so between their neighbours. */
function sortedTogether(
  { trees }: MergeContext,
  [before, behind]: readonly [NodeIndex, NodeIndex],
  mine: readonly Member[],
  others: readonly Member[],
): Member[] {
  if (mine.length === 0 || others.length === 0 || before === none || behind === none)
    return [...mine, ...others]
  const plain = (text: string): string => text.replaceAll(/\s+/g, '')
  const textOf = (member: Member): string =>
    member.kind === 'member' && member.plan.kind === 'copy'
      ? plain(trees[member.plan.side].spelling(member.plan.node))
      : ''
  const [first, last] = [plain(trees[0].spelling(before)), plain(trees[0].spelling(behind))]
  const isSorted = (members: readonly Member[]): boolean => {
    const texts = [first, ...members.map(textOf), last]
    return texts.every((text, i) => i === 0 || texts[i - 1]! <= text)
  }
  if (!isSorted(mine) || !isSorted(others)) return [...mine, ...others]
  return [...mine, ...others].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
}

/** Whether two values are versions of one record, rather than two records. */
function isAlike({ trees, values }: MergeContext, mine: NodeIndex, other: NodeIndex): boolean {
  const [tree, otherTree] = [trees[1], trees[2]]
  if (tree.value(mine) === otherTree.value(other)) return false
  const [feature, otherFeature] = [featureOf(values, tree, mine), featureOf(values, otherTree, other)]
  if (feature !== null && otherFeature !== null) return isSameFeature(tree, feature, otherTree, otherFeature)
  return similarity(tree, mine, otherTree, other) > 0.5
}

/** An element of the base. Where a side has put others in its place they may be what became of it. */
function mergeElement(
  { merging, path, offset }: Place,
  nodes: Nodes,
  i: number,
  hasReplaced: readonly boolean[],
): Member | null {
  const index = offset + i
  if (nodes[1] !== none && nodes[2] !== none) return memberOf(merging, nodes, path, index)
  const isReplaced = hasReplaced[nodes[1] === none ? 0 : 1]!
  if (isReplaced ? isLeft(merging, nodes) : isRemoved(merging, nodes)) return null
  const sides = nodes.map((node, side) => (node === none ? [] : [merging.alone(nodes, side)]))
  return merging.clash('row', { parent: path, step: () => `[${index}]` }, sides)
}

function memberOf(merging: MergeContext, nodes: Nodes, path: Path, index: number): Member {
  return { kind: 'member', nodes, plan: merging.value(nodes, { parent: path, step: () => `[${index}]` }) }
}
