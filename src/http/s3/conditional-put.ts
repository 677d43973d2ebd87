// A PUT that counts only under a condition, tried until it is known whether it did. A store answers losers of a race with
// 412, but also with 409 or 500, and a connection may be cut after the object was made: whatever is not plain is settled by
// looking at the object, which has our mark if it is ours.
import { setTimeout as sleep } from 'node:timers/promises'
import { type VarveError, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { randomHex } from '../../base/platform.ts'
import type { S3Client } from './client.ts'
import { type Fault, faultOf, isStored, notStored, unsafe } from './refusals.ts'

const attemptsMax = 8
const pauseMsFirst = 50
const pauseMsMax = 3000
/** The header that marks who wrote an object. */
export const writerMark = 'x-amz-meta-varve-writer'
/** A store that says so has done nothing, or may have done something: either way the object itself will tell. */
const unsettled: readonly number[] = [408, 409, 429, 500, 502, 503, 504]

export interface ConditionalPut {
  readonly key: string
  readonly bytes: Uint8Array
  /** As of a request. */
  readonly halfway?: (() => Promise<void>) | undefined
  /** The headers of the condition, which are asked for before every try. */
  condition(): Readonly<Record<string, string>>
  /** Statuses that say plainly that the condition does not hold, as long as nothing was in doubt before. */
  readonly refusals: readonly number[]
  /** Whether a plain refusal may be one of the condition's spelling alone: then `condition` has another one now. */
  mayBeSpelling?(status: number): Promise<boolean>
  /** Looks at the object: whether it is ours, by the mark of `writer`; null: it is as it was, so it was not done. */
  isOurs(writer: string): Promise<boolean | null>
}

/** False when the condition does not hold. @throws VARVE_REFUSED when the store does not know the condition */
export async function putOnCondition(
  client: S3Client,
  put: ConditionalPut,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { key, bytes, refusals, halfway } = put
  const writer = randomHex(8)
  const expected = [400, 501, ...refusals, ...unsettled]
  let isPlain = true
  let last: VarveError | null = null
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    throwIfAborted(signal)
    const headers = { ...put.condition(), [writerMark]: writer }
    try {
      const request = {
        method: 'PUT',
        key,
        body: bytes,
        headers,
        repeatable: false,
        ...(halfway === undefined ? {} : { halfway }),
        expected,
        signal,
      } as const
      const answer = await client.send(request)
      if (isStored(answer)) return true
      if (isPlain && refusals.includes(answer.status)) {
        if ((await put.mayBeSpelling?.(answer.status)) === true) continue
        return false
      }
      const fault = faultOf(answer)
      if (isUnknownCondition(fault)) throw unsafe(client.location, fault)
      last = answer.status < 300 ? notStored(client.location) : await client.refusal(fault)
    } catch (error) {
      // Nobody knows whether it was done.
      if (!isVarveError(error, 'VARVE_UNREACHABLE')) throw error
      last = error
    }
    isPlain = false
    const isOurs = await put.isOurs(writer)
    if (isOurs !== null) return isOurs
    await pause(attempt, signal)
  }
  throw last!
}

function isUnknownCondition(fault: Fault): boolean {
  return fault.status === 501 || (fault.status === 400 && conditionCodes.has(fault.code))
}

const conditionCodes: ReadonlySet<string> = new Set(['NotImplemented', 'InvalidArgument', 'InvalidRequest'])

async function pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const ms = Math.min(pauseMsMax, pauseMsFirst * 2 ** (attempt - 1)) * (0.5 + Math.random())
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => throwIfAborted(signal))
}
