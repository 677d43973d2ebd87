// One request of a push, a fetch, a clone, a mirror or a gc goes wrong, each in its turn and in each way (scenes.ts), for
// every kind of remote that is reached by HTTP.
import path from 'node:path'
import { expect } from 'vitest'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { type FaultyFront, type Spoiling, spoilings, startFaultyFront } from '../support/faulty-front.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type Scene, type Setting, type Spoil, firstCommit, laterPush, tryEach } from './scenes.ts'

export type Kind = (front: FaultyFront) => {
  url: (name: string) => string
  environment: Record<string, string>
}

async function settingOf(kind: Kind, front: FaultyFront): Promise<Setting & { local: DiskStore }> {
  const { url, environment } = kind(front)
  const dir = temporaryDir()
  const local = await DiskStore.create(path.join(dir, 'store'))
  await firstCommit(local)
  return {
    local,
    another: async () => ({ store: await DiskStore.create(path.join(temporaryDir(), 'store')) }),
    with: async (work, { name = 'r', cache = 'cache' } = {}) => {
      const options = {
        cacheDir: path.join(dir, cache),
        environment,
        create: true,
        conditional: 'yes',
      } as const
      const remote = await openRemote(url(name), { ...options, signal: AbortSignal.timeout(30_000) })
      try {
        return await work(remote)
      } finally {
        await remote.close()
      }
    },
  }
}

export type Way = readonly [how: Spoiling, lasting: 'once' | 'for good']

export const fewWays: readonly Way[] = [
  ['answered with a login page', 'once'],
  ['done, and the answer lost', 'once'],
  ['done, and the answer lost', 'for good'],
]
const allWays: readonly Way[] = [
  ...spoilings.map((how) => [how, 'once'] as const),
  ['cut', 'for good'],
  ['done, and the answer lost', 'for good'],
]

/** `target` starts what stands behind a front. */
export async function spoilAll(
  kind: Kind,
  target: () => Promise<string>,
  scene: Scene,
  // Moving refs is what must be known for sure.
  ways: readonly Way[] = scene === laterPush ? allWays : fewWays,
  which: { stride?: number; from?: number } = {},
): Promise<void> {
  const counts = ways.map(async ([how, lasting]) => {
    const front = await startFaultyFront(await target())
    const setting = await settingOf(kind, front)
    const spoil: Spoil = async (n, work) => {
      front.spoil(n, how, lasting)
      await work()
      const request = front.requests[n]
      front.mend()
      return request === undefined ? null : `${request} ${how}, ${lasting}`
    }
    const count = await tryEach(setting, scene, spoil, which)
    await setting.local.close()
    return count
  })
  expect(Math.min(...(await Promise.all(counts)))).toBeGreaterThan(1)
}
