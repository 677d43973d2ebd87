// `varve sync`: one round of each chosen link, or, with --every and --listen, one round after the other. A link that
// fails does not stop the others. After a transient error it waits, with pauses that grow; the error is reported once,
// and so is its end.
import { VarveError } from '../../base/errors.ts'
import type { Receiver } from '../../connectors/webhook/receiver.ts'
import type { Link, LinkSyncOptions, Receipt, Repository } from '../../index.ts'
import { mayPass, waitMs } from '../../sync/retry.ts'
import type { Context } from '../interface.ts'
import { visible } from '../visible.ts'
import { codeOf } from './decisions.ts'
import { printReceipts } from './reports.ts'
import { Schedule } from './schedule.ts'

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
  const broken = new Map<string, Broken>()
  for (let due = links; ;) {
    const receipts: Receipt[] = []
    const errors: LinkFailure[] = []
    const round = async ({ name }: Link): Promise<void> => {
      if ((broken.get(name)?.againMs ?? 0) > Date.now()) return
      try {
        const receipt = await repo.sync(name, goesOn ? { ...options, retries: 0 } : options)
        receipts.push(receipt)
        watcher?.done(receipt)
        if (broken.delete(name)) context.out.warn(`${visible(name)} answers again`)
      } catch (error) {
        watcher?.failed(name)
        if (!goesOn || !mayPass(error)) errors.push({ link: name, error })
        else broken.set(name, noted(context, name, error, broken.get(name)))
      }
    }
    for (const link of due) await round(link)
    // What a link has brought into the branch goes to those whose rounds came before, too.
    for (const link of leftBehind(due, receipts)) await round(link)
    if (receipts.length > 0)
      context.out.result({ items: receipts }, () => printReceipts(context, receipts, 'round'))
    if (errors.length > 0) throw firstOf(context, errors, links)
    await context.out.flush()
    if (!goesOn) return codeOf(receipts)
    due = await schedule.due(broken)
    if (options.signal?.aborted === true) return 0
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

interface Broken {
  readonly attempts: number
  readonly againMs: number
}

function noted({ out }: Context, name: string, error: VarveError, before: Broken | undefined): Broken {
  if (before === undefined)
    out.warn(`${visible(name)}: ${visible(error.message)}; trying again until it passes`)
  const attempts = (before?.attempts ?? 0) + 1
  return { attempts, againMs: Date.now() + waitMs(attempts) }
}

export interface LinkFailure {
  readonly link: string
  readonly error: unknown
}

/** The first failure, which becomes the command's own. The others are printed as warnings. */
export function firstOf(
  { out }: Context,
  [first, ...others]: readonly LinkFailure[],
  links: readonly Link[],
): unknown {
  for (const { link, error } of others)
    if (error instanceof VarveError) out.warn(visible(`${link}: ${error.message}`))
    else return error
  return first === undefined ? undefined : naming(first, links)
}

/** Names the link that failed, when there are several. */
export function naming({ link, error }: LinkFailure, links: readonly Link[]): unknown {
  if (links.length < 2 || !(error instanceof VarveError) || error.code === 'VARVE_ABORTED') return error
  const { code, message, data, hint } = error
  return new VarveError(code, `${link}: ${message}`, {
    data: { ...data, link },
    ...(hint === undefined ? {} : { hint }),
    cause: error.cause,
  })
}
