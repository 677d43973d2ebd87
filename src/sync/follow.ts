// A link that is followed: one round after the other on one connection, each as soon as there is something to do. The
// endpoint's log tells when, for its side; for the other side the branch's tip is checked. An endpoint without a log is
// polled at intervals. A lost connection is opened again after a pause that doubles; what was not recorded is read
// again.
import type { VarveError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import type { LogReader } from '../connectors/change-log.ts'
import { type Cid, digestHex } from '../encoding/cid.ts'
import type { Repo } from '../repo/interface.ts'
import type { Link, Receipt } from './interface.ts'
import { OpenLog } from './log/open-log.ts'
import { branchRef } from '../history/refs.ts'
import { type Round, syncRoundWith } from './round.ts'
import { askedMs, busyMsMax, isFolderBusy, lacksRight, mayPass } from './retry.ts'
import { leftFor, takeBack } from './pending/leave.ts'
import { linkRef } from './state.ts'

export interface FollowOptions {
  /** How often an endpoint without a log is asked, in ms; default 5 s. */
  readonly pollMs?: number | undefined
  /** How often all tables are read and compared, in ms, whatever the log says. Default: once a day; 0: never. */
  readonly compareMs?: number | undefined
  /** Every round, also one that did nothing. */
  readonly onRound?: ((receipt: Receipt) => void) | undefined
  /** Called when the connection was lost, or the folder is not free; it is opened again after `waitMs`. */
  readonly onBroken?: ((error: VarveError, waitMs: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** An open line on which rounds are run. */
export interface Line {
  round(): Promise<Receipt>
  /** Tells when the endpoint has changed; null when only a round can find out. */
  readonly reader: LogReader | null
  /** Whether a round would read a log that has only just begun. */
  readonly isFresh?: boolean
  /** Resolves when the endpoint may have changed, and when `signal` aborts; absent if the endpoint does not announce changes. */
  changed?(signal: AbortSignal): Promise<void>
  /** Whether there is anything at the endpoint that a round could find. */
  readonly isRead: boolean
  close(): Promise<void>
}

const pollMsDefault = 5_000
const compareMsDefault = 24 * 3_600_000
const branchPollMs = 200
/** A round is run this often without any sign, so that the endpoint hears how far its log was read. */
const idleMsMax = 60_000
/** A round that looks for tables that wait asks for all tables: it takes this part of the time, where these are many. */
const pausesPerLook = 20
/** While an endpoint may only be read, it is asked on a new connection after so many times of a poll. */
const asksPerOpening = 12
const waitMsMin = 250
const waitMsMax = 60_000

/**
 * Gives the receipts of the first round, and of each round that did something or left other rows waiting than
 * before, until `signal` aborts.
 * @throws VarveError what a round throws, except for a lost connection
 */
export async function* follow(
  repo: Repo,
  link: Link,
  open: () => Promise<Line>,
  options: FollowOptions,
): AsyncGenerator<Receipt> {
  const { signal, onBroken } = options
  let waitMs = waitMsMin
  let said: string | null = null
  let hasLackedRight = false
  const isOver = (): boolean => signal?.aborted === true
  while (!isOver()) {
    try {
      for await (const receipt of rounds(repo, link, open, options)) {
        waitMs = waitMsMin
        hasLackedRight = false
        options.onRound?.(receipt)
        // What waits, and why, is said when that changes, not in each look at it.
        const words = JSON.stringify([receipt.heldBack, receipt.notes])
        if (said !== words || didSomething(receipt)) yield receipt
        said = words
      }
    } catch (error) {
      if (isOver()) return
      if (lacksRight(error) && !hasLackedRight) {
        hasLackedRight = true
        continue
      }
      if (!mayPass(error)) throw error
      const ms = Math.max(waitMs, askedMs(error))
      onBroken?.(error, ms)
      await pause(ms, signal)
      waitMs = Math.min(waitMs * 2, isFolderBusy(error) ? busyMsMax : waitMsMax)
    }
  }
}

/** The connection to an endpoint whose tables are read and written. */
export function endpointLine(round: Round, { compareMs = compareMsDefault }: FollowOptions): Line {
  const log = new OpenLog({ isFollowing: true, compareMs: compareMs === 0 ? null : compareMs })
  return {
    round: () => asked(round, log),
    get reader() {
      return log.reader
    },
    get isFresh() {
      return log.isFresh
    },
    ...(round.connector.changed === undefined
      ? {}
      : { changed: (signal: AbortSignal) => round.connector.changed!(signal) }),
    isRead: true,
    close: async () => {
      await log.close()
      await round.connector.close()
    },
  }
}

/** A round, which tries again what was rejected where somebody beside this process asks for that. */
async function asked(round: Round, log: OpenLog): Promise<Receipt> {
  const { repo, link, options } = round
  const left = leftFor(await repo.store.manifest(), link.name, 'retried')
  if (left === null) return syncRoundWith(round, log)
  const receipt = await syncRoundWith({ ...round, options: { ...options, retry: true } }, log)
  await takeBack(repo, link.name, { what: 'retried', asked: left })
  return receipt
}

async function* rounds(
  repo: Repo,
  link: Link,
  open: () => Promise<Line>,
  options: FollowOptions,
): AsyncGenerator<Receipt> {
  const { signal } = options
  const line = await open()
  const approvals = new Approvals()
  try {
    const openedMs = Date.now()
    while (signal?.aborted !== true) {
      const beganMs = performance.now()
      const receipt = await line.round()
      const roundMs = performance.now() - beganMs
      yield receipt
      const pollMs = options.pollMs ?? pollMsDefault
      const askMs = writesWait(receipt) ? asksPerOpening * pollMs : null
      const idleMs = pollIdleMs(line, receipt, { pollMs, roundMs }) ?? askMs ?? idleMsMax
      await somethingToDo(repo, link, line, receipt, { idleMs, approvals, signal })
      // What a connection may do can be settled when it is opened.
      if (askMs !== null && Date.now() - openedMs >= askMs) return
    }
  } finally {
    await line.close()
  }
}

/** After how long to look again at an endpoint that gives no sign; null where its log tells all. */
function pollIdleMs(
  { reader, isRead }: Line,
  receipt: Receipt,
  { pollMs, roundMs }: { readonly pollMs: number; readonly roundMs: number },
): number | null {
  if (reader === null) return isRead ? pollMs : null
  // A log tells nothing of a table that waits for a key or a right, nor that it has them.
  return tablesWait(receipt) ? Math.min(idleMsMax, Math.max(pollMs, roundMs * pausesPerLook)) : null
}

/** Whether the endpoint may only be read. */
function writesWait({ heldBack }: Receipt): boolean {
  return heldBack.some(({ isEndpoint }) => isEndpoint === true)
}

/** Whether tables are left out as a whole until somebody alters them, or the user's rights. */
function tablesWait({ heldBack }: Receipt): boolean {
  return heldBack.some(({ reason, rights }) => reason === 'schema' || rights !== undefined)
}

function didSomething({ tables }: Receipt): boolean {
  return tables.some(({ captured, written }) =>
    [captured, written].some((counts) => counts.added + counts.changed + counts.removed > 0),
  )
}

interface Waiting {
  /** How long to wait without a sign. */
  readonly idleMs: number
  readonly approvals: Approvals
  readonly signal: AbortSignal | undefined
}

/** Resolves when the endpoint or the branch has something new, or may have. */
async function somethingToDo(
  repo: Repo,
  link: Link,
  line: Line,
  receipt: Receipt,
  { idleMs, approvals, signal }: Waiting,
): Promise<void> {
  if (line.isFresh === true) return
  const { reader } = line
  const over = new AbortController()
  const stop = (): void => over.abort()
  signal?.addEventListener('abort', stop)
  if (signal?.aborted === true) stop()
  try {
    await Promise.race([
      pause(idleMs, over.signal),
      branchMoves(repo, link, { receipt, approvals }, over.signal),
      ...(reader === null ? [] : [reader.wait(over.signal)]),
      ...(line.changed === undefined ? [] : [line.changed(over.signal)]),
    ])
  } finally {
    stop()
    signal?.removeEventListener('abort', stop)
  }
}

/** Remembers the last approval that a round was begun for: one that the round does not use up begins no other. */
class Approvals {
  #last: Cid | null = null

  isNew(approved: Cid | null): boolean {
    const isNew = approved !== null && approved !== this.#last
    this.#last = approved
    return isNew
  }
}

/** Resolves when the branch, or what was settled or approved by hand, is no longer as the round left it. */
async function branchMoves(
  repo: Repo,
  link: Link,
  { receipt, approvals }: { readonly receipt: Receipt; readonly approvals: Approvals },
  signal: AbortSignal,
): Promise<void> {
  const state = async (): Promise<{
    tip: string | null
    base: string | null
    approved: Cid | null
    retried: Cid | null
  }> => {
    const manifest = await repo.store.manifest()
    const { refs, head } = manifest
    const tip = refs.get(link.branch === null ? (head ?? '') : branchRef(link.branch))
    return {
      tip: tip === undefined ? null : digestHex(tip),
      base: refs.get(linkRef(link.name, 'base')) ?? null,
      approved: leftFor(manifest, link.name, 'approved'),
      retried: leftFor(manifest, link.name, 'retried'),
    }
  }
  const began = await state()
  // A branch that the round missed is waited for. One that has gone since then is still to be missed.
  const last = began.tip === null && tablesWait(receipt) ? null : receipt.commit
  while (!signal.aborted) {
    const now = await state()
    if (approvals.isNew(now.approved) || now.retried !== null) return
    if (now.base !== began.base || (link.mode !== 'capture' && now.tip !== last)) return
    await pause(branchPollMs, signal)
  }
}
