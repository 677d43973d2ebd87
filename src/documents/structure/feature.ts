// Features of GeoJSON (RFC 7946, section 3.2). That two values are features, and points, makes them no more alike: where
// they are and what is said of them tells whether they are two versions of one.
import { none, type NodeIndex, type Tree } from './tree.ts'
import type { ValueTable } from './values.ts'

interface Feature {
  readonly geometry: NodeIndex
  readonly properties: NodeIndex
}

/** The value as a feature of GeoJSON; null when it is none. */
export function featureOf(values: ValueTable, tree: Tree, node: NodeIndex): Feature | null {
  if (tree.kind(node) !== 'object') return null
  const member = (name: string): NodeIndex => tree.child(node, values.string(name))
  const [type, geometry, properties] = [member('type'), member('geometry'), member('properties')]
  if (type === none || geometry === none || properties === none) return null
  return tree.value(type) === values.string('Feature') ? { geometry, properties } : null
}

/** At one place, or with the same values in more than half of their properties. */
export function isSameFeature(a: Tree, x: Feature, b: Tree, y: Feature): boolean {
  const isPlaced = a.kind(x.geometry) === 'object'
  if (isPlaced && a.value(x.geometry) === b.value(y.geometry)) return true
  if (a.kind(x.properties) !== 'object' || b.kind(y.properties) !== 'object') return false
  const [left, right] = [a.children(x.properties), b.children(y.properties)]
  const equal = left.filter((child) => {
    const other = b.child(y.properties, a.key(child))
    return other !== none && a.value(child) === b.value(other)
  })
  return equal.length > Math.max(left.length, right.length) / 2
}
