// Copies what the receiver lacks of everything that some commits reach, and leaves the receiver's refs alone. Its
// promise: when it returns, publishing the writer and pointing a ref at a wanted commit gives a whole closure.
//
// An object that is merely present is no proof that what it links to is there too: a gc may have left it behind in a
// pack. Proof is being reached by a ref of the receiver. So the trees of new commits are walked in step with the
// trees of the boundary, the nearest commits that the receiver has whole: every name met on the boundary's side is
// proven, and a subtree whose name is proven is skipped unread. All other objects are walked to their leaves; those
// that are present already are walked too, but not sent. Where the boundary's side would be much larger to read than
// what is new (most rows were deleted), it is dropped: that costs walking, never correctness.
//
//   new       r'          boundary   r        a and c are proven by r: never read, never asked for.
//           / | \                  / | \      b' is not: sent and walked, against b's children.
//          a  b' c                a  b  c
import { takeTurn } from '../base/turns.ts'
import { throwIfAborted } from '../base/errors.ts'
import { encodeCbor } from '../encoding/cbor.ts'
import { type Cid, type CommitCid, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import { type Horizon, commitsLeftOut, noHorizon } from '../history/horizon.ts'
import type { Commit } from '../history/interface.ts'
import type { ObjectReader, ObjectWriter } from '../store/interface.ts'
import { CheckedReader, type RepairingReader } from './checked-reader.ts'
import { type Bucket, Frontier, hasLevel, levelOf, rankBelow, rankOf, stageOf } from './frontier.ts'
import type { TransferOptions } from './interface.ts'
import { LocalFirstReader } from './local-first-reader.ts'
import { knownHistory } from './known-history.ts'
import { type HistoryBounds, negotiate } from './negotiate.ts'
import { peelAll } from './peel.ts'
import type { Receiver } from './receive.ts'
import type { ContentLinks } from './selection.ts'
import { Sender } from './sender.ts'

const hasObjectsMax = 4096
const walkObjectsMax = 256
/** The boundary's side may be this much larger than the new one before it is dropped. */
const knownFactorMax = 4
const knownFree = 64

export interface CopyOptions extends TransferOptions {
  /** The store at hand: links are read from it. The other one may be far away, or lie. */
  readonly local: 'sender' | 'receiver'
  readonly phase: string
  /** How much of history is wanted; all that the receiver lacks when absent. */
  readonly bounds?: HistoryBounds | undefined
  /** Commits that the receiver has whole beside those that the walk meets: the children of what is wanted. */
  readonly neighbours?: readonly Commit[] | undefined
  /** Which contents a partial receiver wants; all when absent. */
  readonly contents?: ContentLinks | undefined
}

export interface CopyResult {
  /** Commits that the receiver had not, parents first. */
  readonly commits: ReadonlySet<CommitCid>
  readonly cut: Horizon
  readonly objects: number
  readonly bytes: number
}

/**
 * `wants` and `haves` name commits or annotated tags; `haves` are what the receiver's refs point at.
 * @throws VarveError VARVE_OBJECT_MISSING, VARVE_CORRUPT: then abort the writer
 */
export async function copyClosure(
  { from, to }: { readonly from: RepairingReader; readonly to: ObjectReader },
  receiver: Receiver,
  { wants, haves }: { readonly wants: readonly Cid[]; readonly haves: readonly Cid[] },
  options: CopyOptions,
): Promise<CopyResult> {
  const source = new CheckedReader(from)
  // History is read from the side at hand as far as that side has it.
  const history =
    options.local === 'sender'
      ? {
          wanted: new LocalFirstReader(source, source),
          known: new LocalFirstReader(source, new CheckedReader(to)),
        }
      : { wanted: new LocalFirstReader(to, source), known: to }
  const known = new Set(haves)
  const lacking = wants.filter((want) => !known.has(want))
  const peeled = [...(await peelAll(history.wanted, lacking)).values()]
  if (peeled.length === 0) return nothingCopied
  const tips = peeled.map(({ commit }) => commit)
  const receivers = await knownHistory(history.known, haves, await commitsLeftOut(to))
  const { bounds = {}, neighbours = [], signal } = options
  const { fresh, boundary, cut } = await negotiate(history.wanted, receivers, tips, bounds, signal)
  const copy = new ClosureCopy(source, receiver, options)
  await copy.trees(
    fresh.map((commit) => commit.tree),
    fresh.flatMap((commit) => linksOf(commit.cid, encodeCbor(commit.extra))),
    [...boundary, ...neighbours].map((commit) => commit.tree),
  )
  const commits = new Set(fresh.map((commit) => commit.cid))
  await copy.history([...commits, ...new Set(peeled.flatMap(({ tags }) => tags))], history.wanted)
  return { commits, cut, objects: copy.sender.objects, bytes: copy.sender.bytes }
}

export const nothingCopied: CopyResult = { commits: new Set(), cut: noHorizon, objects: 0, bytes: 0 }

class ClosureCopy {
  readonly sender: Sender
  readonly #source: ObjectReader
  readonly #writer: ObjectWriter
  readonly #options: CopyOptions
  readonly #frontier = new Frontier()
  /** Met on the new side. */
  readonly #met = new Set<Cid>()
  /** Met on the boundary's side: whole at the receiver. */
  readonly #proven = new Set<Cid>()
  /** Objects met that turned out not to be needed. */
  #spared = 0

  constructor(source: CheckedReader, receiver: Receiver, options: CopyOptions) {
    this.#source = source
    this.#writer = receiver.writer
    this.#options = options
    this.sender = new Sender(source, receiver, options.signal)
  }

  /** Path trees stand at stage 0; what commits link to beside them is taken whole, as contents are. */
  async trees(fresh: readonly Cid[], extras: readonly Cid[], known: readonly Cid[]): Promise<void> {
    this.#meet(rankOf(0, null), fresh)
    this.#meet(rankOf(1, null), extras)
    await this.#prove(rankOf(0, null), known)
    while (this.#frontier.pending > 0) {
      throwIfAborted(this.#options.signal)
      await this.#step(this.#frontier.take()!)
    }
  }

  /** Commits and tags, last of all: those read on the way are here already. */
  async history(cids: readonly Cid[], read: LocalFirstReader): Promise<void> {
    this.#met.clear()
    this.#spared = -cids.length
    await this.#lackingOf(cids, async (lacking) => {
      const afar: Cid[] = []
      for (const cid of lacking) {
        const bytes = read.recall(cid)
        if (bytes === undefined) afar.push(cid)
        else await this.sender.put(cid, bytes)
      }
      await this.sender.send(afar, () => this.#report())
      this.#report()
    })
  }

  /** Sends those of the objects that the other side does not have. */
  async #send(cids: readonly Cid[]): Promise<void> {
    await this.#lackingOf(cids, (lacking) => this.sender.send(lacking, () => this.#report()))
  }

  /** All of them in one go: only then is it seen that a whole pack is wanted. */
  async #lackingOf(cids: readonly Cid[], send: (lacking: readonly Cid[]) => Promise<void>): Promise<void> {
    const lacking: Cid[] = []
    for (let at = 0; at < cids.length; at += hasObjectsMax) {
      await takeTurn(this.#options.signal)
      const asked = cids.slice(at, at + hasObjectsMax)
      const present = await this.#writer.has(asked, { signal: this.#options.signal })
      asked.forEach((cid, i) => present[i] || lacking.push(cid))
    }
    this.#spared += cids.length - lacking.length
    await send(lacking)
  }

  async #step(bucket: Bucket): Promise<void> {
    const fresh = [...bucket.fresh].filter((cid) => !this.#proven.has(cid))
    const sent = [...bucket.sent].filter((cid) => !this.#proven.has(cid))
    const known = [...bucket.known].filter((cid) => !this.#met.has(cid))
    this.#spared += bucket.fresh.size - fresh.length
    await this.#send(fresh)
    const pending = this.#frontier.pending + fresh.length + sent.length
    if (known.length <= knownFree + knownFactorMax * pending) {
      await this.#walk('known', bucket.rank, known)
    }
    await this.#walk('sent', bucket.rank, [...sent, ...fresh])
  }

  /** Roots get their level and come again; whatever else there is, its links go one rank down. */
  async #walk(side: 'sent' | 'known', rank: number, cids: readonly Cid[]): Promise<void> {
    const reader = this.#options.local === 'sender' ? this.#source : this.#writer
    const nodes = cids.filter((cid) => codecOf(cid) !== 'raw')
    // The other side may have whole what a partial clone has not: it then proves nothing more.
    const isHere = side === 'known' ? await reader.has(nodes, { signal: this.#options.signal }) : null
    const inner = isHere === null ? nodes : nodes.filter((_, i) => isHere[i])
    for (let at = 0; at < inner.length; at += walkObjectsMax) {
      const batch = inner.slice(at, at + walkObjectsMax)
      const objects = await reader.get(batch, { signal: this.#options.signal })
      for (const [i, bytes] of objects.entries()) {
        const level = levelOf(bytes)
        if (level !== null && !hasLevel(rank)) {
          this.#frontier.add(side, rankOf(stageOf(rank), level), [batch[i]!])
          continue
        }
        const { contents } = this.#options
        const isLeaf = contents !== undefined && level === 0 && stageOf(rank) === 0
        const links = isLeaf ? contents(bytes) : linksOf(batch[i]!, bytes)
        if (side === 'known') await this.#prove(rankBelow(rank, level), links)
        else this.#meet(rankBelow(rank, level), links)
      }
    }
  }

  #meet(rank: number, cids: readonly Cid[]): void {
    const unmet = cids.filter((cid) => !this.#met.has(cid) && !this.#proven.has(cid))
    for (const cid of unmet) this.#met.add(cid)
    this.#frontier.add('fresh', rank, unmet)
  }

  async #prove(rank: number, cids: readonly Cid[]): Promise<void> {
    let unproven = cids.filter((cid) => !this.#proven.has(cid))
    if (this.#options.contents !== undefined && unproven.length > 0) {
      // A partial receiver may lack what its trees name.
      const isHere = await this.#writer.has(unproven)
      unproven = unproven.filter((_, i) => isHere[i])
    }
    for (const cid of unproven) this.#proven.add(cid)
    this.#frontier.add('known', rank, unproven)
  }

  /** `total` is what has been met so far: it grows while the walk goes down. */
  #report(): void {
    const { onProgress, phase } = this.#options
    const { objects: done, bytes } = this.sender
    const total = Math.max(done, this.#met.size - this.#spared)
    onProgress?.({ phase, done, total, unit: 'objects', bytes })
  }
}
