// Two or three numbers in every version: a point, a range, a colour. Each alone says nothing, and one number of each side
// makes a point that nobody has seen.
import { none } from './tree.ts'
import type { Nodes, Trees } from './plan.ts'
import type { ValueTable } from './values.ts'

export function isPosition(nodes: Nodes, trees: Trees, values: ValueTable): boolean {
  const sizes = nodes.map((node, side) => {
    if (node === none || trees[side]!.kind(node) !== 'array') return 0
    const numbers = trees[side]!.children(node)
    return numbers.every((child) => isNumber(values, trees[side]!.value(child))) ? numbers.length : 0
  })
  return sizes.every((size) => size === sizes[0]) && (sizes[0] === 2 || sizes[0] === 3)
}

function isNumber(values: ValueTable, value: number): boolean {
  return values.isScalar(value) && !values.isString(value) && /^[-+.\d]/.test(values.text(value))
}
