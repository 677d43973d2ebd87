// The fencing token of a link: of two workers that run it, only the one that took over last may write.
import { VarveError } from '../base/errors.ts'

/** For a worker that finds a higher fence than its own where it writes; its transaction is then rolled back. */
export function takenOverError(link: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `another worker has taken over the link '${link}'`, {
    data: { link, passing: true },
    hint: 'nothing was written; let only one worker run, or run this one again',
  })
}
