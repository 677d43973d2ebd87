// Replaces an object if it still is what its tag says, and knows for sure whether it did. As with creating: whatever is not
// plain (a race that ends with 409 or 500, an answer that was lost) is settled by looking at the object, which has our mark
// if it is ours. HTTP writes a tag in quotes, and so does S3; Ceph knows it only without when something is put, and then
// refuses the true one as well, which the look at the object tells.
import { setTimeout as sleep } from 'node:timers/promises'
import { type VarveError, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { randomHex } from '../../base/platform.ts'
import type { S3Client } from './client.ts'
import { isUnknownCondition, unsettled, writerMark } from './create.ts'
import { faultOf, isStored, notStored, unsafe } from './refusals.ts'

const attemptsMax = 8
const pauseMsFirst = 50
const pauseMsMax = 3_000

/** Stores that were seen to know tags without quotes alone. */
const bare = new WeakSet<S3Client>()

/** False when it is another one, or gone. @throws VARVE_REFUSED when the store does not know the condition */
export async function replaceExactly(
  client: S3Client,
  key: string,
  bytes: Uint8Array,
  tag: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const writer = randomHex(8)
  let isPlain = true
  let last: VarveError | null = null
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    throwIfAborted(signal)
    const isBare = bare.has(client)
    const headers = { 'if-match': isBare ? tag.replaceAll('"', '') : tag, [writerMark]: writer }
    try {
      const expected = [400, 404, 412, 501, ...unsettled]
      const answer = await client.send({
        method: 'PUT',
        key,
        body: bytes,
        headers,
        repeatable: false,
        expected,
        signal,
      })
      if (isStored(answer)) return true
      if (answer.status === 404 && isPlain) return false
      if (answer.status === 412 && isPlain) {
        const now = isBare ? null : await lookAt(client, key, signal)
        if (now?.tag !== tag) return false
        bare.add(client)
        continue
      }
      const fault = faultOf(answer)
      if (isUnknownCondition(fault)) throw unsafe(client.location, fault)
      last = answer.status < 300 ? notStored(client.location) : await client.refusal(fault)
    } catch (error) {
      if (!isVarveError(error, 'VARVE_UNREACHABLE')) throw error
      last = error
    }
    isPlain = false
    const found = await lookAt(client, key, signal)
    if (found?.writer === writer) return true
    if (found?.tag !== tag) return false
    await sleep(Math.min(pauseMsMax, pauseMsFirst * 2 ** (attempt - 1)) * (0.5 + Math.random()))
  }
  throw last!
}

export interface Looked {
  readonly tag: string
  readonly bytes: number
  /** Mark of who wrote it, where we did. */
  readonly writer: string | null
}

/** null when there is none. */
export async function lookAt(client: S3Client, key: string, signal?: AbortSignal): Promise<Looked | null> {
  const { status, headers } = await client.send({ method: 'HEAD', key, expected: [404], signal })
  if (status === 404) return null
  return {
    tag: headers['etag'] ?? '',
    bytes: Number(headers['content-length']),
    writer: headers[writerMark] ?? null,
  }
}
