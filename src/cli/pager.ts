// Long output on a terminal goes through the user's pager as it is made, so that its first screen is there at once. The
// pager is started with the first words of the answer. Whatever ends the command, the process waits until the pager has
// given the terminal back.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { VarveError } from '../base/errors.ts'
import { canRun, findProgram, startWords } from './find-program.ts'
import type { Environment } from './interface.ts'
import { readUserConfig } from './config/user-config.ts'

/** -F: end where it fits the screen, -R: colours, -X: leave it on the screen. */
const lessOptions = 'FRX'
const notRun = [126, 127]

/** $VARVE_PAGER, core.pager of the user's own settings, $PAGER, else `less` where it is; null: none. */
export async function pagerCommand(environment: Environment): Promise<string | null> {
  const configured = async (): Promise<string | undefined> =>
    (await readUserConfig(environment)).get('core.pager')
  const named = environment['VARVE_PAGER'] ?? (await configured()) ?? environment['PAGER']
  if (named !== undefined) return ['', 'cat'].includes(named.trim()) ? null : named
  const isDumb = ['', 'dumb'].includes(environment['TERM'] ?? '')
  return isDumb || findProgram('less', environment) === null ? null : 'less'
}

export class Pager {
  readonly command: string
  readonly #environment: Environment
  readonly #onQuit: () => void
  #child: ChildProcess | null = null
  #closed: Promise<void> = Promise.resolve()
  #ending = false
  #code: number | null = null

  /** `onQuit` is called when the reader left before all was written. */
  constructor(command: string, environment: Environment, onQuit: () => void) {
    this.command = command
    this.#environment = environment
    this.#onQuit = onQuit
  }

  /** Starts the pager, and returns the stream to write to; null when it cannot be run. */
  start(): Writable | null {
    if (!canRun(this.command, this.#environment)) return null
    const [program, ...args] = startWords(this.command)
    const child = spawn(program!, args, {
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { LESS: lessOptions, LV: '-c', ...this.#environment },
    })
    this.#child = child
    this.#closed = new Promise((resolve) => {
      child.once('error', () => resolve())
      child.once('close', (code) => {
        this.#code = code
        resolve()
        if (!this.#ending) this.#onQuit()
      })
    })
    return child.stdin
  }

  /** Lets the reader read to the end, and waits until the terminal is given back. */
  async end(): Promise<void> {
    if (this.#child === null) return
    this.#ending = true
    this.#child.stdin!.end()
    await this.#closed
  }

  /** Once it has ended. @throws VarveError VARVE_NOT_POSSIBLE where no shell could run it: nobody has seen anything */
  check(): void {
    if (this.#code !== null && notRun.includes(this.#code)) throw cannotRun(this.command)
  }
}

function cannotRun(command: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `the pager '${command}' cannot be run`, {
    hint: "name another in $VARVE_PAGER, or use '--no-pager'",
  })
}
