// A link's refs as one round has found or set them. Each update is a compare-and-set over all of them: if another
// process has moved them meanwhile, what this round has read is outdated, and recording it as the common base would
// make the endpoint's next change look like none.
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

  /**
   * Checks the refs, within the update that moves some of them.
   * @throws VarveError VARVE_NOT_POSSIBLE, which passes
   */
  check(manifest: Manifest): void {
    const now = readLinkState(manifest, this.#link)
    if (now.identity !== this.#known.identity || moving.some((what) => now[what] !== this.#known[what]))
      throw concurrentRoundError(this.#link)
  }

  /** Notes that the refs were moved. Refs of other links are ignored. */
  moved(refs: ReadonlyMap<string, Cid | null>, identity: string | null = this.#known.identity): void {
    const known = { ...this.#known, identity }
    for (const what of moving) {
      const moved = refs.get(linkRef(this.#link, what))
      if (moved !== undefined) known[what] = moved
    }
    this.#known = known
  }
}

/** The error when another process has moved the link's refs since this round read them. */
export function concurrentRoundError(link: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `another worker synchronizes '${link}' as well`, {
    data: { link, passing: true },
    hint: 'nothing is lost; let one of them do it, or run it again',
  })
}
