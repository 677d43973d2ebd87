// The system's ssh, with `varve serve --stdio` at its other end, as a connection that HTTP is spoken over. How to get in
// (keys, agents, jump hosts, questions on the terminal) is ssh's business; what it says when it fails is shown.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { VarveError } from '../../../base/errors.ts'
import { pipeGreeting } from './greeting.ts'
import { PipeConnection } from './pipe-connection.ts'

const noiseBytesMax = 64 << 10
const saidBytesMax = 4096

export interface SshRun {
  readonly program: string
  readonly arguments: readonly string[]
  /** For messages. */
  readonly location: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
}

/** Resolves when the server at the other end has greeted. @throws VarveError VARVE_UNREACHABLE */
export async function connectBySsh(run: SshRun): Promise<Duplex> {
  const child = spawn(run.program, run.arguments, {
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: false,
    windowsHide: true,
    env: { ...run.environment },
    ...(run.signal === undefined ? {} : { signal: run.signal }),
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-saidBytesMax)))
  child.stdin.on('error', () => {})
  try {
    await greeted(child, run, () => said)
  } catch (error) {
    child.kill()
    throw error
  }
  return connectionOf(child)
}

/** Reads up to the greeting, and not a byte further. */
function greeted(child: ChildProcess, run: SshRun, said: () => string): Promise<void> {
  const { stdout } = child as ChildProcess & { stdout: NodeJS.ReadableStream }
  return new Promise((done, failed) => {
    let seen = Buffer.alloc(0)
    const settle = (end: () => void): void => {
      stdout.off('readable', onReadable)
      child.off('error', onError).off('close', onClose)
      end()
    }
    const onReadable = (): void => {
      for (let part = stdout.read() as Buffer | null; part !== null; part = stdout.read() as Buffer | null) {
        seen = Buffer.concat([seen, part])
        const at = greetingIn(seen)
        if (at >= 0) {
          const rest = seen.subarray(at + pipeGreeting.length)
          if (rest.length > 0) stdout.unshift(rest)
          settle(done)
          return
        }
        if (seen.length > noiseBytesMax) {
          settle(() => failed(unreachable(run, 'something else than varve answers there')))
          return
        }
      }
    }
    const onError = (cause: Error): void => settle(() => failed(unreachable(run, cause.message, cause)))
    const onClose = (code: number | null): void =>
      settle(() => failed(unreachable(run, lastLines(said()) || `ssh ended with ${code ?? 'a signal'}`)))
    stdout.on('readable', onReadable)
    child.on('error', onError).on('close', onClose)
  })
}

/** Where the greeting stands at the beginning of a line, or -1. */
function greetingIn(bytes: Buffer): number {
  for (let at = bytes.indexOf(pipeGreeting); at >= 0; at = bytes.indexOf(pipeGreeting, at + 1))
    if (at === 0 || bytes[at - 1] === 10) return at
  return -1
}

function connectionOf(child: ChildProcess): Duplex {
  const connection = new PipeConnection(child.stdout!, child.stdin!, () => void child.kill())
  // Its errors are the business of whoever speaks over it, who hears of them; a late one is of no interest.
  connection.on('error', () => {})
  return connection
}

function lastLines(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim())
  return lines
    .filter((line) => line !== '')
    .slice(-4)
    .join('; ')
}

function unreachable({ location, program }: SshRun, why: string, cause?: unknown): VarveError {
  const isAbsent = (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
  return new VarveError('VARVE_UNREACHABLE', `cannot reach '${location}': ${why}`, {
    cause,
    data: { location },
    hint: isAbsent
      ? `there is no program '${program}'; install OpenSSH, or name another in VARVE_SSH`
      : `try 'ssh' by hand; varve must be installed there and in the PATH`,
  })
}
