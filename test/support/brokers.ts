// Real servers that rows are sent to, for tests: each a process of its own in a temporary folder, on a port of loopback
// that was free a moment ago. It ends with the tests. Where a server is not installed, tests say so in their names.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { freePort } from './free-port.ts'

export interface Broker {
  readonly port: number
  readonly dir: string
  /** As kill -9; `start` brings it back with what it had on disk. */
  kill(): Promise<void>
  start(): Promise<void>
  /** Tells it to read its settings again, say. */
  signal(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

export interface BrokerCommand {
  readonly program: string
  /** Called when port and folder are known; may write files there. */
  readonly args: (port: number, dir: string) => readonly string[]
  readonly env?: (port: number, dir: string) => Readonly<Record<string, string>>
}

/** Where a program is, or null. */
export function programAt(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file)) ?? null
}

export async function startBroker(command: BrokerCommand, waitMs = 60_000): Promise<Broker> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-broker-'))
  const port = await freePort()
  let server: ChildProcess | null = null
  const start = async (): Promise<void> => {
    const env = { PATH: process.env['PATH'], HOME: dir, ...command.env?.(port, dir) }
    const child = spawn(command.program, command.args(port, dir), {
      cwd: dir,
      env,
      stdio: 'ignore',
      detached: true,
    })
    server = child
    const end = Date.now() + waitMs
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`${command.program} ended with ${child.exitCode}`)
      if (Date.now() > end) throw new Error(`${command.program} does not answer`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server === null) return
    const { pid, exitCode, signalCode } = server
    const how = exitCode ?? signalCode
    const ended = how === null ? once(server, 'exit') : null
    server = null
    if (ended === null) throw new Error(`${command.program} has ended by itself: ${how}`)
    // With all that it started: it leads a process group of its own.
    process.kill(-pid!, signal)
    await ended
  }
  await start()
  return {
    port,
    dir,
    start,
    signal: (signal) => void server?.kill(signal),
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGKILL')
      fs.rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1')
    const say = (yes: boolean) => (): void => {
      socket.destroy()
      done(yes)
    }
    socket.once('connect', say(true)).once('error', say(false))
  })
}
