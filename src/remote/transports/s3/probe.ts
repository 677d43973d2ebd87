// Asks a store whether it keeps its word: a file is created twice and must have been made once; one that is slow to send
// a file must not win over one who made it meanwhile; then several create one file at the same moment, some times over,
// and exactly one must win. There are stores that look whether a file is there and put theirs there later: they pass the
// first question, and of single races of small files about half. What is found is a fact about this store today; races
// that go well prove nothing for all times, but a store that loses one is found out before it loses anybody's commits.
import { setTimeout as sleep } from 'node:timers/promises'
import { equalBytes, utf8 } from '../../../base/bytes.ts'
import { isVarveError } from '../../../base/errors.ts'
import { randomHex } from '../../../base/platform.ts'
import type { ProbeFinding } from '../../interface.ts'
import type { S3Client } from '../../../http/s3/client.ts'
import { createExclusively } from '../../../http/s3/create.ts'
import { download } from '../../../http/s3/download.ts'
import { listPage } from '../../../http/s3/listing.ts'

const racers = 8
const races = 4
/** The longer it takes to put a file there, the more often a store that looked before is found out. */
const racerBytes = 64 << 10
/** Time for the first half of a file to arrive before another one is made. */
const arrivesMs = 300
/** A store may let the other one wait until the slow one is through. */
const otherMsMax = 3000

/** Leaves nothing behind. @throws VARVE_UNREACHABLE, and VARVE_REFUSED where not even listing is allowed */
export async function probe(client: S3Client, signal: AbortSignal | undefined): Promise<ProbeFinding> {
  await listPage(client, 'm/', null, signal)
  const key = `${client.address.prefix}tmp/probe-${randomHex(8)}`
  const [twice, held] = [`${key}-twice`, `${key}-held`]
  const raced = Array.from({ length: races }, (_, index) => `${key}-race-${index}`)
  let finding: ProbeFinding = 'read-only'
  try {
    finding = await createTwice(client, twice, signal)
    if (finding === 'kept') finding = await createSlowly(client, held, signal)
    for (const name of raced) if (finding === 'kept') finding = await race(client, name, signal)
    return finding
  } finally {
    if (finding !== 'read-only')
      await Promise.all([twice, held, ...raced].map((name) => removeKey(client, name, signal)))
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
  const found = await stored(client, key, signal)
  if (found === null) return 'rejected'
  return made[0] === true && made[1] === false && equalBytes(found, first) ? 'kept' : 'ignored'
}

/** Half of a file is sent, another one is made, and then comes the rest: one of the two must be told that it lost. */
async function createSlowly(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<ProbeFinding> {
  const [slow, quick] = [contents('slow'), contents('quick')]
  let other: Promise<boolean> | undefined
  const another = (): Promise<boolean> => (other ??= createExclusively(client, key, quick, signal))
  const anotherEnds = (): Promise<unknown> => another().catch(() => undefined)
  const halfway = async (): Promise<void> => {
    await sleep(arrivesMs)
    await Promise.race([anotherEnds(), sleep(otherMsMax, undefined, { ref: false })])
  }
  let slowWon: boolean
  try {
    slowWon = await createExclusively(client, key, slow, signal, halfway)
  } finally {
    await anotherEnds()
  }
  const quickWon = await another()
  return verdict(client, key, [slowWon ? slow : null, quickWon ? quick : null], signal)
}

async function race(client: S3Client, key: string, signal: AbortSignal | undefined): Promise<ProbeFinding> {
  const texts = Array.from({ length: racers }, (_, index) => contents(`racer ${index}`))
  const won = await Promise.all(texts.map((text) => createExclusively(client, key, text, signal)))
  return verdict(
    client,
    key,
    texts.map((text, index) => (won[index] === true ? text : null)),
    signal,
  )
}

/** One was told that it won, and it is its file that is there. */
async function verdict(
  client: S3Client,
  key: string,
  won: readonly (Uint8Array | null)[],
  signal: AbortSignal | undefined,
): Promise<ProbeFinding> {
  const winners = won.filter((text) => text !== null)
  const found = await stored(client, key, signal)
  return winners.length === 1 && found !== null && equalBytes(found, winners[0]!) ? 'kept' : 'ignored'
}

function contents(name: string): Uint8Array {
  return utf8(name.padEnd(racerBytes, '.'))
}

async function stored(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const whole = { offset: 0, length: null, bytesMax: racerBytes }
  return (await download(client, key, whole, signal))?.bytes ?? null
}

export async function removeKey(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await client.send({ method: 'DELETE', key, expected: [404], signal })
}
