// What is remembered here of a remote's branches, receipts and notes, and what becomes of it in a fetch.
import type { Cid } from '../encoding/cid.ts'
import { readHorizon, upToHorizon } from '../history/horizon.ts'
import { branchPrefix, remoteNotesRef, remotePrefix, remoteReceiptsRef } from '../history/refs.ts'
import type { Manifest, ObjectReader, Store } from '../store/interface.ts'
import type { Advertised } from './advertised.ts'
import { descends } from './peel.ts'

export interface TrackingOptions {
  readonly remoteName: string
  /** Removes those of which the remote has nothing any more. */
  readonly prune?: boolean
  /** Only these branches are fetched: nothing is removed. */
  readonly branches?: readonly string[]
}

/** The tracking refs that change, with their new values; null for those that are pruned. */
export function changedTracking(
  before: Manifest,
  advertised: Advertised,
  options: TrackingOptions,
): Map<string, Cid | null> {
  const prefix = `${remotePrefix}${options.remoteName}/`
  const changed = new Map<string, Cid | null>()
  for (const [ref, target] of advertised.branches) {
    const tracking = prefix + ref.slice(branchPrefix.length)
    if (before.refs.get(tracking) !== target) changed.set(tracking, target)
  }
  for (const [ref, target] of advertised.receipts) {
    const tracking = remoteReceiptsRef(options.remoteName, ref)
    if (before.refs.get(tracking) !== target) changed.set(tracking, target)
  }
  const notes = remoteNotesRef(options.remoteName)
  if (advertised.notes !== null && before.refs.get(notes) !== advertised.notes)
    changed.set(notes, advertised.notes)
  if (options.prune !== true || (options.branches ?? []).length > 0) return changed
  for (const ref of before.refs.keys()) {
    if (ref.startsWith(prefix) && !advertised.branches.has(branchPrefix + ref.slice(prefix.length)))
      changed.set(ref, null)
  }
  if (advertised.notes === null && before.refs.has(notes)) changed.set(notes, null)
  return changed
}

/** A copy that lags behind names commits that we have seen long ago: branches do not go back for it. */
export async function onlyForward(
  local: Store,
  before: Manifest,
  changed: ReadonlyMap<string, Cid | null>,
): Promise<Map<string, Cid | null>> {
  const forward = new Map<string, Cid | null>()
  const here = upToHorizon(local, (await readHorizon(local, before)).commits)
  for (const [ref, after] of changed) {
    const old = before.refs.get(ref)
    const isOld = old !== undefined && after !== null && (await isHereAndBefore(here, after, old))
    if (!isOld) forward.set(ref, after)
  }
  return forward
}

async function isHereAndBefore(reader: ObjectReader, older: Cid, newer: Cid): Promise<boolean> {
  return (await reader.has([older]))[0]! && (await descends(reader, older, newer))
}
