// A remote that is a folder, a bundle or a CAR file: a kill, a power cut or one failed call of the file system, on either
// side, at each step.
import { expect, test } from 'vitest'
import { Folders, spoilBy } from './dying-folders.ts'
import { bundle, car } from './file-scenes.ts'
import {
  cloneAndFetch,
  firstCommit,
  firstPush,
  gc,
  largeFile,
  laterPush,
  lazyReads,
  mirror,
  type Scene,
  tryEach,
} from './scenes.ts'

const scenes = { firstPush, laterPush, cloneAndFetch, mirror, gc, largeFile, lazyReads, bundle, car }

/** A bundle holds a commit more in each turn, which takes a dozen calls more: so that it comes to an end, calls are left out faster. */
const strideOf = (scene: Scene): number => (scene === bundle ? 41 : 13)

for (const how of ['kill', 'power cut', 'one failure'] as const) {
  test.each(Object.entries(scenes))(`${how}, of a folder: %s`, async (_, scene) => {
    const folders = new Folders()
    await folders.another()
    await firstCommit(folders.local)
    const count = await tryEach(folders, scene, spoilBy(how, folders), {
      stride: how === 'one failure' ? strideOf(scene) : 1,
    })
    expect(count).toBeGreaterThan(10)
  })
}
