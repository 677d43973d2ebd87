// The command line: options before the command, the command (the only one that is loaded), its arguments, its run.
// Ctrl-C stops the work at the next safe point; what was published stays whole whenever the process ends.
import { interruptedError, withWhatIsDone } from './already-done.ts'
import { commandFacts, commandHelp, overviewHelp } from './help/help.ts'
import { type Arguments, usage } from './arguments.ts'
import { findCommand } from './commands.ts'
import { commonOptions, leadingOptions } from './common-options.ts'
import { describeFailure, exitCodeOf, expectedFailure } from './failure.ts'
import { VarveError, isVarveError } from '../base/errors.ts'
import { systemFailure } from '../base/system-error.ts'
import type { Command, CommandEntry, Environment } from './interface.ts'
import { countLeading, parseArguments } from './parse-arguments.ts'
import { type PrintingContext, printing } from './printing.ts'
import { ProgressPrinter } from './progress.ts'
import { Session } from './session.ts'
import { type Settings, isOn, progressMode, settingsOf } from './settings.ts'
import { unknownCommand } from './unknown-command.ts'
import type { OnWait } from '../base/telling-wait.ts'
import { visible } from './visible.ts'

/** Runs one command line; resolves to the exit code. */
export async function main(
  argv: readonly string[],
  environment: Environment,
  version: string,
): Promise<number> {
  let settings = settingsOf([], environment)
  let known: string | undefined
  try {
    const { leading, name, rest } = splitCommand(argv)
    // Looked for before parsing, so that a wrong command or option is reported as JSON too.
    const json = argv.includes('--json')
    settings = { ...settingsOf([leading], environment), json }
    for (const directory of leading.list('directory')) changeDirectory(directory)
    if (leading.flag('version')) return await printVersion(settings, version)
    if (name === undefined) return await printOverview(settings, leading.flag('help') ? 0 : 2)
    const entry = findCommand(name)
    if (entry === undefined) throw unknownCommand(name)
    known = name
    const { command } = await entry.load()
    const specs = { ...commonOptions, ...command.options }
    const literalPaths = leading.flag('literal-pathspecs') || isOn(environment, 'VARVE_LITERAL_PATHSPECS')
    const parsed = parseArguments(rest, specs, { ...command, literalPaths })
    settings = settingsOf([leading, parsed], environment)
    const context = { settings, environment, version }
    if (leading.flag('help') || parsed.flag('help')) return await printHelp(entry, command, context)
    return await run(command, parsed, context)
  } catch (thrown) {
    const error = withHelp(expectedFailure(thrown), known)
    await write(process.stderr, describeFailure(error, settings))
    return exitCodeOf(error)
  }
}

async function run(command: Command, parsed: Arguments, context: PrintingContext): Promise<number> {
  const { settings, environment, version } = context
  const progress = new ProgressPrinter(progressMode(settings), process.stderr)
  const pages = command.pages?.(parsed) === true
  let session: Session | null = null
  const lastWords = (): string =>
    describeFailure(interruptedError(session?.isOpen === true ? session.done : null), settings)
  const { patienceMs } = command
  return printing({ context, pages, progress, patienceMs, lastWords }, async (out, stop) => {
    const own = new Session(environment, {
      onWarning: (message) => out.warn(visible(message)),
      onUpkeep: (message) => tellNews(message, settings),
      onWait: tellingOnce(progress, settings),
    })
    session = own
    try {
      const code = await command.run({
        arguments: parsed,
        out,
        environment,
        version,
        get interactive() {
          return process.getBuiltinModule('node:tty').isatty(0) && out.terminal && !out.json
        },
        handOver: async (work) => {
          progress.pause()
          await out.flush()
          return stop.away(work)
        },
        operation: { signal: stop.signal, onProgress: progress.report },
        repository: (needs) => own.repository(needs),
      })
      await out.flush()
      return code
    } catch (error) {
      throw withWhatIsDone(expectedFailure(error), own.done)
    } finally {
      progress.end()
      stop.done()
      await own.close()
    }
  })
}

/** An error of a command line without a hint gets one that names the command's help. */
function withHelp(error: Error, name: string | undefined): Error {
  if (name === undefined || !isVarveError(error, 'VARVE_USAGE') || error.hint !== undefined) return error
  const { message, data, cause } = error
  return new VarveError('VARVE_USAGE', message, { data, cause, hint: `see 'varve help ${name}'` })
}

function splitCommand(argv: readonly string[]): {
  leading: Arguments
  name: string | undefined
  rest: readonly string[]
} {
  const at = countLeading(argv, leadingOptions)
  return {
    leading: parseArguments(argv.slice(0, at), leadingOptions),
    name: argv[at],
    rest: argv.slice(at + 1),
  }
}

function changeDirectory(directory: string): void {
  try {
    process.chdir(directory)
  } catch (error) {
    const said = systemFailure(error, `cannot change to '${directory}'`, directory)
    throw said === null ? error : usage(said.message)
  }
}

async function printVersion(settings: Settings, version: string): Promise<number> {
  await write(process.stdout, settings.json ? `${JSON.stringify({ version })}\n` : `varve ${version}\n`)
  return 0
}

async function printOverview(settings: Settings, code: number): Promise<number> {
  await write(process.stdout, `${overviewHelp(settings.paint, process.stdout.columns ?? 100).join('\n')}\n`)
  return code
}

async function printHelp(entry: CommandEntry, command: Command, context: PrintingContext): Promise<number> {
  const progress = new ProgressPrinter('none', process.stderr)
  return printing({ context, pages: true, progress }, async (out) => {
    out.result(commandFacts(entry, command), () => {
      for (const line of commandHelp(entry, command, out.paint, out.width)) out.line(line)
    })
    return 0
  })
}

/** Prints at once, on a terminal only, what is done besides the command's own work. */
function tellNews(message: string, { quiet, json, paint }: Settings): void {
  if (process.stderr.isTTY === true && !quiet && !json) process.stderr.write(`${paint('dim', message)}\n`)
}

/** Says who is waited for: each once, as a link that keeps running asks again and again. */
function tellingOnce(progress: ProgressPrinter, { quiet, json, paint }: Settings): OnWait {
  const told = new Set<string>()
  return ({ location, msMax }) => {
    if (quiet || json || told.has(location)) return
    told.add(location)
    progress.pause()
    const long =
      msMax === null ? '' : `, for ${msMax < 60_000 ? `${msMax / 1000} s` : `${msMax / 60_000} min`} at most`
    process.stderr.write(`${paint('dim', `waiting for an answer from '${visible(location)}'${long}`)}\n`)
  }
}

async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  stream.on('error', () => {})
  await new Promise<void>((resolve) => {
    stream.write(text, () => resolve())
  })
}
