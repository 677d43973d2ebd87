// Where refs have been, by the log of manifests: 'main@{2}', 'main@{yesterday}', and '@{-1}', where HEAD was before it was
// switched.
import { VarveError } from '../base/errors.ts'
import { parseMoment } from '../base/moment.ts'
import { counted } from '../base/size.ts'
import { localTimeText } from '../base/time.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Manifest, Store } from '../store/interface.ts'
import { shortRefName } from './refs.ts'
import type { Target } from './revision-name.ts'

type Past = Pick<Store, 'manifests'>

export interface RefMove {
  /** The state that it brought. */
  readonly manifest: Manifest
  /** null: the ref was removed. */
  readonly commit: Cid | null
}

/** Newest first. `ref`: a full name, or 'HEAD', which moves with its branch and when it is switched. */
export async function* refMoves(store: Past, newest: Manifest, ref: string): AsyncGenerator<RefMove> {
  let later = newest
  for await (const manifest of store.manifests()) {
    if (manifest.sequence >= later.sequence) continue
    const isMoved = valueOf(later, ref) !== valueOf(manifest, ref)
    if (isMoved || (ref === 'HEAD' && later.head !== manifest.head))
      yield { manifest: later, commit: valueOf(later, ref) }
    later = manifest
  }
  const commit = valueOf(later, ref)
  if (commit !== null) yield { manifest: later, commit }
}

function valueOf(manifest: Manifest, ref: string): Cid | null {
  return manifest.refs.get(ref === 'HEAD' ? (manifest.head ?? 'HEAD') : ref) ?? null
}

/** 'REF@{N}', N moves ago. @throws VarveError VARVE_REF_NOT_FOUND */
export async function refBefore(
  store: Past,
  manifest: Manifest,
  ref: string,
  moves: number,
  revision: string,
): Promise<Target> {
  let left = moves
  for await (const { commit } of refMoves(store, manifest, ref)) {
    if (left-- > 0) continue
    if (commit !== null) return { ref: moves === 0 && ref !== 'HEAD' ? ref : null, target: commit }
    throw notThen(ref, 'was not there', revision)
  }
  throw notThen(ref, `has not moved ${counted(moves, 'time')}`, revision)
}

/** 'REF@{DATE}', where it was then; null where `when` is no date. @throws VarveError VARVE_REF_NOT_FOUND */
export async function refAt(
  store: Past,
  manifest: Manifest,
  ref: string,
  when: string,
  revision: string,
): Promise<Target | null> {
  const timeMs = momentOf(when)
  if (timeMs === null) return null
  let first: RefMove | null = null
  for await (const move of refMoves(store, manifest, ref)) {
    first = move
    if (move.manifest.timeMs > timeMs) continue
    if (move.commit !== null) return { ref: null, target: move.commit }
    throw notThen(ref, 'was not there then', revision)
  }
  const since = first === null ? '' : `: its log goes back to ${localTimeText(first.manifest.timeMs)}`
  throw notThen(ref, `was not there then${since}`, revision)
}

function momentOf(when: string): number | null {
  try {
    return parseMoment(when, Date.now())
  } catch {
    return null
  }
}

function notThen(ref: string, what: string, revision: string): VarveError {
  const name = shortRefName(ref)
  return new VarveError('VARVE_REF_NOT_FOUND', `'${name}' ${what}`, {
    data: { revision },
    hint: `see where it was with 'varve reflog ${name}'`,
  })
}

/** The place, a branch or a commit without one, that HEAD left at the Nth last switch; those that are gone do not count. */
export async function placeLeft(store: Past, newest: Manifest, switches: number): Promise<Target | null> {
  let left = switches
  let later = newest
  for await (const manifest of store.manifests()) {
    if (manifest.sequence >= later.sequence) continue
    const { head, refs } = manifest
    const target = refs.get(head ?? 'HEAD')
    const isLeft = isSwitched(manifest, later)
    later = manifest
    if (!isLeft || target === undefined || (head !== null && !newest.refs.has(head))) continue
    if (--left === 0) return { ref: head, target: head === null ? target : newest.refs.get(head)! }
  }
  return null
}

/** A rebase that stops, or a branch that gets another name, is no switch. */
function isSwitched(before: Manifest, after: Manifest): boolean {
  if (!/^(switch|bisect|undo)/.test(after.operation.name)) return false
  return (
    before.head !== after.head || (before.head === null && before.refs.get('HEAD') !== after.refs.get('HEAD'))
  )
}
