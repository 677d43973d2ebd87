// What is done with a bundle and a CAR file while something goes wrong (scenes.ts).
import path from 'node:path'
import { expect } from 'vitest'
import { importCarInto, exportCarOf } from '../../src/api/remotes/cars.ts'
import { createBundleOf, verifyBundle } from '../../src/api/remotes/bundles.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { commitOn, problemsOf, refOf } from './history.ts'
import type { Scene } from './scenes.ts'

const main = 'refs/heads/main'
const tracking = 'refs/remotes/origin/main'

/** A bundle is made over an older one, and fetched from. */
export const bundle: Scene = async (setting) => {
  const folder = (await setting.another()).store.location
  const file = path.join(path.dirname(folder), 'x.bundle')
  await createBundleOf(setting.local, file, { revisions: ['main'] })
  return async (turn) => {
    const before = await refOf(setting.local, main)
    const after = await commitOn(setting.local, main, { files: { a: `${turn}`, b: `${turn} `.repeat(9000) } })
    const clone = await setting.another()
    return {
      work: async () => {
        await createBundleOf(setting.local, file, { revisions: ['main'] })
        const remote = await openRemote(file)
        await fetchRefs(clone.store, remote, { remoteName: 'origin' })
        await remote.close()
      },
      check: async (isDone) => {
        expect((await verifyBundle(file)).problems).toEqual([])
        const remote = await openRemote(file)
        const there = (await remote.manifest()).refs.get(main)
        expect(isDone ? [after] : [before, after]).toContain(there)
        expect(await problemsOf(clone.store)).toEqual([])
        if (isDone) expect(await refOf(clone.store, tracking)).toBe(after)
      },
    }
  }
}

/** History goes into a CAR file, and out of it into another repository. */
export const car: Scene = async (setting) => {
  const folder = path.dirname((await setting.another()).store.location)
  return async (turn) => {
    const head = await commitOn(setting.local, main, { files: { a: `${turn}` } })
    const clone = await setting.another()
    const imported = async (): Promise<unknown> => refOf(clone.store, 'refs/heads/theirs')
    return {
      work: async () => {
        if ((await imported()) !== undefined) return
        const source = exportCarOf(setting.local, 'main', {})
        await importCarInto(clone.store, source, { branch: 'theirs', folder: path.join(folder, 'scratch') })
      },
      check: async (isDone) => {
        expect(isDone ? [head] : [head, undefined]).toContain(await imported())
        expect(await problemsOf(clone.store)).toEqual([])
      },
    }
  }
}
