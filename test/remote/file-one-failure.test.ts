// A remote that is a folder: a kill, a power cut or one failed call of the file system, on either side, at each step.
import path from 'node:path'
import { expect, test } from 'vitest'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { Faults, systemError } from '../crash/faults.ts'
import { failingOnce } from '../support/failing-once.ts'
import { temporaryDir } from '../support/temporary.ts'
import {
  type Setting,
  type Spoil,
  cloneAndFetch,
  firstCommit,
  firstPush,
  gc,
  largeFile,
  laterPush,
  mirror,
  tryEach,
} from './scenes.ts'

type How = 'kill' | 'power cut' | 'one failure'

/** All that this process holds of stores dies with it. */
class Folders implements Setting {
  readonly root: string = temporaryDir()
  readonly #stores: { store: DiskStore }[] = []

  get local(): DiskStore {
    return this.#stores[0]!.store
  }

  async another(): Promise<{ readonly store: DiskStore }> {
    const dir = path.join(this.root, `store${this.#stores.length}`)
    const held = { store: await DiskStore.create(dir) }
    this.#stores.push(held)
    return held
  }

  async with<T>(
    work: Parameters<Setting['with']>[0] & ((remote: never) => Promise<T>),
    { name = 'r' } = {},
  ): Promise<T> {
    const remote = await openRemote(path.join(this.root, name), { create: true })
    try {
      return (await work(remote)) as T
    } finally {
      await remote.close()
    }
  }

  async comeBack(): Promise<void> {
    for (const held of this.#stores) {
      await held.store.close()
      held.store = await DiskStore.open(held.store.location)
    }
  }
}

function spoilBy(how: How, folders: Folders): Spoil {
  if (how === 'one failure') {
    return async (n, work) => {
      const failed = await failingOnce(n + 1, folders.root, work)
      return failed === null ? null : `${failed.call} ${failed.target}`
    }
  }
  return async (n, work) => {
    const faults = new Faults()
    let struck: string | null = null
    faults.install((call, target) => {
      if (faults.calls > n) {
        struck ??= `${call} ${target}`
        throw systemError('EIO')
      }
      return undefined
    })
    try {
      await work()
    } finally {
      faults.uninstall()
    }
    if (how === 'power cut') faults.cutPower()
    await folders.comeBack()
    return struck
  }
}

const scenes = { firstPush, laterPush, cloneAndFetch, mirror, gc, largeFile }

for (const how of ['kill', 'power cut', 'one failure'] as const) {
  test.each(Object.entries(scenes))(`${how}, of a folder: %s`, async (_, scene) => {
    const folders = new Folders()
    await folders.another()
    await firstCommit(folders.local)
    const count = await tryEach(folders, scene, spoilBy(how, folders), {
      stride: how === 'one failure' ? 13 : 1,
    })
    expect(count).toBeGreaterThan(10)
  })
}
