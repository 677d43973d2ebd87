// What the elements of an array are told apart by. It is found by content: a scalar that each element of all three
// versions has, and that is unique in each of them. Of several, the one that most elements kept on both sides; of
// equals, the one whose name says so, and then the shallower. Strings and integers that are unique in each version are
// their own identity: the array is a set.
import { none, type NodeIndex, type Tree } from './tree.ts'
import { type Nodes, type Trees, threeOf } from './plan.ts'
import type { ValueId, ValueTable } from './values.ts'

/** The elements of one side, and the identity of each. */
export interface Identified {
  readonly nodes: readonly NodeIndex[]
  readonly ids: readonly ValueId[]
  readonly set: ReadonlySet<ValueId>
}

export interface Identity {
  /** 'id', 'properties.id'; null for a set, where the element itself is it. */
  readonly name: string | null
  readonly sides: readonly [Identified, Identified, Identified]
}

interface Candidate {
  readonly path: readonly ValueId[]
  readonly name: string
  readonly rank: number
}

const namesByRank: readonly RegExp[] = [
  /^[_@]?(id|uuid|guid|uid|identifier)$/i,
  /^(key|code|slug|index|ref|symbol|sku|isbn|doi|iri|uri|qid|wikidata|iso.*)$/i,
  /([_-](id|code|key|uuid)|Id|ID|Code|Key)$/,
  /^(name|title|label|path|file|filename|url|href|term)$/i,
]
const rankOfOthers = namesByRank.length
/** Objects that hold what their element is: what is in them counts as if it stood in the element. */
const holders = /^(properties|attributes|fields|_source)$/i
/** The identities that must not be doubled, even where elements are told apart by another. */
const strictRankMax = 1
const candidatesMax = 16
/** Long texts say what an element is about, not which it is. */
const otherTextLengthMax = 80

export function identityOf(
  elements: readonly (readonly NodeIndex[])[],
  trees: Trees,
  values: ValueTable,
): Identity | null {
  const set = setOf(elements, trees, values)
  if (set !== null) return set
  let best: { identity: Identity; kept: number } | null = null
  for (const candidate of candidates(elements, trees, values)) {
    const identity = identified(candidate, elements, trees, values)
    if (identity === null) continue
    const kept = keptShare(identity)
    if (candidate.rank === rankOfOthers && (kept < 0.5 || !isTelling(identity, values))) continue
    if (best === null || kept > best.kept) best = { identity, kept }
    if (kept === 1) break
  }
  return best === null ? null : best.identity
}

/** Other identities by name, that must be unique in the merged array as well. */
export function strictIdentities(
  elements: readonly (readonly NodeIndex[])[],
  trees: Trees,
  values: ValueTable,
  chosen: string | null,
): Identity[] {
  return candidates(elements, trees, values)
    .filter(({ rank, name, path }) => rank <= strictRankMax && path.length === 1 && name !== chosen)
    .map((candidate) => identified(candidate, elements, trees, values))
    .filter((identity) => identity !== null)
}

function setOf(
  elements: readonly (readonly NodeIndex[])[],
  trees: Trees,
  values: ValueTable,
): Identity | null {
  const sides = elements.map((nodes, side) => {
    const tree = trees[side]!
    const ids = nodes.map((node) => tree.value(node))
    return { nodes, ids, set: new Set(ids) }
  })
  const isMember = (id: ValueId): boolean =>
    values.isString(id) || (values.isScalar(id) && /^-?\d+$/.test(values.text(id)))
  for (const { ids, set } of sides) if (!ids.every(isMember) || set.size !== ids.length) return null
  const numbers = sides.some(({ ids }) => ids.some((id) => !values.isString(id)))
  // A few numbers are rather a point, a range or a size than a set.
  if (numbers && sides.some(({ ids }) => ids.length < 5)) return null
  return { name: null, sides: threeOf(sides) }
}

