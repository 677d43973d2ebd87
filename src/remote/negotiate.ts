// Which commits the receiver lacks. A commit that is merely present proves nothing, for its trees may be half there;
// one that a ref of the receiver reaches is whole, because a ref implies its closure. So two walks go down side by
// side, by generation: the sender's from what is wanted, and the receiver's from its refs, never deeper than the
// question asks. The cost follows how far the two sides have diverged.
import { CID } from 'multiformats/cid'
import { VarveError, corrupt, throwIfAborted } from '../base/errors.ts'
import { decodeCbor } from '../encoding/cbor.ts'
import { type Cid, type CommitCid, cidFromLink, shortCid } from '../encoding/cid.ts'
import { readCommits } from '../history/commit.ts'
import { isAncestor } from '../history/ancestry.ts'
import type { Commit } from '../history/interface.ts'
import type { ObjectReader } from '../store/interface.ts'

const tagDepthMax = 16
const batchObjects = 256

export interface Negotiated {
  /** Commits to send: parents before children. */
  readonly fresh: readonly Commit[]
  /** Commits the receiver has whole, next to the fresh ones. */
  readonly boundary: readonly Commit[]
}

/** What a ref names: a commit, perhaps behind annotated tags (outermost first). */
export interface Peeled {
  readonly commit: CommitCid
  readonly tags: readonly Cid[]
}

/** Commits that a store's refs reach, walked only as deep as was asked. */
export class KnownHistory {
  readonly #reader: ObjectReader
  readonly #seen: Set<CommitCid>
  readonly #frontier = new GenerationQueue()
  #unread: CommitCid[]

  /** `tips` are peeled: commits only. */
  constructor(reader: ObjectReader, tips: Iterable<CommitCid>) {
    this.#reader = reader
    this.#seen = new Set(tips)
    this.#unread = [...this.#seen]
  }

  /** As reaches, for a commit that may not be here at all. */
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
        if (this.#seen.has(parent)) continue
        this.#seen.add(parent)
        this.#unread.push(parent)
      }
    }
  }
}

/** `refs` are a store's refs' targets. */
export async function knownHistory(store: ObjectReader, refs: Iterable<Cid>): Promise<KnownHistory> {
  const peeled = await peelAll(store, refs)
  return new KnownHistory(
    store,
    [...peeled.values()].map(({ commit }) => commit),
  )
}

/** `source` must check what it reads; its generation numbers are checked here. */
export async function negotiate(
  source: ObjectReader,
  known: KnownHistory,
  wants: readonly CommitCid[],
  signal?: AbortSignal,
): Promise<Negotiated> {
  const fresh: Commit[] = []
  const boundary: Commit[] = []
  const generations = new Map<CommitCid, number>()
  const frontier = new GenerationQueue()
  let unread = [...new Set(wants)]
  for (;;) {
    throwIfAborted(signal)
    const read = unread.length === 0 ? [] : await readCommits(source, unread)
    for (const commit of read) {
      if (!Number.isSafeInteger(commit.generation) || commit.generation < 1) throw falseGeneration(commit)
      generations.set(commit.cid, commit.generation)
    }
    frontier.push(read)
    const level = frontier.takeAbove(0)
    if (level.length === 0) break
    const next = new Set<CommitCid>()
    for (const commit of level) {
      const isKnown = await known.reaches(commit.cid, commit.generation)
      ;(isKnown ? boundary : fresh).push(commit)
      if (!isKnown) for (const parent of commit.parents) if (!generations.has(parent)) next.add(parent)
    }
    unread = [...next]
  }
  for (const commit of fresh) checkGeneration(commit, generations)
  return { fresh: fresh.sort((a, b) => a.generation - b.generation), boundary }
}

/** Follows annotated tags to the commits below, all names at once. */
export async function peelAll(reader: ObjectReader, cids: Iterable<Cid>): Promise<Map<Cid, Peeled>> {
  const names = [...new Set(cids)]
  const chains = names.map((cid): Cid[] => [cid])
  let open = chains
  for (let depth = 0; open.length > 0; depth++) {
    if (depth > tagDepthMax) throw corrupt(`tag '${shortCid(open[0]![0]!)}' is a tag of too many tags`)
    const next: Cid[][] = []
    for (let at = 0; at < open.length; at += batchObjects) {
      const batch = open.slice(at, at + batchObjects)
      const objects = await reader.get(batch.map((chain) => chain.at(-1)!))
      objects.forEach((bytes, i) => {
        const target = tagTarget(batch[i]!.at(-1)!, bytes)
        if (target === null) return
        batch[i]!.push(target)
        next.push(batch[i]!)
      })
    }
    open = next
  }
  return new Map(names.map((cid, i) => [cid, { commit: chains[i]!.at(-1)!, tags: chains[i]!.slice(0, -1) }]))
}

export async function peel(reader: ObjectReader, cid: Cid): Promise<Peeled> {
  return (await peelAll(reader, [cid])).get(cid)!
}

function tagTarget(cid: Cid, bytes: Uint8Array): Cid | null {
  const value = decodeCbor(bytes, `object ${cid}`)
  if (typeof value !== 'object' || value === null || !('object' in value)) return null
  return value.object instanceof CID ? cidFromLink(value.object) : null
}

/**
 * Whether `after` descends from `before`, both commits or tags. A commit of the other side that is not here, or only
 * half here, is nobody's ancestor here: the walk starts from ours and meets it or not.
 */
export async function descends(reader: ObjectReader, before: Cid, after: Cid): Promise<boolean> {
  if (before === after) return true
  const [isHere] = await reader.has([before])
  if (!isHere) return false
  const [older, newer] = [await peel(reader, before), await peel(reader, after)]
  return isAncestor(reader, older.commit, newer.commit)
}

/** Walks and merge bases trust generations: a commit that claims a false one would hide its ancestors from them. */
function checkGeneration(commit: Commit, generations: ReadonlyMap<CommitCid, number>): void {
  let largest = 0
  for (const parent of commit.parents) largest = Math.max(largest, generations.get(parent)!)
  if (commit.generation !== 1 + largest) throw falseGeneration(commit)
}

function falseGeneration(commit: Commit): VarveError {
  return new VarveError('VARVE_CORRUPT', `commit '${shortCid(commit.cid)}' claims a false generation`, {
    data: { commit: commit.cid },
  })
}

/** Commits by generation, the largest first. */
class GenerationQueue {
  readonly #levels = new Map<number, Commit[]>()

  push(commits: readonly Commit[]): void {
    for (const commit of commits) {
      const level = this.#levels.get(commit.generation)
      if (level === undefined) this.#levels.set(commit.generation, [commit])
      else level.push(commit)
    }
  }

  /** All commits of the largest generation, if it is above `generation`. */
  takeAbove(generation: number): Commit[] {
    let largest = generation
    for (const level of this.#levels.keys()) if (level > largest) largest = level
    const commits = largest > generation ? this.#levels.get(largest)! : []
    this.#levels.delete(largest)
    return commits
  }
}
