// Asks a store whether it keeps its word: a file is created twice and must have been made once; then writers race
// (race-probe.ts).
import { equalBytes, utf8 } from '../../../base/bytes.ts'
import { isVarveError } from '../../../base/errors.ts'
import { randomHex } from '../../../base/platform.ts'
import type { ProbeFinding } from '../../interface.ts'
import type { S3Client } from '../../../http/s3/client.ts'
import { createExclusively } from '../../../http/s3/create.ts'
import { download } from '../../../http/s3/download.ts'
import { listPage } from '../../../http/s3/listing.ts'
import { creating, keepsRaces, removeKey } from '../../../http/s3/race-probe.ts'

/** Leaves nothing behind. @throws VARVE_UNREACHABLE, and VARVE_REFUSED where not even listing is allowed */
export async function probe(client: S3Client, signal: AbortSignal | undefined): Promise<ProbeFinding> {
  await listPage(client, 'm/', null, signal)
  const key = `${client.address.prefix}tmp/probe-${randomHex(8)}`
  const twice = `${key}-twice`
  let finding: ProbeFinding = 'read-only'
  try {
    finding = await createTwice(client, twice, signal)
    if (finding === 'kept' && !(await keepsRaces(client, key, creating, signal))) finding = 'ignored'
    return finding
  } finally {
    if (finding !== 'read-only') await removeKey(client, twice, signal)
  }
}

async function createTwice(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ProbeFinding> {
  const whole = { offset: 0, length: null, bytesMax: 1 << 10 }
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
  const found = (await download(client, key, whole, signal))?.bytes ?? null
  if (found === null) return 'rejected'
  return made[0] === true && made[1] === false && equalBytes(found, first) ? 'kept' : 'ignored'
}
