// A process that dies at the n-th change of the file system, seen from its files: from that call on nothing is done any
// more, not even cleaned up. Works on `node:fs/promises`, whose exports are replaced while it lasts.
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { open, rename, link, rm, writeFile, copyFile } = fs
const real = { open, rename, link, rm, writeFile, copyFile }

/** Whether it died. What is being written when it dies is written by half. */
export async function dyingAt(at: number, work: () => Promise<unknown>): Promise<boolean> {
  let calls = 0
  const dead = (): boolean => ++calls >= at
  const die = (): never => {
    throw Object.assign(new Error('killed'), { code: 'EIO' })
  }
  const changing =
    <A extends readonly unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> =>
      dead() ? die() : call(...given)
  const half = (bytes: unknown): unknown =>
    typeof bytes === 'string'
      ? bytes.slice(0, bytes.length >> 1)
      : (bytes as Uint8Array).subarray(0, (bytes as Uint8Array).length >> 1)
  Object.assign(fs, {
    rename: changing(real.rename),
    link: changing(real.link),
    rm: changing(real.rm),
    copyFile: changing(real.copyFile),
    writeFile: async (...given: Parameters<typeof real.writeFile>) => {
      if (!dead()) return real.writeFile(...given)
      if (calls === at) await real.writeFile(given[0], half(given[1]) as string, given[2])
      return die()
    },
    open: async (...given: Parameters<typeof real.open>) => {
      const isWrite = typeof given[1] === 'string' && given[1] !== 'r'
      if (isWrite && dead()) die()
      const handle = await real.open(...given)
      if (!isWrite) return handle
      const write = handle.writeFile.bind(handle)
      const [sync, chmod] = [handle.sync.bind(handle), handle.chmod.bind(handle)]
      handle.sync = changing(sync)
      handle.chmod = changing(chmod)
      handle.writeFile = async (data, options) => {
        if (!dead()) return write(data, options)
        if (calls === at) await write(half(data) as string, options)
        return die()
      }
      return handle
    },
  })
  syncBuiltinESMExports()
  try {
    await work().catch((error: unknown) => {
      if (calls < at) throw error
    })
  } finally {
    Object.assign(fs, real)
    syncBuiltinESMExports()
  }
  return calls >= at
}
