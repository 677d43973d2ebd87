// A Parquet schema as a tree, with the levels that its columns count by: how many optional steps (definition) and
// how many repeated ones (repetition) lead to a node.
import type { SchemaElement } from 'hyparquet'
import { columnsMax } from '../../table/schema.ts'
import { damaged, unsupported } from '../columnar/faults.ts'

const depthMax = 64

export interface ParquetNode {
  readonly element: SchemaElement
  readonly children: readonly ParquetNode[]
  /** Names from the root's child to here. */
  readonly path: readonly string[]
  /** Definition and repetition level of this node. */
  readonly def: number
  readonly rep: number
  /** Places of the leaves below, this one included: [first, end). */
  readonly firstLeaf: number
  readonly endLeaf: number
}

export function schemaTree(elements: readonly SchemaElement[], where: string): ParquetNode {
  const state = { next: 0, leaves: 0 }
  const build = (path: readonly string[], parent: { def: number; rep: number }): ParquetNode => {
    const element = elements[state.next++]
    if (element === undefined) throw damaged(where, 'its schema ends too early')
    if (path.length > depthMax)
      throw unsupported(where, `its columns are nested deeper than ${depthMax} levels`)
    const isRoot = state.next === 1
    const here = isRoot ? path : [...path, element.name]
    const repetition = isRoot ? 'REQUIRED' : (element.repetition_type ?? 'REQUIRED')
    const def = parent.def + (repetition === 'REQUIRED' ? 0 : 1)
    const rep = parent.rep + (repetition === 'REPEATED' ? 1 : 0)
    const firstLeaf = state.leaves
    const count = element.num_children ?? 0
    if (count < 0 || count > elements.length) throw damaged(where, 'its schema is malformed')
    if (element.type !== undefined) {
      if (count > 0) throw damaged(where, 'its schema is malformed')
      if (++state.leaves > 4 * columnsMax) throw unsupported(where, 'its schema is too large')
    }
    const children = Array.from({ length: count }, () => build(here, { def, rep }))
    if (element.type === undefined && count === 0 && !isRoot)
      throw damaged(where, 'its schema has an empty group')
    return { element, children, path: here, def, rep, firstLeaf, endLeaf: state.leaves }
  }
  const root = build([], { def: 0, rep: 0 })
  if (state.next !== elements.length) throw damaged(where, 'its schema has elements that belong nowhere')
  return root
}

export function leavesOf(node: ParquetNode): ParquetNode[] {
  const leaves: ParquetNode[] = []
  const visit = (one: ParquetNode): void => {
    if (one.element.type !== undefined) leaves.push(one)
    for (const child of one.children) visit(child)
  }
  visit(node)
  return leaves
}

export function isRepeated(node: ParquetNode): boolean {
  return node.element.repetition_type === 'REPEATED'
}
