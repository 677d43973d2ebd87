// Transient errors, and how long to wait after them: the connection was cut, the server is starting, two transactions
// blocked each other, another worker had taken over. The waits double, and differ a little from worker to worker, so
// that two that collided do not collide again.
import { type VarveError, isVarveError, throwIfAborted } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import { SinkFull } from '../connectors/sink-full.ts'

const waitMsMin = 200
const waitMsMax = 300_000
const askedMsMax = 3_600_000
/** Whoever commits, or ends a merge, is not to wait long for the link. */
export const busyMsMax = 2_000
/** SQLSTATE of a serialization failure, a deadlock, and a lock that could not be had in time. */
const passingStates = /^(40|55P03)/

/** Whether doing it again later may succeed with nobody's help. */
export function isTransient(error: unknown): error is VarveError {
  if (!isVarveError(error)) return false
  const { code, passing } = error.data
  if (passing === false) return false
  if (error.code === 'VARVE_UNREACHABLE' || passing === true) return true
  return typeof code === 'string' && passingStates.test(code)
}

/**
 * Whether somebody who works in the folder has to be waited for: changes are staged, a merge is under way, no branch is
 * checked out.
 */
export function isFolderBusy(error: unknown): error is VarveError {
  if (isVarveError(error, 'VARVE_UNCOMMITTED')) return true
  return isVarveError(error) && (error.data['underWay'] !== undefined || error.data['detached'] === true)
}

/**
 * Whether doing it again some time may succeed, for whoever goes on anyway: somebody may make room on the endpoint's disk, or
 * commit what is staged. At once it would only fail again.
 */
export function mayPass(error: unknown): error is VarveError {
  if (isTransient(error) || isFolderBusy(error)) return true
  return isVarveError(error, 'VARVE_DISK_FULL') && error.data['atEndpoint'] === true
}

/**
 * Whether a right is missing. If it was taken away amid the round, the next one knows, and lets only that table wait; so it
 * is worth one more try, and no third.
 */
export function lacksRight(error: unknown): boolean {
  return isVarveError(error) && error.data['lacksRight'] === true
}

/** How long to wait before try number `attempt`, counted from 0 after the first failure. */
export function waitMs(attempt: number, random: () => number = Math.random): number {
  const most = Math.min(waitMsMax, waitMsMin * 2 ** Math.min(attempt, 20))
  return Math.round(most * (0.5 + random() / 2))
}

/** How long the other side has asked to be left alone, at most an hour; 0: it has not. */
export function askedMs(error: unknown): number {
  const ms = isVarveError(error) ? Number(error.data['retryAfterMs'] ?? 0) : 0
  return Math.min(ms, askedMsMax)
}

/**
 * Whether the asker has already waited for it. To begin anew would send again what was sent, and ask a busy server
 * that many times more.
 */
function wasWaitedFor(error: VarveError): boolean {
  const { attempts = 0, isSilent } = error.data
  return error instanceof SinkFull || Number(attempts) > 1 || isSilent === true || askedMs(error) > 0
}

export interface RetryOptions {
  /** Tries after the first one. */
  readonly retries: number
  readonly signal?: AbortSignal | undefined
}

/** @throws what the last try throws, and at once what does not pass */
export async function withRetries<T>(work: () => Promise<T>, { retries, signal }: RetryOptions): Promise<T> {
  let hasLackedRight = false
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (lacksRight(error) && !hasLackedRight) {
        hasLackedRight = true
        continue
      }
      if (attempt >= retries || !isTransient(error) || wasWaitedFor(error)) throw error
      await pause(waitMs(attempt), signal)
      throwIfAborted(signal)
    }
  }
}
