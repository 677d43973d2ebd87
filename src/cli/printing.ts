// What surrounds the work of a command: a place to print to, through a pager where one is due, and what Ctrl-C does. It
// ends when the pager has given the terminal back and all warnings are said.
import { writeSync } from 'node:fs'
import type { Environment } from './interface.ts'
import { Output } from './output.ts'
import type { Pager } from './pager.ts'
import type { ProgressPrinter } from './progress.ts'
import type { Settings } from './settings.ts'
import { Stop } from './stop.ts'
import { visible } from './visible.ts'

/** As a shell reports a process that SIGPIPE ended. */
const exitClosed = 141

export interface PrintingContext {
  readonly settings: Settings
  readonly environment: Environment
  readonly version: string
}

interface Printing {
  readonly context: PrintingContext
  readonly pages: boolean
  readonly progress: ProgressPrinter
  readonly patienceMs?: number | undefined
  /** What to say where the work did not stop when it was told to, and the process ends amid it. */
  readonly lastWords?: () => string
}

/** Runs `work` with a place to print to, through a pager where one is due; resolves to the exit code. */
export async function printing(
  { context: { settings, environment }, pages, progress, patienceMs, lastWords }: Printing,
  work: (out: Output, stop: Stop) => Promise<number>,
): Promise<number> {
  const pager = pages && settings.pages ? await pagerFor(environment, () => out.close()) : null
  let complaints = ''
  const stop = new Stop({
    patienceMs,
    lastly: async () => {
      progress.end()
      await pager?.end()
      if (lastWords !== undefined) sayAtOnce(lastWords())
    },
  })
  // Nobody listens to complaints any more: nothing is left to do about it.
  process.stderr.on('error', () => {})
  // Once there is an answer, Output listens to its failures itself.
  process.stdout.on('error', () => {})
  const out: Output = new Output({
    ...settings,
    stdout: () => {
      if (pager === null) return process.stdout
      progress.end()
      const reader = pager.start()
      if (reader === null) complaints += `warning: no such pager: '${visible(pager.command)}'\n`
      return reader ?? process.stdout
    },
    complain: (text) => {
      // They would be drawn over what the reader is looking at.
      if (pager === null) process.stderr.write(text)
      else complaints += text
    },
    columns: process.stdout.columns,
    onClosed: () => stop.abort('EPIPE'),
  })
  // A reader who leaves a pager has seen what he wanted.
  const exitLeft = pager === null ? exitClosed : 0
  try {
    const code = await work(out, stop)
    await out.flush()
    return out.closed ? exitLeft : code
  } catch (error) {
    await out.flush()
    if (out.closed) return exitLeft
    throw error
  } finally {
    stop.done()
    await pager?.end()
    stop.close()
    process.stderr.write(complaints)
    pager?.check()
  }
}

/** The process ends right after it, and would take what a stream still holds with it. */
function sayAtOnce(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // Nobody listens.
  }
}

/** Loads the pager only when it is used: the code that starts programs costs every command a few milliseconds. */
async function pagerFor(environment: Environment, onQuit: () => void): Promise<Pager | null> {
  const { Pager: Opened, pagerCommand } = await import('./pager.ts')
  const command = await pagerCommand(environment)
  return command === null ? null : new Opened(command, environment, onQuit)
}