/** The names that may tell elements apart, ordered by rank, then by depth, then as they stand in the file. */
function candidates(
  elements: readonly (readonly NodeIndex[])[],
  trees: Trees,
  values: ValueTable,
): Candidate[] {
  const side = elements.findIndex((nodes) => nodes.length > 0)
  if (side === -1) return []
  const tree = trees[side]!
  const found: Candidate[] = []
  const visit = (node: NodeIndex, path: readonly ValueId[]): void => {
    for (const child of tree.kind(node) === 'object' ? tree.children(node) : []) {
      const childPath = [...path, tree.key(child)]
      const names = childPath.map((key) => values.text(key))
      if (values.isScalar(tree.value(child))) {
        found.push({ path: childPath, name: names.join('.'), rank: rankOf(names) })
      } else if (path.length === 0) visit(child, childPath)
    }
  }
  visit(elements[side]![0]!, [])
  return found
    .filter(({ rank }) => rank <= rankOfOthers)
    .sort((a, b) => a.rank - b.rank || a.path.length - b.path.length)
    .slice(0, candidatesMax)
}

/** In 'id.isbn' it is the outer name that says what the value is; in 'format.id' neither says that of the element. */
function rankOf([outer, inner]: readonly string[]): number {
  const rank = (name: string): number => {
    const found = namesByRank.findIndex((pattern) => pattern.test(name))
    return found === -1 ? rankOfOthers : found
  }
  if (inner === undefined) return rank(outer!)
  if (holders.test(outer!)) return rank(inner)
  return rank(outer!) < rankOfOthers ? rank(outer!) : rank(inner) + rankOfOthers - 1
}

/** Whether the name of a member says that it tells elements apart. */
export function isStrictName(name: string): boolean {
  return namesByRank.slice(0, strictRankMax + 1).some((pattern) => pattern.test(name))
}

/** Tells elements apart by this name; null when an element does not have it, or two have the same. */
function identified(
  { path, name }: Candidate,
  elements: readonly (readonly NodeIndex[])[],
  trees: Trees,
  values: ValueTable,
): Identity | null {
  const sides: Identified[] = []
  for (const [side, nodes] of elements.entries()) {
    const seen = new Set<ValueId>()
    const tree = trees[side]!
    for (const node of nodes) {
      const id = identityIn(tree, node, path)
      if (id === none || !isIdentity(id, values) || seen.has(id)) return null
      seen.add(id)
    }
    sides.push({ nodes, ids: [...seen], set: seen })
  }
  return { name, sides: threeOf(sides) }
}

function identityIn(tree: Tree, element: NodeIndex, path: readonly ValueId[]): ValueId {
  let node = element
  for (const key of path) {
    if (tree.kind(node) !== 'object') return none
    node = tree.child(node, key)
    if (node === none) return none
  }
  return tree.value(node)
}

function isIdentity(id: ValueId, values: ValueTable): boolean {
  if (!values.isScalar(id)) return false
  return values.isString(id) ? values.text(id) !== '' : /^-?\d/.test(values.text(id))
}

/** The part of the base's elements that each side still has; 1 where the base has none. */
function keptShare({ sides: [base, ours, theirs] }: Identity): number {
  if (base.ids.length === 0) return 1
  let kept = 0
  for (const id of base.ids) kept += (ours.set.has(id) ? 1 : 0) + (theirs.set.has(id) ? 1 : 0)
  return kept / (2 * base.ids.length)
}

/** An identity whose name says nothing must look like one: short texts, and enough of them not to be chance. */
function isTelling({ sides }: Identity, values: ValueTable): boolean {
  if (sides.some(({ ids }) => ids.length < 3)) return false
  return sides.every(({ ids }) =>
    ids.every((id) => values.isString(id) && values.text(id).length <= otherTextLengthMax),
  )
}

export function childrenOf(nodes: Nodes, trees: Trees): NodeIndex[][] {
  return nodes.map((node, side) => (node === none ? [] : trees[side]!.children(node)))
}
