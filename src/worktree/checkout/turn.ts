// One after the other: who writes the files, or takes them for what the user wants to keep, waits until those who are
// writing them are done, for half of a checkout is nobody's work. The notes of checkouts tell; what a process that is gone
// has left half done is finished first, for it may have gone after this one opened the repository.
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { pause } from '../../base/pause.ts'
import { checkoutsUnderWay } from './note.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import { tryRecover } from './recover.ts'

const lookEveryMs = 20
const waitMs = 60_000

/**
 * For who takes the files for what the user wants. To be called without a note of one's own, and after the manifest was
 * read that is gone by: what it names has been begun.
 * @throws VarveError VARVE_NOT_POSSIBLE where one takes longer than a minute; why one that was cut short cannot be finished
 */
export async function awaitWholeFiles(worktree: Worktree, options: WorktreeOptions = {}): Promise<void> {
  const fault = await awaitTurn(worktree, options)
  if (fault !== null) throw fault
}

/** The same for who writes files. Returns why a checkout that was cut short cannot be finished: going back may be what helps. */
export async function awaitTurn(
  worktree: Worktree,
  options: WorktreeOptions = {},
): Promise<VarveError | null> {
  for (;;) {
    await awaitOthers(worktree, options)
    const fault = await tryRecover(worktree)
    // What was left may be another's now.
    if (fault !== null || checkoutsUnderWay(worktree).length === 0) return fault
  }
}

async function awaitOthers(worktree: Worktree, { signal, onProgress }: WorktreeOptions): Promise<void> {
  const endMs = performance.now() + waitMs
  for (;;) {
    const [pid] = checkoutsUnderWay(worktree)
    if (pid === undefined) return
    throwIfAborted(signal)
    if (performance.now() > endMs) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `another command is still writing files (process ${pid})`, {
        data: { pid },
        hint: 'let it end, or end it: the next command finishes what it has begun',
      })
    }
    onProgress?.({ phase: 'waiting for another command', done: 0, total: 0, unit: 'files' })
    await pause(lookEveryMs, signal)
  }
}
