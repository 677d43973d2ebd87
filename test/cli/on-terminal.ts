// The command line on a real terminal: a pseudo-terminal of 24 lines by 80 columns that `script` (util-linux) makes.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type RunOptions, identity, varveFile } from './varve.ts'

export interface Step {
  /** What has to be on the screen by now; all that was written since the last step is looked at. */
  readonly sees: string | RegExp
  /** Then typed. */
  readonly types: string
}

export interface OnTerminal {
  readonly code: number | null
  /** All that was written, escapes included, with '\n' at the ends of lines. */
  readonly screen: string
}

/** That of BSD and macOS has other options. */
export const hasScript: boolean = ranOf('script').includes('util-linux')
export const hasLess: boolean = hasScript && ranOf('less').startsWith('less ')

const waitMs = 20_000

function ranOf(program: string): string {
  return spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? ''
}

/** Runs `varve ARGS` (or in its place a line of shell) and types what the steps say. */
export async function onTerminal(
  args: readonly string[] | string,
  options: RunOptions & { readonly steps?: readonly Step[] },
): Promise<OnTerminal> {
  const line =
    typeof args === 'string' ? args : `exec "$NODE" "$VARVE" ${args.map((word) => quoted(word)).join(' ')}`
  const child = spawn('script', ['-qefc', `stty rows 24 cols 80; ${line}`, '/dev/null'], {
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: options.cwd,
      SHELL: '/bin/bash',
      TERM: 'xterm',
      NODE: process.execPath,
      VARVE: varveFile,
      ...identity,
      ...options.env,
    },
  })
  child.stdin.on('error', () => {})
  let screen = ''
  let seen = 0
  let wake = (): void => undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    wake()
  })
  const closed = once(child, 'close')
  for (const { sees, types } of options.steps ?? []) {
    const isThere = (): boolean =>
      typeof sees === 'string' ? screen.includes(sees, seen) : sees.test(screen.slice(seen))
    const deadline = Date.now() + waitMs
    while (!isThere()) {
      if (Date.now() > deadline || child.exitCode !== null) {
        child.kill()
        throw new Error(`never saw ${String(sees)} in ${JSON.stringify(screen)}`)
      }
      await new Promise<void>((resolve) => {
        wake = resolve
        setTimeout(resolve, 200)
      })
    }
    seen = screen.length
    child.stdin.write(types)
  }
  const [code] = (await closed) as [number | null]
  return { code, screen: screen.replaceAll('\r\n', '\n') }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
