// Checks all that a tree promises, for fsck and for trees from elsewhere: each node is sound, parents say of their
// children what is so, and every node ends where the cutting rule ends it. A tree that passes is the only one for its
// entries, so two that pass and differ in name differ in content.
import { isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { ReadOptions } from '../store/interface.ts'
import { type Place, rootPlace } from './descent.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import { hashOfEntry, sizeOfEntry, targetOf } from './rule.ts'
import { walkLevel } from './walk.ts'

export interface TreeFault {
  /** The node at fault; the root when the fault names none. */
  readonly cid: Cid
  readonly what: string
}

/** The first fault, or null. Missing objects are faults too; errors of the reader itself are thrown. */
export async function verifyTree(
  nodes: NodeStore,
  root: Cid,
  options: ReadOptions = {},
): Promise<TreeFault | null> {
  try {
    const [node] = await nodes.get([root], options)
    if (node!.level > 0 && node!.count === 1) return { cid: root, what: 'root has a single child' }
    const place = rootPlace(root, node!)
    for (let level = node!.level; level >= 0; level--) {
      const fault = await verifyLevel(nodes, place, level, options)
      if (fault !== null) return fault
    }
    return null
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT') && !isVarveError(error, 'VARVE_OBJECT_MISSING')) throw error
    return { cid: (error.data['cid'] as Cid | undefined) ?? root, what: error.message }
  }
}

async function verifyLevel(
  nodes: NodeStore,
  root: Place,
  level: number,
  options: ReadOptions,
): Promise<TreeFault | null> {
  let open: { cid: Cid; size: number } | null = null
  for await (const places of walkLevel(nodes, root, level, options)) {
    for (const { ref, node } of places) {
      if (open !== null && open.size + sizeOfEntry(node, 0) <= targetOf(node.shape) * 4) {
        return { cid: open.cid, what: 'node ends where the cutting rule does not end it' }
      }
      const { size, endsAt } = cutOf(node)
      if (endsAt < node.count) return { cid: ref.cid, what: 'node goes on where the cutting rule ends it' }
      open = size === null ? null : { cid: ref.cid, size }
    }
  }
  return null
}

/** Where the rule ends a node that starts here, and its size if that is not behind its last entry already. */
function cutOf(node: Node): { endsAt: number; size: number | null } {
  const target = targetOf(node.shape)
  let size = 0
  for (let i = 0; i < node.count; i++) {
    const entry = sizeOfEntry(node, i)
    if (size > 0 && size + entry > target * 4) return { endsAt: i, size }
    size += entry
    if (size >= target / 2 && hashOfEntry(node.shape, node, i) < entry * (2 ** 32 / (target / 2))) {
      return { endsAt: i + 1, size: null }
    }
  }
  return { endsAt: node.count, size }
}
