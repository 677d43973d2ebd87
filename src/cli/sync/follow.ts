// `varve sync --follow`: all chosen links at once, a receipt for each round that did something. Ctrl-C ends it between
// two steps; what a link throws ends the others too.
import type { Context } from '../interface.ts'
import type { Link, Receipt, Repository } from '../../index.ts'
import { visible } from '../visible.ts'
import { type RoundWatcher, naming } from './every.ts'
import { printReceipts } from './reports.ts'

export interface FollowInput {
  readonly links: readonly Link[]
  readonly compareMs: number | null
  readonly watcher: RoundWatcher | null
}

export async function followLinks(
  context: Context,
  repo: Repository,
  { links, compareMs, watcher }: FollowInput,
): Promise<number> {
  const { operation, out } = context
  const over = new AbortController()
  const stop = (): void => over.abort()
  operation.signal?.addEventListener('abort', stop)
  if (operation.signal?.aborted === true) stop()
  const one = async ({ name }: Link): Promise<void> => {
    const onBroken = (error: Error, waitMs: number): void => {
      watcher?.failed(name)
      out.warn(`${visible(name)}: ${visible(error.message)}; trying again in ${waitMs / 1000} s`)
    }
    const options = {
      ...operation,
      signal: over.signal,
      onBroken,
      onRound: (receipt: Receipt) => watcher?.done(receipt),
      ...(compareMs === null ? {} : { compareMs }),
    }
    for await (const receipt of repo.followLink(name, options)) {
      out.result({ items: [receipt] }, () => printReceipts(context, [receipt], 'round'))
      // Whoever waits for it must not wait for the next one.
      await out.flush()
    }
  }
  try {
    const named = (link: Link): Promise<void> =>
      one(link).catch((error: unknown) => {
        throw naming({ link: link.name, error }, links)
      })
    await Promise.all(links.map(named))
    return 0
  } finally {
    stop()
    operation.signal?.removeEventListener('abort', stop)
  }
}
