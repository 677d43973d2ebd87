// Runs one of the user's programs, without a shell. What it prints is bounded; it may ask its user for a passphrase, on the
// terminal or by an agent, so it has as long as that takes.
import { spawn } from 'node:child_process'
import { isatty } from 'node:tty'
import { VarveError, throwIfAborted } from '../base/errors.ts'
import type { SigningContext } from './interface.ts'

/** A signature and what is said about it are far shorter. */
const outputBytesMax = 1 << 20

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The program is not there, or cannot be run. */
export class NoProgram extends Error {}

/** Ends with whatever exit code. Without `input` it may ask on the caller's terminal, if there is one. @throws NoProgram */
export async function run(
  { environment, signal }: SigningContext,
  program: string,
  words: readonly string[],
  input?: Uint8Array,
): Promise<Ran> {
  throwIfAborted(signal)
  // Where nobody sits, a question would wait for ever, or be answered by what comes in there for others.
  const asks = isatty(0) ? 'inherit' : 'ignore'
  const child = spawn(program, words, {
    env: { ...environment },
    stdio: [input === undefined ? asks : 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  })
  const stop = (): void => void child.kill()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(new NoProgram(error.message, { cause: error })))
      child.once('close', (code) => resolve(code ?? 128))
    })
    // One that does not want all of it says why in another way.
    child.stdin?.on('error', () => undefined).end(input)
    const [code, stdout, stderr] = await Promise.all([
      ended,
      textOf(child.stdout!, program, stop),
      textOf(child.stderr!, program, stop),
    ])
    throwIfAborted(signal)
    return { code, stdout, stderr }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

async function textOf(stream: AsyncIterable<Uint8Array>, program: string, stop: () => void): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of stream) {
    length += part.length
    if (length > outputBytesMax) {
      stop()
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${program}' prints more than ${outputBytesMax} bytes`, {
        hint: 'run it by hand to see what it says',
      })
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

const homes = {
  openpgp: { name: 'gpg', setting: 'gpg.program', package: 'GnuPG' },
  ssh: { name: 'ssh-keygen', setting: 'gpg.ssh.program', package: 'OpenSSH' },
  x509: { name: 'gpgsm', setting: 'gpg.x509.program', package: 'GnuPG' },
} as const

/** The program for a format of signatures. */
export function programFor(format: keyof typeof homes, { settings }: SigningContext): string {
  return settings.programs?.[format] ?? homes[format].name
}

/** What to do about a program that is not there. */
export function programHint(format: keyof typeof homes): string {
  const { name, setting, package: from } = homes[format]
  return `install ${from}, or say where '${name}' is: 'varve config --global ${setting} PATH'`
}
