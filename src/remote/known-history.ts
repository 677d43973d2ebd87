// Which commits a receiver has whole: those that its refs reach, since a ref implies its closure. One that is merely
// present proves nothing, for its trees may be half there. The walk goes down by generation, never deeper than the
// question asks, so the cost follows how far two sides have diverged.
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { readCommits } from '../history/commit.ts'
import { noHorizon } from '../history/horizon.ts'
import type { Commit } from '../history/interface.ts'
import type { ObjectReader } from '../store/interface.ts'
import { peelAll } from './peel.ts'

/** Commits that a store's refs reach, walked only as deep as was asked. */
export class KnownHistory {
  readonly #reader: ObjectReader
  readonly #seen: Set<CommitCid>
  readonly #beyond: ReadonlySet<CommitCid>
  readonly #frontier = new GenerationQueue()
  #unread: CommitCid[]

  /** `tips` are peeled: commits only; commits `beyond` were left out by the store's owner. */
  constructor(reader: ObjectReader, tips: Iterable<CommitCid>, beyond: ReadonlySet<CommitCid>) {
    this.#reader = reader
    this.#beyond = beyond
    this.#seen = new Set(tips)
    this.#unread = [...this.#seen]
  }

  /** As `holds`, but returns the commit itself, or null. */
  async find(cid: CommitCid): Promise<Commit | null> {
    return (await this.holds(cid)) ? (await readCommits(this.#reader, [cid]))[0]! : null
  }

  /** As `reaches`, for a commit that may not be here at all. */
  async holds(cid: CommitCid): Promise<boolean> {
    if (this.#seen.has(cid)) return true
    if (!(await this.#reader.has([cid]))[0]) return false
    const [commit] = await readCommits(this.#reader, [cid])
    return this.reaches(cid, commit!.generation)
  }

  async reaches(cid: CommitCid, generation: number): Promise<boolean> {
    if (this.#seen.has(cid)) return true
    for (;;) {
      if (this.#unread.length > 0) {
        this.#frontier.push(await readCommits(this.#reader, this.#unread))
        this.#unread = []
      }
      const level = this.#frontier.takeAbove(generation)
      if (level.length === 0) return this.#seen.has(cid)
      for (const parent of level.flatMap((commit) => commit.parents)) {
        if (this.#seen.has(parent) || this.#beyond.has(parent)) continue
        this.#seen.add(parent)
        this.#unread.push(parent)
      }
    }
  }
}

/** `refs` are the targets of a store's refs. */
export async function knownHistory(
  store: ObjectReader,
  refs: Iterable<Cid>,
  beyond: ReadonlySet<CommitCid> = noHorizon.commits,
): Promise<KnownHistory> {
  const peeled = await peelAll(store, refs)
  const tips = [...peeled.values()].map(({ commit }) => commit)
  return new KnownHistory(store, tips, beyond)
}

/** Gives commits by generation, the largest first. */
export class GenerationQueue {
  readonly #levels = new Map<number, Commit[]>()

  push(commits: readonly Commit[]): void {
    for (const commit of commits) {
      const level = this.#levels.get(commit.generation)
      if (level === undefined) this.#levels.set(commit.generation, [commit])
      else level.push(commit)
    }
  }

  /** All commits of the largest generation, if that is above `generation`. */
  takeAbove(generation: number): Commit[] {
    let largest = generation
    for (const level of this.#levels.keys()) if (level > largest) largest = level
    const commits = largest > generation ? this.#levels.get(largest)! : []
    this.#levels.delete(largest)
    return commits
  }
}
