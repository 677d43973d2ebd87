// Asks for a round where another process follows the link and alone may read its log: what is asked is left in the repository,
// and that process does it with its next round. It lets a pending commit through, or tries again what was rejected.
import { utf8 } from '../../base/bytes.ts'
import { throwIfAborted } from '../../base/errors.ts'
import { pause } from '../../base/pause.ts'
import { randomHex } from '../../base/platform.ts'
import { type Cid, digestHex } from '../../encoding/cid.ts'
import { operatorOf, withWriter } from '../../repo/context.ts'
import type { Repo } from '../../repo/interface.ts'
import type { Manifest, ObjectWriter } from '../../store/interface.ts'
import type { Receipt } from '../interface.ts'
import { lastReceipt } from '../receipts/log.ts'
import { linkObject, linkRef } from '../state.ts'

const lookMs = 200
const waitMsMax = 60_000
/** Asking costs a connection. */
const looksPerQuestion = 25

/** Of the link's objects. */
type Asked = 'approved' | 'retried'

export interface Followed {
  /** Whether somebody follows the link. */
  readonly isFollowed: () => Promise<boolean>
  readonly signal?: AbortSignal | undefined
}

/** null where `commit` (hex) is not what is pending, and as `leave` says. */
export async function leaveApproval(
  repo: Repo,
  link: string,
  { commit, ...followed }: Followed & { readonly commit: string },
): Promise<Receipt | null> {
  const pendingOf = ({ refs }: Manifest): Cid | null => {
    const pending = refs.get(linkRef(link, 'pending'))
    return pending !== undefined && digestHex(pending) === commit ? pending : null
  }
  const asked = pendingOf(await repo.store.manifest())
  if (asked === null) return null
  const isOpen = (manifest: Manifest): boolean => pendingOf(manifest) !== null
  const leftMs = Date.now()
  // The round may still be at work when it has used the approval.
  const isAnswer = ({ pending, startedMs }: Receipt): boolean =>
    pending !== commit && startedMs >= leftMs - lookMs
  const isUsed = (left: Cid | undefined): boolean => left !== asked
  return leave(repo, link, { what: 'approved', asked, isOpen, isUsed, isAnswer, ...followed })
}

/**
 * Each time another object is left, in the place of what others have left: a round that has used one removes it behind its
 * receipt. So where nothing is left and there is a newer receipt, a round has begun and ended since.
 */
export async function leaveRetry(repo: Repo, link: string, followed: Followed): Promise<Receipt | null> {
  return withWriter(repo, async (writer) => {
    const asked = writer.put('raw', utf8(randomHex(16)))
    const isUsed = (left: Cid | undefined): boolean => left === undefined
    const leftMs = Date.now()
    const isAnswer = ({ startedMs }: Receipt): boolean => startedMs >= leftMs
    const retry = { what: 'retried', asked, isOpen: () => true, isUsed, isAnswer, writer } as const
    return leave(repo, link, { ...retry, ...followed })
  })
}

interface Leaving extends Followed {
  readonly what: Asked
  readonly asked: Cid
  /** Whether it can still be asked for. */
  readonly isOpen: (manifest: Manifest) => boolean
  /** By what is left now. */
  readonly isUsed: (left: Cid | undefined) => boolean
  /** Whether the last receipt is of the round that did it. */
  readonly isAnswer: (receipt: Receipt) => boolean
  /** Has made `asked`. */
  readonly writer?: ObjectWriter
}

/**
 * Leaves what is asked, and waits for the round that does it. null where no process has done so in a minute, or none follows
 * the link any more: it is taken back then.
 */
async function leave(
  repo: Repo,
  link: string,
  { what, asked, isOpen, isUsed, isAnswer, writer, isFollowed, signal }: Leaving,
): Promise<Receipt | null> {
  const leftMs = Date.now()
  const ref = linkObject(link, what)
  let isLeft = false
  await repo.store.update(
    (manifest) => {
      isLeft = isOpen(manifest)
      if (!isLeft) return null
      return { refs: new Map([[ref, asked]]), operation: operation(repo, manifest, what, link) }
    },
    writer === undefined ? {} : { writer },
  )
  if (!isLeft) return null
  try {
    for (let looks = 1; Date.now() - leftMs < waitMsMax; looks++) {
      const wasUsed = isUsed((await repo.store.manifest()).refs.get(ref))
      const receipt = wasUsed ? await lastReceipt(repo, link) : null
      if (receipt !== null && isAnswer(receipt)) return receipt
      await pause(lookMs, signal)
      throwIfAborted(signal)
      if (!wasUsed && looks % looksPerQuestion === 0 && !(await isFollowed())) return null
    }
    return null
  } finally {
    await takeBack(repo, link, { what, asked })
  }
}

/** What somebody has left, or nobody. */
export function leftFor({ refs }: Manifest, link: string, what: Asked): Cid | null {
  return refs.get(linkObject(link, what)) ?? null
}

/** Removes it, if it is still what was asked. */
export async function takeBack(
  repo: Repo,
  link: string,
  { what, asked }: { readonly what: Asked; readonly asked: Cid },
): Promise<void> {
  await repo.store.update((manifest) => {
    if (leftFor(manifest, link, what) !== asked) return null
    const message = `${link}: taken back`
    return {
      refs: new Map([[linkObject(link, what), null]]),
      operation: operation(repo, manifest, what, message),
    }
  })
}

function operation(
  repo: Repo,
  manifest: Manifest,
  what: Asked,
  message: string,
): { name: string; message: string; author: string } {
  const name = what === 'approved' ? 'sync approve' : 'sync retry'
  return { name, message, author: operatorOf(repo, manifest) }
}
