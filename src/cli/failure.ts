// How an error ends a command: what is printed and which exit code it has. Expected failures show their message and
// hint; anything else is a bug of Varve and says so, with its stack.
import { pathToFileURL } from 'node:url'
import { type VarveError, isVarveError } from '../base/errors.ts'
import { bareSystemFailure } from '../base/system-error.ts'
import { toJson } from '../table/json.ts'
import type { Paint } from './paint.ts'
import { visible } from './visible.ts'

export interface FailureSettings {
  readonly json: boolean
  readonly verbose: boolean
  readonly paint: Paint
  /** Modules of the user's own that may have run. */
  readonly modules: readonly string[]
}

/** The text that goes to standard error. */
export function describeFailure(error: VarveError | Error, settings: FailureSettings): string {
  if (settings.json) return `${toJson({ error: errorDocument(error) })}\n`
  const { paint } = settings
  if (!isVarveError(error)) {
    const hint = `hint: this is a fault of ${culprit(error, settings.modules)}`
    return `${paint('red', 'internal error:')} ${error.stack ?? String(error)}\n${causes(error)}${paint('dim', hint)}\n`
  }
  let text = `${paint('red', 'error:')} ${error.message.split('\n').map(visible).join('\n')}\n`
  if (error.hint !== undefined)
    text += `${paint('dim', `hint: ${error.hint.split('\n').map(visible).join('\n      ')}`)}\n`
  if (settings.verbose) text += causes(error)
  return text
}

function culprit({ stack = '' }: Error, modules: readonly string[]): string {
  const module = modules.find((file) => stack.includes(file) || stack.includes(pathToFileURL(file).href))
  if (module === undefined) return 'varve; please report it with these lines'
  return `'${module}'; failures that it expects are a VarveError (docs/CONNECTORS.md)`
}

export function exitCodeOf(error: unknown): number {
  if (!isVarveError(error)) return 70
  return error.code === 'VARVE_ABORTED' && reasonOf(error) === 'SIGTERM' ? terminated : error.exitCode
}

/** As a shell reports a process that SIGTERM ended. */
const terminated = 143

/** What the signal was aborted with. */
function reasonOf(error: Error): unknown {
  let { cause } = error
  while (cause instanceof Error) cause = cause.cause
  return cause
}

/** Gives the errors of the operating system their code and words; others stay as they are. */
export function expectedFailure(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown))
  return isVarveError(thrown) ? thrown : (bareSystemFailure(thrown) ?? thrown)
}

function errorDocument(error: Error): object {
  if (isVarveError(error)) return error.toJSON()
  return { code: 'VARVE_INTERNAL', message: error.message, data: { stack: error.stack } }
}

function causes(error: Error): string {
  let text = ''
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    text += `caused by: ${visible(cause.message)}\n`
  return text
}
