// Runs the system's `git`, without a shell. Git itself rather than a library: it knows ssh, credential helpers,
// proxies and certificates as the user has set them up, and it streams packs of 64 MiB that isomorphic-git would hold
// in memory whole. What it prints is bounded; when the work is given up Git
// and its helpers are ended.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { VarveError, corrupt, throwIfAborted } from '../../../base/errors.ts'
import { type Environment, settingArguments } from './environment.ts'

const messageBytesMax = 16 << 10
const outputBytesMaxDefault = 1 << 20
const graceMs = 3000

export interface GitProgram {
  readonly environment: Environment
  /** A folder with nothing of anybody's in it. */
  readonly dir: string
  readonly signal?: AbortSignal | undefined
}

export interface GitFinished {
  readonly code: number
  readonly stdout: Uint8Array
  /** The end of what it said. */
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: AsyncIterable<Uint8Array>
  readonly outputBytesMax?: number
  readonly onMessage?: ((text: string) => void) | undefined
}

/** Ends with whatever exit code; the caller judges. @throws VarveError VARVE_NOT_POSSIBLE without git */
export async function runGit(
  git: GitProgram,
  words: readonly string[],
  options: RunOptions = {},
): Promise<GitFinished> {
  throwIfAborted(git.signal)
  const child = spawn('git', [...settingArguments, ...words], {
    env: git.environment,
    cwd: git.dir,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    detached: isGroup(git),
  })
  let closed = false
  child.once('close', () => (closed = true))
  const stop = (): void => {
    if (!closed) end(child, git)
  }
  git.signal?.addEventListener('abort', stop, { once: true })
  try {
    const [stdout, stderr, fed, [code]] = await Promise.all([
      collect(child, options.outputBytesMax ?? outputBytesMaxDefault),
      listen(child, options.onMessage),
      feed(child, options.input, stop),
      once(child, 'close') as Promise<[number | null]>,
    ])
    throwIfAborted(git.signal)
    if (fed !== null) throw fed
    return { code: code ?? 128, stdout, stderr }
  } catch (error) {
    stop()
    throw started(error)
  } finally {
    git.signal?.removeEventListener('abort', stop)
  }
}

/** Appends what Git prints to an open file, at once: for reads that cannot wait. */
export function runGitInto(git: GitProgram, words: readonly string[], fd: number): void {
  const { error, status, stderr } = spawnSync('git', [...settingArguments, ...words], {
    env: git.environment,
    cwd: git.dir,
    stdio: ['ignore', fd, 'pipe'],
    windowsHide: true,
  })
  if (error !== undefined) throw started(error)
  if (status !== 0) throw unreadable(String(stderr))
}

/** Runs Git with a blocking call; returns what it prints. */
export function runGitForOutput(
  git: GitProgram,
  words: readonly string[],
  input: string,
  outputBytesMax: number,
): Uint8Array {
  const { error, status, stderr, stdout } = spawnSync('git', [...settingArguments, ...words], {
    env: git.environment,
    cwd: git.dir,
    input,
    maxBuffer: outputBytesMax,
    windowsHide: true,
  })
  // Git that gives up before it has read all that it is asked for says why.
  const isLeft = (error as NodeJS.ErrnoException | undefined)?.code === 'EPIPE'
  if (error !== undefined && !isLeft) throw started(error)
  if (isLeft || status !== 0) throw unreadable(String(stderr))
  return stdout
}

/** What Git says first is often not the fault: 'remote:' lines and hints come around it. */
export function lastLine(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const fault = lines.findLast((line) => /^(fatal|error):/.test(line)) ?? lines.at(-1) ?? 'no reason given'
  return withoutSecrets(fault.replace(/^(fatal|error): /, '')).slice(0, 500)
}

function withoutSecrets(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@'"]*@/gi, '$1')
}

async function collect(child: ChildProcess, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of child.stdout as AsyncIterable<Uint8Array>) {
    length += piece.length
    if (length > bytesMax) throw corrupt('the remote has more files than any store', { bytesMax })
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

async function listen(child: ChildProcess, onMessage: ((text: string) => void) | undefined): Promise<string> {
  let text = ''
  for await (const piece of child.stderr as AsyncIterable<Uint8Array>) {
    const said = Buffer.from(piece).toString('utf8')
    text = (text + said).slice(-messageBytesMax)
    onMessage?.(said)
  }
  return text
}

/** The source's own failure, or null. That Git stopped reading shows in its exit code. */
async function feed(
  child: ChildProcess,
  input: AsyncIterable<Uint8Array> | undefined,
  stop: () => void,
): Promise<unknown> {
  const stdin = child.stdin!
  if (input === undefined) {
    stdin.on('error', () => undefined)
    stdin.end()
    return null
  }
  try {
    await pipeline(Readable.from(input), stdin)
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE') return null
    stop()
    return error
  }
}

/**
 * Git talks through helper processes that outlive it when it is killed; a group of their own is ended together. Only
 * when somebody wants to be asked for a password must Git stay in the terminal's group.
 */
function isGroup(git: GitProgram): boolean {
  return process.platform !== 'win32' && git.environment['GIT_TERMINAL_PROMPT'] === '0'
}

function end(child: ChildProcess, git: GitProgram): void {
  const { pid } = child
  if (pid === undefined) return
  const kill = (signal: NodeJS.Signals): void => {
    try {
      process.kill(isGroup(git) ? -pid : pid, signal)
    } catch {
      // All of them have ended.
    }
  }
  kill('SIGTERM')
  const timer = setTimeout(() => kill('SIGKILL'), graceMs).unref()
  child.once('close', () => clearTimeout(timer))
}

function unreadable(stderr: string): VarveError {
  return new VarveError('VARVE_CORRUPT', `the copy of a remote's data cannot be read: ${lastLine(stderr)}`, {
    hint: 'run the command again: the copy is made anew',
  })
}

function started(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' || syscall?.startsWith('spawn') !== true) return error
  return new VarveError('VARVE_NOT_POSSIBLE', 'data on Git hosts is reached by git, which was not found', {
    cause: error,
    hint: 'install git, or put it on the PATH',
  })
}
