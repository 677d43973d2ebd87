// What is done with a remote while something goes wrong: pushes, fetches, clones, mirrors and a gc, each with a look at both
// sides. `tryEach` has the first operation of a work go wrong, of the next work the second, and so on until there are not so
// many: what is told is true, both sides stay whole, and the same command again does the rest.
import { expect } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { isVarveError } from '../../src/base/errors.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import type { FileEntry } from '../../src/files/interface.ts'
import { readFile } from '../../src/files/read.ts'
import { Tree } from '../../src/files/tree.ts'
import { readCommit } from '../../src/history/commit.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { mirrorOnce } from '../../src/remote/mirror.ts'
import { PartialStore } from '../../src/remote/partial-store.ts'
import { push } from '../../src/remote/push.ts'
import type { Store } from '../../src/store/interface.ts'
import { commitOn, manyRows, problemsOf, refOf, setRef } from './history.ts'

const main = 'refs/heads/main'
const gone = 'refs/heads/gone'
const tracking = 'refs/remotes/origin/main'
const origin = { remoteName: 'origin' }

/** Remotes, and who works with them. */
export interface Setting {
  /** Whose process may have died: then it is another object afterwards. */
  readonly local: Store
  /** A new store, which dies and comes back with the local one. */
  readonly another: () => Promise<{ readonly store: Store }>
  /** Opens a remote as a command does, does the work, closes it. */
  readonly with: <T>(work: (remote: Store) => Promise<T>, opening?: Opening) => Promise<T>
}

export interface Opening {
  /** Which remote; each name is one. */
  readonly name?: string
  /** Whose cache. */
  readonly cache?: string
}

interface Turn {
  /** Can be repeated. */
  readonly work: () => Promise<unknown>
  /** Looks at both sides. */
  readonly check: (isDone: boolean) => Promise<void>
}

/** What is done turn by turn: each gives work that has something to do. */
export type Scene = (setting: Setting) => Promise<(turn: number) => Promise<Turn>>

/** Does `work` while its `n`-th operation, counted from 0, goes wrong: which one that was, null where there are not so many. */
export type Spoil = (n: number, work: () => Promise<void>) => Promise<string | null>

export async function firstCommit(store: Store): Promise<void> {
  await commitOn(store, main, { files: { a: 'one' } })
}

/** How many operations the work had. */
export async function tryEach(
  setting: Setting,
  scene: Scene,
  spoil: Spoil,
  { stride = 1, from = 0 }: { stride?: number; from?: number } = {},
): Promise<number> {
  const next = await scene(setting)
  for (let [n, turn] = [from, 0]; ; n += stride, turn++) {
    const { work, check } = await next(turn)
    let fault: unknown = null
    const operation = await spoil(n, async () => {
      try {
        await work()
      } catch (error) {
        fault = error
      }
    })
    try {
      if (fault !== null && !isExpected(fault)) throw fault
      await check(fault === null)
      await work()
      await check(true)
      expect(await problemsOf(setting.local)).toEqual([])
    } catch (cause) {
      const told = fault instanceof Error ? fault.message : 'no error'
      throw new Error(`operation ${n} '${operation}': ${told}: ${String(cause)}`, { cause })
    }
    if (operation === null) return n
    if (n > 20_000) throw new Error('there is no end of operations')
  }
}

/** An error of ours about the other side or the disk, or the system's own, which the command line puts into words. */
function isExpected(fault: unknown): boolean {
  return isVarveError(fault) ? fault.exitCode >= 50 : (fault as NodeJS.ErrnoException).code === 'EIO'
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
  const head = await refOf(setting.local, main)
  return async (turn) => {
    const opening = { name: `first${turn}` }
    await setRef(setting.local, tracking, null)
    return {
      work: () =>
        setting.with((remote) => push(setting.local, remote, { ...origin, refspecs: ['main'] }), opening),
      check: async (isDone) => {
        expect(isDone ? [head] : [head, undefined]).toContain((await refsThere(setting, opening)).get(main))
        expect(isDone ? [head] : [head, undefined]).toContain(await refOf(setting.local, tracking))
      },
    }
  }
}

/** One branch moves, one comes and one goes. */
export const laterPush: Scene = async (setting) => {
  await setting.with((remote) => push(setting.local, remote, { ...origin, refspecs: ['main'] }))
  return async (turn) => {
    const fresh = `refs/heads/new${turn}`
    const before = (await refOf(setting.local, main))!
    await setting.with((remote) => push(setting.local, remote, { ...origin, refspecs: ['main:gone'] }))
    const after = await commitOn(setting.local, main, { files: { a: `${turn}`, b: `${turn} `.repeat(9000) } })
    await setRef(setting.local, fresh, before)
    return {
      work: () =>
        setting.with(async (remote) => {
          const { refs } = await remote.manifest()
          const refspecs = ['main', fresh.slice(11), ...(refs.has(gone) ? [':gone'] : [])]
          return push(setting.local, remote, { ...origin, refspecs })
        }),
      check: async (isDone) => {
        const refs = await refsThere(setting)
        const found = [refs.get(main), refs.get(fresh), refs.get(gone)]
        const [old, next] = [
          [before, undefined, before],
          [after, before, undefined],
        ]
        expect(isDone ? [next] : [old, next]).toContainEqual(found)
        if (isDone) expect(await refOf(setting.local, tracking)).toBe(after)
      },
    }
  }
}

