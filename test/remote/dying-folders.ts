// Stores and remotes in one folder that a process may be killed over: by a kill, a power cut or one failed call of the file
// system, on either side. For scenes.ts.
import path from 'node:path'
import { openRemote } from '../../src/remote/transports/open.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { Faults, systemError } from '../crash/faults.ts'
import { failingOnce } from '../support/failing-once.ts'
import { temporaryDir } from '../support/temporary.ts'
import type { Setting, Spoil } from './scenes.ts'

export type How = 'kill' | 'power cut' | 'one failure'

/** All that this process holds of stores dies with it. */
export class Folders implements Setting {
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
    { name = 'r' }: { readonly name?: string } = {},
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

export function spoilBy(how: How, folders: Folders): Spoil {
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
