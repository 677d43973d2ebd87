// A receiver that works, but is full: it kept some messages of a batch and has no room for others until its readers catch
// up. The error is transient: the sender waits a while, and sends the messages that were not kept again.
import { type ErrorFacts, VarveError } from '../base/errors.ts'
import type { RowMessage } from './sink.ts'

export class SinkFull extends VarveError {
  /** Ids of the messages that were not kept. */
  readonly left: ReadonlySet<string>

  /** `where` is the receiver, without secrets; `words` are the receiver's own. */
  constructor(
    where: string,
    words: string,
    { left, data, cause }: { left: Iterable<string>; data?: ErrorFacts; cause?: unknown },
  ) {
    super('VARVE_REFUSED', `'${where}' has no room for more now: ${words}`, {
      cause,
      data: { endpoint: where, passing: true, ...data },
      hint: 'let its readers catch up, or let it keep more, and run the command again',
    })
    this.left = new Set(left)
  }
}

export function idsOf(messages: readonly RowMessage[]): string[] {
  return messages.map(({ id }) => id)
}
