// Finishes checkouts that were cut short, when a repository is opened, and before its files are written or staged.
import { VarveError, isVarveError } from '../../base/errors.ts'
import type { Worktree } from '../interface.ts'
import {
  type CheckoutIntent,
  type CheckoutNote,
  abandonNote,
  notesLeftBehind,
  removeNote,
  takeNote,
} from './note.ts'

/** To be called when a repository is opened; costs one look into a folder when there is nothing to do. */
export async function recover(worktree: Worktree): Promise<void> {
  for (const left of notesLeftBehind(worktree)) {
    if (left.intent === null) removeNote(worktree, left)
    else await finish(worktree, left, left.intent)
  }
}

/** By one at a time: two who write the same files would take each other for the user. */
async function finish(worktree: Worktree, left: CheckoutNote, intent: CheckoutIntent): Promise<void> {
  const note = takeNote(worktree, left, intent)
  if (note === null) return
  try {
    const { finishCheckout } = await import('./roll-forward.ts')
    await finishCheckout(worktree, intent)
  } catch (error) {
    abandonNote(worktree, note)
    throw error
  }
  removeNote(worktree, note)
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
