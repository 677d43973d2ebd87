// One after the other: who writes the files, or takes them for what the user wants to keep, waits until those who are
// writing them are done, for half of a checkout is nobody's work. The notes of checkouts tell; a process that is gone
// is not waited for.
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { pause } from '../../base/pause.ts'
import { checkoutsUnderWay } from './note.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'

const lookEveryMs = 20
const waitMs = 60_000

/**
 * To be called without a note of one's own, and after the manifest was read that is gone by: what it names has been begun.
 * @throws VarveError VARVE_NOT_POSSIBLE where one takes longer than a minute
 */
export async function awaitTurn(
  worktree: Worktree,
  { signal, onProgress }: WorktreeOptions = {},
): Promise<void> {
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