/** A clone, and a fetch of what was pushed behind it. */
export const cloneAndFetch: Scene = async (setting) => {
  return async (turn) => {
    const name = `cloned${turn}`
    const pushed = (): Promise<unknown> =>
      setting.with((remote) => push(setting.local, remote, { refspecs: ['main'] }), { name })
    await pushed()
    const clone = await setting.another()
    const opening = { name, cache: `clone${turn}` }
    const head = await commitOn(setting.local, main, { files: { a: `${turn}` } })
    return {
      work: async () => {
        await setting.with(
          (remote) => cloneInto(clone.store, remote, { url: 'https://example.org/x' }),
          opening,
        )
        await pushed()
        await setting.with((remote) => fetchRefs(clone.store, remote, origin), opening)
      },
      check: async (isDone) => {
        expect(await problemsOf(clone.store)).toEqual([])
        if (isDone) expect(await refOf(clone.store, tracking)).toBe(head)
      },
    }
  }
}

export const mirror: Scene = async (setting) => {
  const once = (): Promise<unknown> =>
    setting.with((remote) => mirrorOnce(setting.local, remote, { local: 'sender' }))
  await once()
  return async (turn) => {
    const before = await refOf(setting.local, main)
    const after = await commitOn(setting.local, main, { files: { a: `${turn}` } })
    return {
      work: once,
      check: async (isDone) =>
        expect(isDone ? [after] : [before, after]).toContain((await refsThere(setting)).get(main)),
    }
  }
}

/** What a forced push has left goes. */
export const gc: Scene = async (setting) => {
  const first = (await refOf(setting.local, main))!
  return async (turn) => {
    await commitOn(setting.local, main, { files: { a: `${turn}`, b: `${turn} `.repeat(2000) } })
    await setting.with((remote) => push(setting.local, remote, { ...origin, refspecs: ['main'] }))
    await setRef(setting.local, main, first)
    await setting.with((remote) => push(setting.local, remote, { ...origin, refspecs: ['+main'] }))
    return {
      work: () => setting.with((remote) => remote.gc({ graceMs: 0, manifestsKeptMax: 1 })),
      check: async () => expect((await refsThere(setting)).get(main)).toBe(first),
    }
  }
}

/** A file of more than a mebibyte goes as the pack that it lies in, and comes back in the same way. */
export const largeFile: Scene = async (setting) => {
  const head = await commitOn(setting.local, main, { files: { large: noise(1_300_000) } })
  return async (turn) => {
    const clone = await setting.another()
    const opening = { name: `large${turn}` }
    return {
      work: async () => {
        await setting.with((remote) => push(setting.local, remote, origin), opening)
        await setting.with((remote) => fetchRefs(clone.store, remote, origin), opening)
      },
      check: async (isDone) => {
        await refsThere(setting, opening)
        expect(await problemsOf(clone.store)).toEqual([])
        if (isDone) expect(await refOf(clone.store, tracking)).toBe(head)
      },
    }
  }
}

/** Contents that a lazy clone has left with its remote are read, batch by batch, and kept. */
export const lazyReads: Scene = async (setting) => {
  const names = Array.from({ length: 8 }, (_, i) => `folder${i % 3}/file${i}`)
  const texts = (turn: number): Record<string, string> =>
    Object.fromEntries(names.map((name, i) => [name, `${turn} ${i} `.repeat(40)]))
  return async (turn) => {
    const head = await commitOn(setting.local, main, { files: texts(turn), rows: manyRows(300 + turn) })
    const opening = { name: `lazy${turn % 2}`, cache: `lazy${turn}` }
    await setting.with((remote) => push(setting.local, remote, { refspecs: ['+main'] }), opening)
    const clone = await setting.another()
    const partial = { filter: null, lazy: true }
    const over = (remote: Store): PartialStore => new PartialStore(clone.store, async () => remote)
    await setting.with(
      (remote) => cloneInto(over(remote), remote, { url: 'https://example.org/x', partial }),
      opening,
    )
    const read = async (store: Store): Promise<Record<string, string>> => {
      const nodes = new NodeStore(store)
      const tree = await Tree.load(nodes, (await readCommit(store, head)).tree)
      const found: Record<string, string> = {}
      for (const name of names) {
        const entry = (await tree.get(name)) as FileEntry
        found[name] = Buffer.concat(await collect(readFile(nodes, entry))).toString()
      }
      return found
    }
    return {
      work: () =>
        setting.with(async (remote) => {
          const store = over(remote)
          expect(await read(store)).toEqual(texts(turn))
          await store.bringAll([(await readCommit(store, head)).tree])
        }, opening),
      check: async (isDone) => {
        const alone = new PartialStore(clone.store, () => Promise.reject(new Error('nobody is asked')))
        expect(await problemsOf(alone)).toEqual([])
        if (isDone) expect(await read(alone)).toEqual(texts(turn))
      },
    }
  }
}

/** Text that does not shrink. */
function noise(bytes: number): string {
  let state = 1
  const codes = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i++) {
    state = Math.imul(state, 1664525) + 1013904223
    codes[i] = 33 + ((state >>> 16) % 90)
  }
  return Buffer.from(codes).toString('latin1')
}
