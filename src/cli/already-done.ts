// What a command had done when it failed or was stopped. It stays done, so the error says so.
import { type ErrorCode, VarveError, isVarveError, stoppedEarly } from '../base/errors.ts'
import type { Operation } from '../store/interface.ts'
import { visible } from './visible.ts'

/** Faults that can strike after a part of the work: the others are answers, given before anything is changed. */
const anyTime: ReadonlySet<ErrorCode> = new Set([
  'VARVE_ABORTED',
  'VARVE_IO',
  'VARVE_DISK_FULL',
  'VARVE_CORRUPT',
  'VARVE_OBJECT_MISSING',
  'VARVE_UNREACHABLE',
])
/** Operations that exchanged data with remotes and live systems: 'varve undo' skips them, and undoes the one before. */
const ofOthers: ReadonlySet<string> = new Set(['fetch', 'push', 'sync'])
const shownMax = 3

/** The same error, which says that too. `moved`: what has moved in the repository, oldest first. */
export function withWhatIsDone(error: Error, moved: readonly Operation[]): Error {
  const done = standing(moved)
  if (done.length === 0 || !isVarveError(error) || !anyTime.has(error.code)) return error
  const { code } = error
  const shown = done.slice(-shownMax).map(({ name, message }) => {
    return visible(message === '' ? `'${name}'` : `'${name}: ${message}'`)
  })
  const more = done.length > shownMax ? `${done.length - shownMax} more, ` : ''
  const undo = ofOthers.has(done.at(-1)!.name) ? '' : `; 'varve undo' takes back the last of it`
  const kept = `done by then, and kept: ${more}${shown.join(', ')}${undo}`
  const message = error.message === stoppedEarly ? 'stopped before all of it was done' : error.message
  return new VarveError(code, message, {
    data: { ...error.data, done: done.map(({ name, message: text }) => ({ name, message: text })) },
    cause: message === error.message ? error.cause : error,
    hint: error.hint === undefined ? kept : `${error.hint}\n${kept}`,
  })
}

/** Without what the command itself has taken back: a commit that is not made stages nothing. */
function standing(moved: readonly Operation[]): Operation[] {
  const done: Operation[] = []
  for (const operation of moved)
    if (operation.name === 'undo' && done.length > 0) done.pop()
    else done.push(operation)
  return done
}

/** For a process that ends in the middle of work which did not stop when asked to. `done` is null without a repository. */
export function interruptedError(done: readonly Operation[] | null): Error {
  const hint =
    done === null
      ? 'run the same command again'
      : "what it was at may be done all the same: see 'varve reflog' and 'varve status' before you run it again"
  return withWhatIsDone(
    new VarveError('VARVE_ABORTED', 'ended at once, before the work had stopped by itself', { hint }),
    done ?? [],
  )
}
