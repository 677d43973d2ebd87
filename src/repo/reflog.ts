// The manifest log read as the story of one ref.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { branchRef, shortRefName } from '../history/refs.ts'
import type { Manifest, ReadOptions } from '../store/interface.ts'
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
  let later = newest
  let count = 0
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  const line = (manifest: Manifest): RefMove => ({
    selector: `${shortRefName(ref)}@{${count++}}`,
    commit: valueOf(manifest, ref),
    operation: manifest.operation.name,
    message: messageForPeople(manifest.operation),
    timeMs: manifest.timeMs,
  })
  for await (const manifest of repo.store.manifests()) {
    throwIfAborted(options.signal)
    if (count >= limit) return
    if (moved(later, manifest, ref)) yield line(later)
    later = manifest
  }
  if (count < limit && valueOf(later, ref) !== null) yield line(later)
}

function moved(later: Manifest, earlier: Manifest, ref: string): boolean {
  return valueOf(later, ref) !== valueOf(earlier, ref) || (ref === 'HEAD' && later.head !== earlier.head)
}

function valueOf(manifest: Manifest, ref: string): Cid | null {
  return manifest.refs.get(ref === 'HEAD' ? (manifest.head ?? 'HEAD') : ref) ?? null
}
