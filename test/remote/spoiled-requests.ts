// One request of a push, a fetch, a clone, a mirror or a gc goes wrong, each in its turn and in each way: what is told is
// true, both sides stay whole, and the same command again does the rest. For every kind of remote that is reached by HTTP.
import path from 'node:path'
import { expect } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { mirrorOnce } from '../../src/remote/mirror.ts'
import { push } from '../../src/remote/push.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import type { Store } from '../../src/store/interface.ts'
import { type FaultyFront, type Spoiling, spoilings, startFaultyFront } from '../support/faulty-front.ts'
import { temporaryDir } from '../support/temporary.ts'
import { commitOn, problemsOf, refOf, setRef } from './history.ts'

const main = 'refs/heads/main'
const gone = 'refs/heads/gone'
const tracking = 'refs/remotes/origin/main'
const origin = { remoteName: 'origin' }

/** Remotes behind a front, and who works with them. */
interface Setting {
  readonly front: FaultyFront
  readonly local: DiskStore
  /** Opens a remote as a command does, does the work, closes it. */
  readonly with: <T>(work: (remote: Store) => Promise<T>, opening?: Opening) => Promise<T>
}

interface Opening {
  /** Which remote; each name is one. */
  readonly name?: string
  /** Whose cache. */
  readonly cache?: string
}

export type Kind = (front: FaultyFront) => {
  url: (name: string) => string
  environment: Record<string, string>
}

interface Turn {
  /** Can be repeated. */
  readonly work: () => Promise<unknown>
  /** Looks at both sides. */
  readonly check: (isDone: boolean) => Promise<void>
}

/** What is done turn by turn: each gives work that has something to do. */
export type Scene = (setting: Setting) => Promise<(turn: number) => Promise<Turn>>

