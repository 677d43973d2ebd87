// The fence of a link: of two workers that run it, the one that took over last may write, and the other is told so.
import { VarveError } from '../base/errors.ts'

/** What a worker hears that finds a higher fence than its own where it writes, in a transaction that then is undone. */
export function overtaken(link: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `another worker has taken over the link '${link}'`, {
    data: { link, passing: true },
    hint: 'nothing was written; let only one worker run, or run this one again',
  })
}
