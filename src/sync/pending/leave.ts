// Lets a pending commit through where another process follows the link and alone may read its log: the approval is left in
// the repository, and that process uses it up with its next round.
import { throwIfAborted } from '../../base/errors.ts'
import { pause } from '../../base/pause.ts'
import { type Cid, digestHex } from '../../encoding/cid.ts'
import { operatorOf } from '../../repo/context.ts'
import type { Repo } from '../../repo/interface.ts'
import type { Receipt } from '../interface.ts'
import { lastReceipt } from '../receipts/log.ts'
import { linkObject, linkRef } from '../state.ts'

const lookMs = 200
const waitMsMax = 60_000
/** Asking costs a connection. */
const looksPerQuestion = 25

export interface LeftApproval {
  /** What is approved (hex). */
  readonly commit: string
  /** Whether somebody follows the link. */
  readonly isFollowed: () => Promise<boolean>
  readonly signal?: AbortSignal | undefined
}

/**
 * Leaves the approval, and waits for the round that uses it. null where that is not what is pending, or no process has used
 * it in a minute, or none follows the link any more: it is taken back then.
 */
export async function leaveApproval(
  repo: Repo,
  link: string,
  { commit, isFollowed, signal }: LeftApproval,
): Promise<Receipt | null> {
  const leftMs = Date.now()
  if (!(await setApproved(repo, link, commit))) return null
  try {
    for (let looks = 1; Date.now() - leftMs < waitMsMax; looks++) {
      const { refs } = await repo.store.manifest()
      const isUsed = !refs.has(linkObject(link, 'approved'))
      const receipt = isUsed ? await lastReceipt(repo, link) : null
      if (receipt !== null && receipt.startedMs >= leftMs - lookMs && receipt.pending !== commit)
        return receipt
      await pause(lookMs, signal)
      throwIfAborted(signal)
      if (!isUsed && looks % looksPerQuestion === 0 && !(await isFollowed())) return null
    }
    return null
  } finally {
    await takeBack(repo, link, commit)
  }
}

/** Whether that is what is pending. */
async function setApproved(repo: Repo, link: string, commit: string): Promise<boolean> {
  let pending: Cid | undefined
  await repo.store.update((manifest) => {
    pending = manifest.refs.get(linkRef(link, 'pending'))
    if (pending === undefined || digestHex(pending) !== commit) return null
    return {
      refs: new Map([[linkObject(link, 'approved'), pending]]),
      operation: { name: 'sync approve', message: link, author: operatorOf(repo, manifest) },
    }
  })
  return pending !== undefined && digestHex(pending) === commit
}

async function takeBack(repo: Repo, link: string, commit: string): Promise<void> {
  const ref = linkObject(link, 'approved')
  await repo.store.update((manifest) => {
    const left = manifest.refs.get(ref)
    if (left === undefined || digestHex(left) !== commit) return null
    return {
      refs: new Map([[ref, null]]),
      operation: { name: 'sync approve', message: `${link}: taken back`, author: operatorOf(repo, manifest) },
    }
  })
}
