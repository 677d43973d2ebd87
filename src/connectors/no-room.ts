// A receiver that works, and has no room for some messages of a batch now: a queue that is full until its readers catch up.
// It passes, with somebody's help: whoever tells it waits a while, and sends those again.
import { type ErrorFacts, VarveError } from '../base/errors.ts'
import type { RowMessage } from './sink.ts'

export class NoRoom extends VarveError {
  /** Ids of the messages that were not kept. */
  readonly left: ReadonlySet<string>

  /** `where` is the receiver, without secrets; `words` are its own. */
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
