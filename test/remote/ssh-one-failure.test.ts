// A pipe of ssh that is cut at any piece of what goes through it, on its way there or back: with `varve serve --stdio` as
// it runs at the other end. What stands for ssh passes its pipes on to this process.
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { afterAll, expect, test } from 'vitest'
import { openRemote } from '../../src/remote/transports/open.ts'
import { serveOverPipe } from '../../src/server/pipe.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { temporaryDir } from '../support/temporary.ts'
import {
  type Setting,
  type Spoil,
  cloneAndFetch,
  firstCommit,
  firstPush,
  laterPush,
  tryEach,
} from './scenes.ts'

type Way = 'there' | 'back'
const listening: net.Server[] = []

afterAll(async () => {
  for (const server of listening.splice(0)) await new Promise((done) => server.close(done))
})

/** Cuts a pipe at the `at`-th piece that goes `way`, counted over all pipes since it was set; for good: each one after it. */
class PipeCutter {
  readonly #way: Way
  #at: number = Number.POSITIVE_INFINITY
  #count = 0
  #ends: Promise<void>[] = []

  constructor(way: Way) {
    this.#way = way
  }

  set(at: number): void {
    this.#at = at
    this.#count = 0
  }

  get hasStruck(): boolean {
    return this.#count > this.#at
  }

  /** One connection: `varve serve --stdio` is at its other end, until the line is cut. */
  serve(socket: Duplex, dir: string): void {
    const [near, far] = duplexPair()
    const pass = (from: Duplex, to: Duplex, way: Way): void => {
      from.on('data', (piece: Buffer) => {
        if (way !== this.#way || this.#count++ < this.#at) return void to.write(piece)
        socket.destroy()
        near.destroy()
        far.destroy()
      })
      from.on('end', () => to.end()).on('error', () => to.destroy())
    }
    pass(socket, near, 'there')
    pass(near, socket, 'back')
    far.on('error', () => undefined)
    const run = { dir, create: 'missing', stateDir: `${dir}-state`, version: '0' } as const
    this.#ends.push(serveOverPipe({ ...run, input: far, output: far }))
  }

  /** What was served has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#ends.splice(0))
  }
}

/** A program in ssh's place: its last word but one is the folder's name. */
function programTo(dir: string, socket: string): string {
  const file = path.join(dir, 'ssh.cjs')
  const lines = [
    `#!${process.execPath}`,
    `const socket = require('node:net').connect(${JSON.stringify(socket)})`,
    "const name = /([\\w-]+)'?$/.exec(process.argv.at(-1))[1]",
    "socket.write(name + '\\n')",
    'process.stdin.pipe(socket).pipe(process.stdout)',
    "socket.on('error', () => process.exit(255)).on('close', () => process.exit(0))",
  ]
  fs.writeFileSync(file, lines.join('\n'), { mode: 0o755 })
  return file
}

async function settingOf(cutter: PipeCutter): Promise<Setting> {
  const root = temporaryDir()
  const socket = path.join(root, 'socket')
  const server = net.createServer((connection) => {
    connection.on('error', () => undefined)
    // The first line says which folder.
    connection.once('data', (piece: Buffer) => {
      const end = piece.indexOf(10)
      cutter.serve(connection, path.join(root, piece.subarray(0, end).toString()))
      if (end + 1 < piece.length) connection.emit('data', piece.subarray(end + 1))
    })
  })
  await new Promise<void>((done) => server.listen(socket, done))
  listening.push(server)
  const environment = { ...process.env, VARVE_SSH: programTo(root, socket) }
  const local = await DiskStore.create(path.join(root, 'local'))
  await firstCommit(local)
  return {
    local,
    another: async () => ({ store: await DiskStore.create(path.join(temporaryDir(), 'store')) }),
    with: async (work, { name = 'r', cache = 'cache' } = {}) => {
      const options = { cacheDir: path.join(root, cache), environment, create: true }
      const signal = AbortSignal.timeout(30_000)
      const remote = await openRemote(`ssh://host/srv/${name}`, { ...options, signal })
      try {
        return await work(remote)
      } finally {
        await remote.close()
      }
    },
  }
}

const scenes = Object.entries({ firstPush, laterPush, cloneAndFetch })

for (const way of ['there', 'back'] as const) {
  test.each(scenes)(`a pipe of ssh that is cut on the way ${way}: %s`, async (_, scene) => {
    const cutter = new PipeCutter(way)
    const setting = await settingOf(cutter)
    const spoil: Spoil = async (n, work) => {
      cutter.set(n)
      await work()
      await cutter.ended()
      const { hasStruck } = cutter
      cutter.set(Number.POSITIVE_INFINITY)
      return hasStruck ? `piece ${n} on the way ${way}` : null
    }
    // Each turn costs a dozen processes.
    const count = await tryEach(setting, scene, spoil, { stride: 4, from: way === 'there' ? 0 : 1 })
    await setting.local.close()
    expect(count).toBeGreaterThan(3)
  })
}
