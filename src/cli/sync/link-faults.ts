// Which links of a `varve sync` that keeps running have a fault, and when each is tried again. A fault is said once, and
// again only in other words; so is its end. One that does not pass by itself ends the command when no link is left that
// goes on; otherwise the others do, and the command ends with it if it is still there then.
import { VarveError, isVarveError } from '../../base/errors.ts'
import type { Link } from '../../index.ts'
import { askedMs, busyMsMax, isFolderBusy, mayPass, waitMs } from '../../sync/retry.ts'
import type { Context } from '../interface.ts'
import { visible } from '../visible.ts'

interface Fault {
  readonly error: VarveError
  readonly attempts: number
  readonly againMs: number
}

export class LinkFaults {
  readonly #out: Context['out']
  readonly #links: readonly Link[]
  readonly #faults = new Map<string, Fault>()

  constructor({ out }: Context, links: readonly Link[]) {
    this.#out = out
    this.#links = links
  }

  /** Links that have a fault, each with when it may be tried again. */
  get again(): ReadonlyMap<string, { readonly againMs: number }> {
    return this.#faults
  }

  isWaiting(link: string): boolean {
    return (this.#faults.get(link)?.againMs ?? 0) > Date.now()
  }

  /**
   * The error of a round, or of a connection that somebody else opens again.
   * @throws it, where no link is left that goes on, and where it is no fault of a link
   */
  failed(link: string, error: unknown): void {
    if (!isVarveError(error) || error.code === 'VARVE_ABORTED') throw error
    const before = this.#faults.get(link)
    const attempts = (before?.attempts ?? 0) + 1
    const isBusy = isFolderBusy(error)
    const pauseMs = Math.max(askedMs(error), Math.min(waitMs(attempts), isBusy ? busyMsMax : Infinity))
    this.#faults.set(link, { error, attempts, againMs: Date.now() + pauseMs })
    if (this.#links.every(({ name }) => this.#lasts(name))) throw naming({ link, error }, this.#links)
    if (before?.error.message === error.message) return
    const lasts = this.#lasts(link)
    const then = isBusy ? 'waiting' : lasts ? 'trying again later' : 'trying again until it passes'
    this.#out.warn(`${visible(link)}: ${visible(error.message)}; ${then}`)
    if ((lasts || isBusy) && error.hint !== undefined) this.#out.hint(visible(error.hint))
  }

  /** Returns whether there was a fault. */
  mended(link: string): boolean {
    const fault = this.#faults.get(link)
    if (!this.#faults.delete(link)) return false
    this.#out.warn(
      `${visible(link)} ${mayPass(fault?.error) && !isFolderBusy(fault?.error) ? 'answers again' : 'goes on again'}`,
    )
    return true
  }

  /** @throws the first fault that does not pass by itself: the command was told to end, and it is still there */
  ended(): void {
    const link = this.#links.find(({ name }) => this.#lasts(name))?.name
    if (link !== undefined) throw naming({ link, error: this.#faults.get(link)!.error }, this.#links)
  }

  #lasts(link: string): boolean {
    const fault = this.#faults.get(link)
    return fault !== undefined && !mayPass(fault.error)
  }
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
function naming({ link, error }: LinkFailure, links: readonly Link[]): unknown {
  if (links.length < 2 || !(error instanceof VarveError) || error.code === 'VARVE_ABORTED') return error
  const { code, message, data, hint } = error
  return new VarveError(code, `${link}: ${message}`, {
    data: { ...data, link },
    ...(hint === undefined ? {} : { hint }),
    cause: error.cause,
  })
}
