// The manifest log read as the story of one ref.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { refMoves } from '../history/ref-past.ts'
import { branchRef, shortRefName } from '../history/refs.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { Repo } from './interface.ts'
import { messageForPeople } from './undo-operation.ts'

export interface RefMove {
  readonly selector: string
  readonly commit: Cid | null
  readonly operation: string
  readonly message: string
  readonly timeMs: number
}

/** Newest first. `ref`: 'HEAD' (default), a branch's short name, or a full name. */
export async function* reflog(
  repo: Repo,
  options: ReadOptions & { ref?: string; limit?: number } = {},
): AsyncGenerator<RefMove> {
  const name = options.ref ?? 'HEAD'
  const newest = await repo.store.manifest()
  const ref = name === 'HEAD' || newest.refs.has(name) ? name : branchRef(name)
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  let count = 0
  for await (const { manifest, commit } of refMoves(repo.store, newest, ref)) {
    throwIfAborted(options.signal)
    if (count >= limit) return
    yield {
      selector: `${shortRefName(ref)}@{${count++}}`,
      commit,
      operation: manifest.operation.name,
      message: messageForPeople(manifest.operation),
      timeMs: manifest.timeMs,
    }
  }
}
