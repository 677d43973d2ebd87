// A link's refs as one round has found them, or left them itself. Each of its moves is a compare-and-set over all of them:
// where another worker of this repository has been there meanwhile, what this round has read is of the past, and to note it
// as the last common state would make the next change of the endpoint look like none.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Manifest } from '../store/interface.ts'
import { type LinkState, linkRef, readLinkState } from './state.ts'

const moving = ['live', 'base', 'written', 'intent'] as const

export class LinkRefs {
  readonly #link: string
  #known: LinkState

  constructor(link: string, state: LinkState) {
    this.#link = link
    this.#known = state
  }

  /** Inside the update that moves some of them. @throws VarveError VARVE_NOT_POSSIBLE, which passes */
  check(manifest: Manifest): void {
    const now = readLinkState(manifest, this.#link)
    if (now.identity !== this.#known.identity || moving.some((what) => now[what] !== this.#known[what]))
      throw concurrentRoundError(this.#link)
  }

  /** They have been. Refs of others are passed over. */
  moved(refs: ReadonlyMap<string, Cid | null>, identity: string | null = this.#known.identity): void {
    const known = { ...this.#known, identity }
    for (const what of moving) {
      const moved = refs.get(linkRef(this.#link, what))
      if (moved !== undefined) known[what] = moved
    }
    this.#known = known
  }
}

/** Another process has moved the link's refs since this round read them. */
export function concurrentRoundError(link: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `another worker synchronizes '${link}' as well`, {
    data: { link, passing: true },
    hint: 'nothing is lost; let one of them do it, or run it again',
  })
}
