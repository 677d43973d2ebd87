// A commit that stages first, and then cannot be made, leaves the index as it was.
import type { Manifest } from '../store/interface.ts'
import { operatorOf } from './context.ts'
import { type Repo, indexBaseRef, indexRef } from './interface.ts'
import { undoOperation } from './undo-operation.ts'

/** Takes back what was staged since `before`, unless something else has happened since. In the log it is an undo. */
export async function unstageSince(repo: Repo, before: Manifest): Promise<void> {
  await repo.store.update((now) => {
    const isAll = now.sequence === before.sequence + 1 && now.operation.name === 'add'
    if (!isAll || now.refs.get(indexRef) === before.refs.get(indexRef)) return null
    const refs = new Map([indexRef, indexBaseRef].map((ref) => [ref, before.refs.get(ref) ?? null]))
    return { refs, operation: { ...undoOperation(now), author: operatorOf(repo, now) } }
  })
}
