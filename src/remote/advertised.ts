// What a remote says that it has: branches, tags and notes, and which branch is current. Every name and target is checked
// before any is used; one that could do harm here, and the whole remote is refused.
import { VarveError } from '../base/errors.ts'
import { type Cid, isCid } from '../encoding/cid.ts'
import { branchPrefix, checkRefName, isReceiptsRef, notesRef, tagPrefix } from '../history/refs.ts'
import type { Manifest } from '../store/interface.ts'

/** No store handles more refs than this well, and a remote must not make us read more. */
const refsMax = 1_000_000

/** The remote's names that count: branches, tags, receipts of links. All are checked before any is used. */
export interface Advertised {
  readonly branches: ReadonlyMap<string, Cid>
  readonly tags: ReadonlyMap<string, Cid>
  /** Logs of the receipts of links. */
  readonly receipts: ReadonlyMap<string, Cid>
  /** The newest of its notes' history. */
  readonly notes: Cid | null
  /** Full name of its current branch, or null. */
  readonly head: string | null
}

/** @throws VarveError VARVE_REFUSED for a name that could do harm here */
export function readAdvertised(manifest: Manifest): Advertised {
  if (manifest.refs.size > refsMax) throw refused('it has absurdly many refs', {})
  const branches = new Map<string, Cid>()
  const tags = new Map<string, Cid>()
  const receipts = new Map<string, Cid>()
  for (const [ref, target] of manifest.refs) {
    if (isReceiptsRef(ref) && isCid(target)) receipts.set(ref, target)
    const kind = ref.startsWith(branchPrefix) ? 'branch' : ref.startsWith(tagPrefix) ? 'tag' : null
    if (kind === null) continue
    checkAdvertised(ref, kind, target)
    ;(kind === 'branch' ? branches : tags).set(ref, target)
  }
  if (manifest.head?.startsWith(branchPrefix) === true) checkAdvertised(manifest.head, 'branch', null)
  const head = manifest.head?.startsWith(branchPrefix) === true ? manifest.head : null
  const notes = manifest.refs.get(notesRef) ?? null
  if (notes !== null && !isCid(notes)) throw refused(`its '${notesRef}' names no object`, { ref: notesRef })
  return { branches, tags, receipts, notes, head }
}

function checkAdvertised(ref: string, kind: 'branch' | 'tag', target: Cid | null): void {
  try {
    checkRefName(ref.slice((kind === 'branch' ? branchPrefix : tagPrefix).length), kind)
  } catch (cause) {
    throw refused(`it has a ${kind} with an unsafe name`, { ref }, cause)
  }
  if (target !== null && !isCid(target)) throw refused(`its ${kind} '${ref}' names no object`, { ref })
}

function refused(why: string, data: Record<string, unknown>, cause?: unknown): VarveError {
  return new VarveError('VARVE_REFUSED', `the remote is not accepted: ${why}`, {
    data,
    cause,
    hint: 'nothing was changed here; ask whoever keeps the remote to repair it',
  })
}
