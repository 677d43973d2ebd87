// Asks a store whether it keeps its word: a file is created twice and must have been made once, then several create one
// file at the same moment and exactly one must win. What is found is a fact about this store today; a race that goes
// well proves nothing for all times, but a store that loses one is found out before it loses anybody's commits.
import { equalBytes, utf8 } from '../../../base/bytes.ts'
import { isVarveError } from '../../../base/errors.ts'
import { randomHex } from '../../../base/platform.ts'
import type { ProbeFinding } from '../../interface.ts'
import type { S3Client } from '../../../http/s3/client.ts'
import { createExclusively } from '../../../http/s3/create.ts'
import { download } from '../../../http/s3/download.ts'
import { listPage } from '../../../http/s3/listing.ts'

const racers = 8

/** Leaves nothing behind. @throws VARVE_UNREACHABLE, and VARVE_REFUSED where not even listing is allowed */
export async function probe(client: S3Client, signal: AbortSignal | undefined): Promise<ProbeFinding> {
  await listPage(client, 'm/', null, signal)
  const key = `${client.address.prefix}tmp/probe-${randomHex(8)}`
  const names = [`${key}-twice`, `${key}-race`] as const
  let finding: ProbeFinding = 'read-only'
  try {
    finding = await createTwice(client, names[0], signal)
    if (finding === 'kept') finding = await race(client, names[1], signal)
    return finding
  } finally {
    if (finding !== 'read-only') await Promise.all(names.map((name) => removeKey(client, name, signal)))
  }
}

async function createTwice(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ProbeFinding> {
  const first = utf8(`varve asks whether this file stays as it is: ${key}`)
  let made: boolean[]
  try {
    made = [
      await createExclusively(client, key, first, signal),
      await createExclusively(client, key, utf8('it does not'), signal),
    ]
  } catch (error) {
    const status = isVarveError(error, 'VARVE_REFUSED') ? error.data['status'] : undefined
    if (status === 401 || status === 403) return 'read-only'
    if (status === 501 || status === 400) return 'rejected'
    throw error
  }
  const found = await download(client, key, { offset: 0, length: null, bytesMax: 1 << 10 }, signal)
  if (found === null) return 'rejected'
  return made[0] === true && made[1] === false && equalBytes(found.bytes, first) ? 'kept' : 'ignored'
}

async function race(client: S3Client, key: string, signal: AbortSignal | undefined): Promise<ProbeFinding> {
  const texts = Array.from({ length: racers }, (_, index) => utf8(`racer ${index}`))
  const won = await Promise.all(texts.map((text) => createExclusively(client, key, text, signal)))
  const found = await download(client, key, { offset: 0, length: null, bytesMax: 1 << 10 }, signal)
  const winners = texts.filter((_, index) => won[index] === true)
  const isOne = winners.length === 1 && found !== null && equalBytes(found.bytes, winners[0]!)
  return isOne ? 'kept' : 'ignored'
}

export async function removeKey(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await client.send({ method: 'DELETE', key, expected: [404], signal })
}
