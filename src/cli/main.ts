// The command line: options before the command, the command (the only one that is loaded), its arguments, its run.
// Ctrl-C stops the work at the next safe point; what was published stays whole whenever the process ends.
import { type CommandFacts, commandFacts, commandHelp, overviewHelp } from './help.ts'
import { type Arguments, usage } from './arguments.ts'
import { findCommand } from './commands.ts'
import { commonOptions, leadingOptions } from './common-options.ts'
import { describeFailure, exitCodeOf, expectedFailure } from './failure.ts'
import { systemFailure } from '../base/system-error.ts'
import type { Command, CommandEntry, Environment } from './interface.ts'
import { Output } from './output.ts'
import { type Paint, choosePaint } from './paint.ts'
import { parseArguments } from './parse-arguments.ts'
import { type ProgressMode, ProgressPrinter } from './progress.ts'
import { Session } from './session.ts'
import { unknownCommand } from './unknown-command.ts'
import { visible } from './visible.ts'

/** As a shell reports a process that SIGPIPE ended. */
const exitClosed = 141
/** How long a command may take to stop cleanly. */
const patienceMs = 2000

interface Settings {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** As asked for; undefined: as fits. */
  readonly progress: string | undefined
  readonly paint: Paint
}

/** Runs one command line; resolves to the exit code. */
export async function main(
  argv: readonly string[],
  environment: Environment,
  version: string,
): Promise<number> {
  let settings = settingsOf([], environment)
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
    const { command } = await entry.load()
    const specs = { ...commonOptions, ...command.options }
    const parsed = parseArguments(rest, specs, { numberOption: command.numberOption })
    settings = settingsOf([leading, parsed], environment)
    if (leading.flag('help') || parsed.flag('help')) return await printHelp(entry, command, settings)
    return await run(command, parsed, { settings, environment, version })
  } catch (thrown) {
    const error = expectedFailure(thrown)
    await write(process.stderr, describeFailure(error, settings))
    return exitCodeOf(error)
  }
}

async function run(
  command: Command,
  parsed: Arguments,
  { settings, environment, version }: { settings: Settings; environment: Environment; version: string },
): Promise<number> {
  const stop = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    // The second one does not wait.
    const exit = (): never => process.exit(signal === 'SIGINT' ? 130 : 143)
    if (stop.signal.aborted) exit()
    stop.abort(signal)
    // Work that waits for somebody else (a pipe that sends nothing) never looks at the signal.
    setTimeout(exit, command.patienceMs ?? patienceMs).unref()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  const out = new Output({
    ...settings,
    stdout: process.stdout,
    stderr: process.stderr,
    onClosed: () => stop.abort('EPIPE'),
  })
  const progress = new ProgressPrinter(progressMode(settings), process.stderr)
  const session = new Session(environment, (message) => out.warn(visible(message)))
  try {
    const code = await command.run({
      arguments: parsed,
      out,
      environment,
      version,
      operation: { signal: stop.signal, onProgress: progress.report },
      repository: (needs) => session.repository(needs),
    })
    progress.end()
    await out.flush()
    return out.closed ? exitClosed : code
  } catch (error) {
    progress.end()
    await out.flush()
    if (out.closed) return exitClosed
    throw error
  } finally {
    await session.close()
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

function splitCommand(argv: readonly string[]): {
  leading: Arguments
  name: string | undefined
  rest: readonly string[]
} {
  let at = 0
  while (at < argv.length && argv[at]!.startsWith('-'))
    at += argv[at] === '-C' || argv[at] === '--directory' ? 2 : 1
  return {
    leading: parseArguments(argv.slice(0, at), leadingOptions),
    name: argv[at],
    rest: argv.slice(at + 1),
  }
}

function settingsOf(given: readonly Arguments[], environment: Environment): Settings {
  const has = (name: string): boolean => given.some((parsed) => parsed.flag(name))
  const asked = has('no-color') ? 'never' : has('color') ? 'always' : 'auto'
  return {
    json: has('json'),
    quiet: has('quiet'),
    verbose: has('verbose'),
    progress: has('no-progress') ? 'none' : given.map((parsed) => parsed.text('progress')).findLast(isGiven),
    paint: choosePaint(process.stdout.isTTY === true, environment, asked),
  }
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined
}

function progressMode(settings: Settings): ProgressMode {
  const { progress } = settings
  if (progress === 'bar' || progress === 'lines' || progress === 'json' || progress === 'none')
    return progress
  if (progress !== undefined)
    throw usage(`'--progress' is one of bar, lines, json and none, not '${progress}'`)
  if (settings.quiet) return 'none'
  if (process.stderr.isTTY === true) return 'bar'
  return settings.verbose ? 'lines' : 'none'
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
  await write(process.stdout, `${overviewHelp(settings.paint).join('\n')}\n`)
  return code
}

async function printHelp(entry: CommandEntry, command: Command, settings: Settings): Promise<number> {
  const facts = (): CommandFacts => commandFacts(entry, command)
  const text = settings.json
    ? JSON.stringify(facts())
    : commandHelp(entry, command, settings.paint).join('\n')
  await write(process.stdout, `${text}\n`)
  return 0
}

async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  stream.on('error', () => {})
  await new Promise<void>((resolve) => {
    stream.write(text, () => resolve())
  })
}
