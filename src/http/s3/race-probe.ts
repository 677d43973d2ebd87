// Asks a store whether conditions hold for writers that come at once: one that is slow to send its object must not win over
// one who was through meanwhile; then several put one object at the same moment, some times over, and exactly one must win.
// There are stores that look whether an object is there and put theirs there later: they keep conditions of writers that
// come one after the other, and of single races of small objects about half. What is found is a fact about this store
// today; races that go well prove nothing for all times, but a store that loses one is found out before it loses
// anybody's work.
import { setTimeout as sleep } from 'node:timers/promises'
import { equalBytes, utf8 } from '../../base/bytes.ts'
import type { S3Client } from './client.ts'
import { createExclusively } from './create.ts'
import { download } from './download.ts'
import { headObject, replaceExactly } from './replace.ts'

const racers = 8
const races = 4
/** The longer it takes to put an object there, the more often a store that looked before is found out. */
const racerBytes = 64 << 10
/** Time for the first half of an object to arrive before another one is made. */
const arrivesMs = 300
/** A store may let the other one wait until the slow one is through. */
const otherMsMax = 3000

/** Whether it was written: its condition held. */
type Write = (bytes: Uint8Array, halfway?: () => Promise<void>) => Promise<boolean>

/** What races are about: makes ready an object of that name, and says how it is written. */
export type Contest = (client: S3Client, key: string, signal: AbortSignal | undefined) => Promise<Write>

/** Who makes an object that is not there yet. */
export const creating: Contest = (client, key, signal) =>
  Promise.resolve((bytes, halfway) => createExclusively(client, key, bytes, signal, halfway))

/** Who replaces an object that is there. */
export const replacing: Contest = async (client, key, signal) => {
  await createExclusively(client, key, contents('the first'), signal)
  const second = contents('the second')
  const { tag } = (await headObject(client, key, signal)) ?? { tag: '' }
  // How the store writes tags is known from then on.
  await replaceExactly(client, key, second, tag, signal)
  const now = (await headObject(client, key, signal))?.tag ?? ''
  return (bytes, halfway) => replaceExactly(client, key, bytes, now, signal, halfway)
}

/** Leaves nothing behind, if the user may delete. `key`: what the names of its objects begin with. */
export async function keepsRaces(
  client: S3Client,
  key: string,
  contest: Contest,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const held = `${key}-held`
  const raced = Array.from({ length: races }, (_, index) => `${key}-race-${index}`)
  try {
    let isKept = await keepsSlow(client, held, await contest(client, held, signal), signal)
    for (const name of raced)
      if (isKept) isKept = await keepsRace(client, name, await contest(client, name, signal), signal)
    return isKept
  } finally {
    await Promise.all([held, ...raced].map((name) => removeKey(client, name, signal, [403])))
  }
}

/** Half of an object is sent, another one is put there, and then comes the rest: one of the two must be told that it lost. */
async function keepsSlow(
  client: S3Client,
  key: string,
  write: Write,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const [slow, quick] = [contents('slow'), contents('quick')]
  let other: Promise<boolean> | undefined
  const another = (): Promise<boolean> => (other ??= write(quick))
  const anotherEnds = (): Promise<unknown> => another().catch(() => undefined)
  const halfway = async (): Promise<void> => {
    await sleep(arrivesMs)
    await Promise.race([anotherEnds(), sleep(otherMsMax, undefined, { ref: false })])
  }
  let slowWon: boolean
  try {
    slowWon = await write(slow, halfway)
  } finally {
    await anotherEnds()
  }
  const quickWon = await another()
  return isOneWinner(client, key, [slowWon ? slow : null, quickWon ? quick : null], signal)
}

async function keepsRace(
  client: S3Client,
  key: string,
  write: Write,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const texts = Array.from({ length: racers }, (_, index) => contents(`racer ${index}`))
  const won = await Promise.all(texts.map((text) => write(text)))
  return isOneWinner(
    client,
    key,
    texts.map((text, index) => (won[index] === true ? text : null)),
    signal,
  )
}

/** One was told that it won, and it is its object that is there. */
async function isOneWinner(
  client: S3Client,
  key: string,
  won: readonly (Uint8Array | null)[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const winners = won.filter((text) => text !== null)
  const whole = { offset: 0, length: null, bytesMax: racerBytes }
  const found = (await download(client, key, whole, signal))?.bytes ?? null
  return winners.length === 1 && found !== null && equalBytes(found, winners[0]!)
}

function contents(name: string): Uint8Array {
  return utf8(name.padEnd(racerBytes, '.'))
}

export async function removeKey(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
  accepted: readonly number[] = [],
): Promise<void> {
  await client.send({ method: 'DELETE', key, expected: [404, ...accepted], signal })
}
