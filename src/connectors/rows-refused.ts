// A receiver that works, and will not have some messages of a batch for what is in them: too long, against its rules. The
// others may be sent again without them.
import { type ErrorFacts, VarveError } from '../base/errors.ts'

export class RowsRefused extends VarveError {
  /** Which, by id; null where it refuses the batch and does not say for which. */
  readonly ids: ReadonlySet<string> | null

  constructor(
    message: string,
    options: { ids: ReadonlySet<string> | null; data?: ErrorFacts; hint?: string; cause?: unknown },
  ) {
    super('VARVE_REFUSED', message, options)
    this.ids = options.ids
  }
}
