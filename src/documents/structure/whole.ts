// Values that mean something only as a whole: a few numbers are a point, a range, a colour or a size, and a geometry of
// GeoJSON (RFC 7946, section 3.1) is of one type. One number of ours beside one of theirs would be a place where
// nobody ever was, so where both sides changed such a value, a person decides.
import type { MergeContext } from './merge-context.ts'
import type { Nodes } from './plan.ts'
import { none, type NodeIndex, type Tree } from './tree.ts'

/** Longitude, latitude and height. */
const positionLengthMax = 3

/** Whether the three are one value each, which is taken from one side or the other. */
export function isWhole(merging: MergeContext, nodes: Nodes): boolean {
  return isTuple(merging, nodes) || isRetyped(merging, nodes)
}

/** As many numbers in each version: lists grow and shrink, points do not. */
function isTuple(merging: MergeContext, nodes: Nodes): boolean {
  const { trees, values } = merging
  const lists = nodes.map((node, side) =>
    trees[side]!.kind(node) === 'array' ? trees[side]!.children(node) : [],
  )
  const { length } = lists[0]!
  if (length < 2 || lists.some((list) => list.length !== length)) return false
  if (length > positionLengthMax && !isNamed(merging, nodes, 'bbox')) return false
  const isNumber = (tree: Tree, node: NodeIndex): boolean => {
    const value = tree.value(node)
    return values.isScalar(value) && !values.isString(value) && /^[-+.\d]/.test(values.text(value))
  }
  return lists.every((list, side) => list.every((node) => isNumber(trees[side]!, node)))
}

function isNamed({ trees, values }: MergeContext, nodes: Nodes, name: string): boolean {
  return nodes.every((node, side) => trees[side]!.key(node) === values.string(name))
}

/** Whether a geometry has another type in another version. */
function isRetyped({ trees, values }: MergeContext, nodes: Nodes): boolean {
  const types = nodes.map((node, side) => {
    const tree = trees[side]!
    if (tree.kind(node) !== 'object') return null
    const [type, coordinates] = ['type', 'coordinates'].map((name) => tree.child(node, values.string(name)))
    if (type === none || coordinates === none || tree.kind(coordinates!) !== 'array') return null
    return tree.value(type!)
  })
  return !types.includes(null) && types.some((type) => type !== types[0])
}
