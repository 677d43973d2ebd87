// How a command prints, as its options, the environment and the terminal have it.
import { type Arguments, usage } from './arguments.ts'
import type { Environment } from './interface.ts'
import { type Paint, choosePaint } from './paint.ts'
import type { ProgressMode } from './progress.ts'
import { connectorFiles } from './user-connectors.ts'

export interface Settings {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** As asked for; undefined: as fits. */
  readonly progress: string | undefined
  readonly paint: Paint
  readonly terminal: boolean
  /** Long answers go through a pager. */
  readonly pages: boolean
  /** Modules of the user's own that may have run. */
  readonly modules: readonly string[]
}

export function settingsOf(given: readonly Arguments[], environment: Environment): Settings {
  const has = (name: string): boolean => given.some((parsed) => parsed.flag(name))
  const asked = has('no-color') ? 'never' : has('color') ? 'always' : 'auto'
  const terminal = process.stdout.isTTY === true
  return {
    json: has('json'),
    quiet: has('quiet'),
    verbose: has('verbose'),
    terminal,
    pages: terminal && !has('json') && !has('quiet') && !has('no-pager'),
    progress: has('no-progress') ? 'none' : given.map((parsed) => parsed.text('progress')).findLast(isGiven),
    paint: choosePaint(terminal, environment, asked),
    modules: connectorFiles(environment),
  }
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined
}

export function progressMode(settings: Settings): ProgressMode {
  const { progress } = settings
  if (progress === 'bar' || progress === 'lines' || progress === 'json' || progress === 'none')
    return progress
  if (progress !== undefined)
    throw usage(`'--progress' is one of bar, lines, json and none, not '${progress}'`)
  if (settings.quiet) return 'none'
  if (process.stderr.isTTY === true) return 'bar'
  return settings.verbose ? 'lines' : 'none'
}

/** A variable that says yes or no, as Git reads such. */
export function isOn(environment: Environment, name: string): boolean {
  const text = environment[name] ?? ''
  if (/^(0|false|no|off|)$/i.test(text)) return false
  if (/^([1-9]\d*|true|yes|on)$/i.test(text)) return true
  throw usage(`${name} is 'true' or 'false', not '${text}'`)
}
