// Finishes checkouts that were cut short, when a repository is opened.
import { VarveError, isVarveError } from '../../base/errors.ts'
import type { Worktree } from '../interface.ts'
import { notesLeftBehind, removeNote } from './note.ts'

/** To be called when a repository is opened; costs one look into a folder when there is nothing to do. */
export async function recover(worktree: Worktree): Promise<void> {
  for (const note of notesLeftBehind(worktree)) {
    if (note.intent !== null) {
      const { finishCheckout } = await import('./roll-forward.ts')
      await finishCheckout(worktree, note.intent)
    }
    removeNote(worktree, note)
  }
}

/**
 * As recover, for whoever has other things to do: what cannot be finished now (a folder that may not be written to, a damaged
 * table) must keep nobody from looking, or from going back. Returns why; then nothing may be staged, for the files that are
 * behind would be taken for the user's.
 */
export async function tryRecover(worktree: Worktree): Promise<VarveError | null> {
  try {
    await recover(worktree)
    return null
  } catch (cause) {
    if (!isVarveError(cause)) throw cause
    return new VarveError(
      cause.code,
      `a checkout that was cut short cannot be finished, and files still show what was before it: ${cause.message}`,
      { data: cause.data, cause, hint: "put right what is in its way, or go back with 'varve undo'" },
    )
  }
}
