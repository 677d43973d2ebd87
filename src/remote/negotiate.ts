// Which commits the receiver lacks. Two walks go down side by side, by generation: the sender's from what is wanted, and
// the receiver's from its refs (known-history.ts). Both end where history was cut on purpose: where the sender is
// shallow, where the receiver was, or as deep as was asked for.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { type CommitCid, shortCid } from '../encoding/cid.ts'
import { readCommits } from '../history/commit.ts'
import { type Horizon, noHorizon } from '../history/horizon.ts'
import type { Commit } from '../history/interface.ts'
import type { ObjectReader } from '../store/interface.ts'
import { GenerationQueue, type KnownHistory } from './known-history.ts'

export interface Negotiated {
  /** Commits to send: parents before children. */
  readonly fresh: readonly Commit[]
  /** Commits the receiver has whole, next to the fresh ones. */
  readonly boundary: readonly Commit[]
  /** Where history was cut: parents of fresh commits that are not sent, and the smallest generation above them. */
  readonly cut: Horizon
}

/** How much of history is to be sent. */
export interface HistoryBounds {
  /** Commits that the sender itself lacks: the receiver must have them, or may do without what is before. */
  readonly lacked?: ReadonlySet<CommitCid> | undefined
  /** What the receiver left out before. It wants none of it now, and nothing older than its floor. */
  readonly left?: Horizon | undefined
  /** Commits in a row, the wanted ones counted. */
  readonly depth?: number | undefined
  /** For wanted commits that do not stand at the beginning: which place in the row they have. */
  readonly places?: ReadonlyMap<CommitCid, number> | undefined
}

/** `source` must check what it reads, except for generation numbers, which are checked here. */
export async function negotiate(
  source: ObjectReader,
  known: KnownHistory,
  wants: readonly CommitCid[],
  bounds: HistoryBounds,
  signal?: AbortSignal,
): Promise<Negotiated> {
  const walk = new SenderWalk(source, known, bounds)
  let unread = [...new Set(wants)]
  for (const cid of unread) walk.places.set(cid, bounds.places?.get(cid) ?? 1)
  for (;;) {
    throwIfAborted(signal)
    const level = await walk.level(unread)
    if (level.length === 0) break
    unread = []
    for (const commit of level) unread.push(...(await walk.decide(commit)))
  }
  return walk.result()
}

class SenderWalk {
  readonly places = new Map<CommitCid, number>()
  readonly #source: ObjectReader
  readonly #known: KnownHistory
  readonly #bounds: HistoryBounds
  readonly #frontier = new GenerationQueue()
  readonly #generations = new Map<CommitCid, number>()
  readonly #fresh: Commit[] = []
  readonly #boundary: Commit[] = []
  readonly #cut = new Set<CommitCid>()

  constructor(source: ObjectReader, known: KnownHistory, bounds: HistoryBounds) {
    this.#source = source
    this.#known = known
    this.#bounds = bounds
  }

  /** Reads these commits; returns all of the largest generation. */
  async level(unread: readonly CommitCid[]): Promise<Commit[]> {
    const read = unread.length === 0 ? [] : await readCommits(this.#source, unread)
    for (const commit of read) {
      if (!Number.isSafeInteger(commit.generation) || commit.generation < 1) throw falseGeneration(commit)
      this.#generations.set(commit.cid, commit.generation)
    }
    this.#frontier.push(read)
    return this.#frontier.takeAbove(0)
  }

  /** All that have this commit as parent were decided before it. Returns the parents to be read. */
  async decide(commit: Commit): Promise<CommitCid[]> {
    if (await this.#known.reaches(commit.cid, commit.generation)) {
      this.#boundary.push(commit)
      return []
    }
    const place = this.places.get(commit.cid)!
    const { depth, left } = this.#bounds
    if (
      place > 1 &&
      (place > (depth ?? Number.POSITIVE_INFINITY) || commit.generation < (left?.floor ?? 0))
    ) {
      this.#cut.add(commit.cid)
      return []
    }
    this.#fresh.push(commit)
    const next: CommitCid[] = []
    for (const parent of commit.parents) {
      const isSeen = this.places.has(parent)
      this.places.set(parent, Math.min(place + 1, this.places.get(parent) ?? Number.POSITIVE_INFINITY))
      if (!isSeen && (await this.#isToBeRead(commit, parent))) next.push(parent)
    }
    return next
  }

  async #isToBeRead(child: Commit, parent: CommitCid): Promise<boolean> {
    const { left, lacked, depth } = this.#bounds
    if (left?.commits.has(parent) === true) this.#cut.add(parent)
    else if (lacked?.has(parent) === true) {
      const found = await this.#known.find(parent)
      if (found !== null) {
        this.#generations.set(parent, found.generation)
        this.#boundary.push(found)
      } else if (depth !== undefined || left !== undefined) this.#cut.add(parent)
      else throw lackedBySender(child)
    } else return true
    return false
  }

  result(): Negotiated {
    let floor = Number.POSITIVE_INFINITY
    for (const commit of this.#fresh) {
      if (commit.parents.some((parent) => this.#cut.has(parent))) floor = Math.min(floor, commit.generation)
      checkGeneration(commit, this.#generations)
    }
    const fresh = this.#fresh.sort((a, b) => a.generation - b.generation)
    return {
      fresh,
      boundary: this.#boundary,
      cut: this.#cut.size === 0 ? noHorizon : { commits: this.#cut, floor },
    }
  }
}

/**
 * Walks and merge bases trust generations: a commit that claims a false one would hide its ancestors from them. Where
 * parents were not looked at, its generation must leave room for them.
 */
function checkGeneration(commit: Commit, generations: ReadonlyMap<CommitCid, number>): void {
  let largest = 0
  let isOpen = false
  for (const parent of commit.parents) {
    const generation = generations.get(parent)
    if (generation === undefined) isOpen = true
    else largest = Math.max(largest, generation)
  }
  const isTrue = isOpen ? commit.generation > Math.max(1, largest) : commit.generation === 1 + largest
  if (!isTrue) throw falseGeneration(commit)
}

function lackedBySender(child: Commit): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `history ends at commit '${shortCid(child.cid)}' on the sending side, and the receiving one lacks what is before it`,
    {
      data: { commit: child.cid },
      hint: "the sending side is a shallow clone: 'varve fetch --unshallow' there brings the rest",
    },
  )
}

function falseGeneration(commit: Commit): VarveError {
  return new VarveError('VARVE_CORRUPT', `commit '${shortCid(commit.cid)}' claims a false generation`, {
    data: { commit: commit.cid },
  })
}