async function settingOf(kind: Kind, target: string): Promise<Setting> {
  const front = await startFaultyFront(target)
  const { url, environment } = kind(front)
  const dir = temporaryDir()
  const local = await DiskStore.create(path.join(dir, 'store'))
  await commitOn(local, main, { files: { a: 'one' } })
  return {
    front,
    local,
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

/** Spoils the first request of a turn, of the next one the second, until there are not so many; how many there were. */
async function spoilEach(
  setting: Setting,
  scene: Scene,
  how: Spoiling,
  lasting: 'once' | 'for good',
): Promise<number> {
  const { front, local } = setting
  const next = await scene(setting)
  for (let n = 0; ; n++) {
    const { work, check } = await next(n)
    front.spoil(n, how, lasting)
    const fault: unknown = await work().then(
      () => null,
      (error: unknown) => error,
    )
    const request = front.requests[n]
    front.mend()
    try {
      if (fault !== null && !(isVarveError(fault) && fault.exitCode >= 50)) throw fault
      await check(fault === null)
      await work()
      await check(true)
      expect(await problemsOf(local)).toEqual([])
    } catch (cause) {
      const told = fault instanceof Error ? fault.message : 'no error'
      throw new Error(`request ${n} '${request}' ${how}, ${lasting}: ${told}`, { cause })
    }
    if (request === undefined) break
    if (n > 100) throw new Error('there is no end of requests')
  }
  await local.close()
  return front.requests.length
}

/** The remote's refs by a cache of its own, and that it is whole. */
function refsThere(setting: Setting, opening: Opening = {}): Promise<ReadonlyMap<string, Cid>> {
  return setting.with(
    async (remote) => {
      expect(await problemsOf(remote)).toEqual([])
      return (await remote.manifest()).refs
    },
    { ...opening, cache: 'another' },
  )
}

export const firstPush: Scene = async (setting) => {
  const { local } = setting
  const head = await refOf(local, main)
  return async (turn) => {
    const opening = { name: `first${turn}` }
    await setRef(local, tracking, null)
    return {
      work: () => setting.with((remote) => push(local, remote, { ...origin, refspecs: ['main'] }), opening),
      check: async (isDone) => {
        expect(isDone ? [head] : [head, undefined]).toContain((await refsThere(setting, opening)).get(main))
        expect(await refOf(local, tracking)).toBe(isDone ? head : undefined)
      },
    }
  }
}

/** One branch moves, one comes and one goes. */
export const laterPush: Scene = async (setting) => {
  const { local } = setting
  await setting.with((remote) => push(local, remote, { ...origin, refspecs: ['main'] }))
  return async (turn) => {
    const fresh = `refs/heads/new${turn}`
    const before = (await refOf(local, main))!
    await setting.with((remote) => push(local, remote, { ...origin, refspecs: ['main:gone'] }))
    const after = await commitOn(local, main, { files: { a: `${turn}`, b: `${turn} `.repeat(9000) } })
    await setRef(local, fresh, before)
    return {
      work: () =>
        setting.with(async (remote) => {
          const { refs } = await remote.manifest()
          const refspecs = ['main', fresh.slice(11), ...(refs.has(gone) ? [':gone'] : [])]
          return push(local, remote, { ...origin, refspecs })
        }),
      check: async (isDone) => {
        const refs = await refsThere(setting)
        const found = [refs.get(main), refs.get(fresh), refs.get(gone)]
        const [old, next] = [
          [before, undefined, before],
          [after, before, undefined],
        ]
        expect(isDone ? [next] : [old, next]).toContainEqual(found)
        if (isDone) expect(await refOf(local, tracking)).toBe(after)
      },
    }
  }
}

/** A clone, and a fetch of what was pushed behind it. */
export const cloneAndFetch: Scene = async (setting) => {
  const { local } = setting
  return async (turn) => {
    const name = `cloned${turn}`
    const pushed = (): Promise<unknown> =>
      setting.with((remote) => push(local, remote, { refspecs: ['main'] }), { name })
    await pushed()
    const clone = await DiskStore.create(path.join(temporaryDir(), 'clone'))
    const opening = { name, cache: `clone${turn}` }
    const head = await commitOn(local, main, { files: { a: `${turn}` } })
    return {
      work: async () => {
        await setting.with((remote) => cloneInto(clone, remote, { url: 'https://example.org/x' }), opening)
        await pushed()
        await setting.with((remote) => fetchRefs(clone, remote, origin), opening)
      },
      check: async (isDone) => {
        expect(await problemsOf(clone)).toEqual([])
        if (isDone) expect(await refOf(clone, tracking)).toBe(head)
      },
    }
  }
}

export const mirror: Scene = async (setting) => {
  const { local } = setting
  const once = (): Promise<unknown> =>
    setting.with((remote) => mirrorOnce(local, remote, { local: 'sender' }))
  await once()
  return async (turn) => {
    const before = await refOf(local, main)
    const after = await commitOn(local, main, { files: { a: `${turn}` } })
    return {
      work: once,
      check: async (isDone) =>
        expect(isDone ? [after] : [before, after]).toContain((await refsThere(setting)).get(main)),
    }
  }
}

/** What a forced push has left goes. */
export const gc: Scene = async (setting) => {
  const { local } = setting
  const first = (await refOf(local, main))!
  return async (turn) => {
    await commitOn(local, main, { files: { a: `${turn}`, b: `${turn} `.repeat(2000) } })
    await setting.with((remote) => push(local, remote, { ...origin, refspecs: ['main'] }))
    await setRef(local, main, first)
    await setting.with((remote) => push(local, remote, { ...origin, refspecs: ['+main'] }))
    return {
      work: () => setting.with((remote) => remote.gc({ graceMs: 0, manifestsKeptMax: 1 })),
      check: async () => expect((await refsThere(setting)).get(main)).toBe(first),
    }
  }
}

type Way = readonly [how: Spoiling, lasting: 'once' | 'for good']

const fewWays: readonly Way[] = [
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
export async function spoilAll(kind: Kind, target: () => Promise<string>, scene: Scene): Promise<void> {
  // Moving refs is what must be known for sure.
  const ways = scene === laterPush ? allWays : fewWays
  const counts = ways.map(async ([how, lasting]) =>
    spoilEach(await settingOf(kind, await target()), scene, how, lasting),
  )
  expect(Math.min(...(await Promise.all(counts)))).toBeGreaterThan(1)
}
