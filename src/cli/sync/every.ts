// `varve sync`: one round of each chosen link, or, with --every and --listen, one round after the other. A link that
// fails does not stop the others: it is tried again after pauses that grow.
import type { Receiver } from '../../connectors/webhook/receiver.ts'
import type { Link, LinkSyncOptions, Receipt, Repository } from '../../index.ts'
import type { Context } from '../interface.ts'
import { codeOf } from './decisions.ts'
import { type LinkFailure, LinkFaults, firstOf } from './link-faults.ts'
import { Schedule } from './schedule.ts'
import { ToldRounds } from './told-rounds.ts'

/** Who wants to know how rounds end. */
export interface RoundWatcher {
  done(receipt: Receipt): void
  failed(link: string): void
}

export interface Rounds {
  readonly links: readonly Link[]
  readonly options: LinkSyncOptions
  /** null: one round, or one for each hook. */
  readonly everyMs: number | null
  /** Where hooks come in that start rounds. */
  readonly receiver: Receiver | null
  readonly watcher: RoundWatcher | null
}

export async function runRounds(context: Context, repo: Repository, rounds: Rounds): Promise<number> {
  const { links, options, everyMs, receiver, watcher } = rounds
  const goesOn = everyMs !== null || receiver !== null
  const schedule = new Schedule({ links, everyMs, receiver, signal: options.signal })
  const faults = new LinkFaults(context, links)
  const told = new ToldRounds()
  for (let due = links; ;) {
    const receipts: Receipt[] = []
    const errors: LinkFailure[] = []
    const round = async ({ name }: Link): Promise<void> => {
      if (faults.isWaiting(name)) return
      try {
        const receipt = await repo.sync(name, goesOn ? { ...options, retries: 0 } : options)
        receipts.push(receipt)
        watcher?.done(receipt)
        faults.mended(name)
      } catch (error) {
        watcher?.failed(name)
        if (goesOn) faults.failed(name, error)
        else errors.push({ link: name, error })
      }
    }
    for (const link of due) await round(link)
    // What a link has brought into the branch goes to those whose rounds came before, too.
    for (const link of leftBehind(due, receipts)) await round(link)
    if (receipts.length > 0) context.out.result({ items: receipts }, () => told.print(context, receipts))
    if (errors.length > 0) throw firstOf(context, errors, links)
    await context.out.flush()
    if (!goesOn) return codeOf(receipts)
    due = await schedule.due(faults.again)
    if (options.signal?.aborted === true) {
      faults.ended()
      return 0
    }
  }
}

/** Links that write, and whose tables the round of another has changed on the branch since theirs. */
function leftBehind(links: readonly Link[], receipts: readonly Receipt[]): Link[] {
  const place = ({ branch }: Link, path: string): string => `${branch ?? ''} ${path}`
  const found = new Map(receipts.map((receipt) => [receipt.link, receipt]))
  const newest = new Map<string, string | undefined>()
  for (const link of links)
    for (const { path, after } of found.get(link.name)?.tables ?? [])
      newest.set(place(link, path), after.branch?.checksum)
  return links.filter(
    (link) =>
      link.mode !== 'capture' &&
      found
        .get(link.name)
        ?.tables.some(({ path, after }) => after.branch?.checksum !== newest.get(place(link, path))),
  )
}
