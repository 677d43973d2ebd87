// The compare-and-set that everything stands on: create a file if it is not there, and know for sure who did. A store
// answers losers of a race with 412, but also with 409 or 500, and a connection may be cut after the file was made:
// whatever is not plain is settled by reading the file. Ours has our bytes, and our mark where the store keeps marks.
import { setTimeout as sleep } from 'node:timers/promises'
import { equalBytes } from '../../base/bytes.ts'
import { VarveError, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { randomHex } from '../../base/platform.ts'
import type { HttpAnswer } from '../client.ts'
import type { S3Client } from './client.ts'
import { download } from './download.ts'
import { type Fault, faultOf, isStored, notStored, unsafe } from './refusals.ts'

const attemptsMax = 8
const pauseMsFirst = 50
const pauseMsMax = 3000
export const writerMark = 'x-amz-meta-varve-writer'
/** A store that says so has done nothing, or may have done something: either way the file itself will tell. */
export const unsettled: readonly number[] = [408, 409, 429, 500, 502, 503, 504]

/** False when it was there already. @throws VARVE_REFUSED when the store does not know the condition */
export async function createExclusively(
  client: S3Client,
  key: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const writer = randomHex(8)
  let isPlain = true
  let last: VarveError | null = null
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    throwIfAborted(signal)
    const outcome = await put(client, key, bytes, { 'if-none-match': '*', [writerMark]: writer }, signal)
    if (!(outcome instanceof VarveError)) {
      if (isStored(outcome)) return true
      if (outcome.status === 412 && isPlain) return false
      const fault = faultOf(outcome)
      if (isUnknownCondition(fault)) throw unsafe(client.location, fault)
      last = outcome.status < 300 ? notStored(client.location) : await client.refusal(fault)
    } else last = outcome
    isPlain = false
    const found = await download(
      client,
      key,
      { offset: 0, length: null, bytesMax: Math.max(1 << 20, bytes.length) },
      signal,
    )
    if (found !== null) {
      const theirs = found.headers[writerMark] ?? writer
      return theirs === writer && equalBytes(found.bytes, bytes)
    }
    await pause(attempt, signal)
  }
  throw last!
}

/** An error is one after which nobody knows whether it was done. */
async function put(
  client: S3Client,
  key: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer | VarveError> {
  try {
    const expected = [400, 412, 501, ...unsettled]
    return await client.send({ method: 'PUT', key, body, headers, repeatable: false, expected, signal })
  } catch (error) {
    if (isVarveError(error, 'VARVE_UNREACHABLE')) return error
    throw error
  }
}

export function isUnknownCondition(fault: Fault): boolean {
  return fault.status === 501 || (fault.status === 400 && conditionCodes.has(fault.code))
}

const conditionCodes: ReadonlySet<string> = new Set(['NotImplemented', 'InvalidArgument', 'InvalidRequest'])

async function pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const ms = Math.min(pauseMsMax, pauseMsFirst * 2 ** (attempt - 1)) * (0.5 + Math.random())
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => throwIfAborted(signal))
}
