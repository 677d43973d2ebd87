// `varve sync --follow`: all chosen links at once, a receipt for each round that did something. Ctrl-C ends it between
// two steps. A link that fails does not stop the others: it is followed again after pauses that grow.
import { pause } from '../../base/pause.ts'
import type { Context } from '../interface.ts'
import type { Link, Receipt, Repository } from '../../index.ts'
import type { RoundWatcher } from './every.ts'
import { LinkFaults } from './link-faults.ts'
import { ToldRounds } from './told-rounds.ts'

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
  const faults = new LinkFaults(context, links)
  const over = new AbortController()
  const told = new ToldRounds()
  const stop = (): void => over.abort()
  operation.signal?.addEventListener('abort', stop)
  if (operation.signal?.aborted === true) stop()
  const one = async ({ name }: Link): Promise<void> => {
    const onBroken = (error: Error): void => {
      watcher?.failed(name)
      faults.failed(name, error)
      // Nothing else is printed until the endpoint answers.
      void out.flush()
    }
    const options = {
      ...operation,
      signal: over.signal,
      onBroken,
      onRound: (receipt: Receipt) => {
        watcher?.done(receipt)
        if (faults.mended(name)) void out.flush()
      },
      ...(compareMs === null ? {} : { compareMs }),
    }
    for await (const receipt of repo.followLink(name, options)) {
      out.result({ items: [receipt] }, () => told.print(context, [receipt]))
      // Whoever waits for it must not wait for the next one.
      await out.flush()
    }
  }
  const onAndOn = async (link: Link): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        await one(link)
      } catch (error) {
        watcher?.failed(link.name)
        faults.failed(link.name, error)
        await out.flush()
        await pause(faults.again.get(link.name)!.againMs - Date.now(), over.signal)
      }
    }
  }
  try {
    await Promise.all(links.map(onAndOn))
    faults.ended()
    return 0
  } finally {
    stop()
    operation.signal?.removeEventListener('abort', stop)
  }
}
