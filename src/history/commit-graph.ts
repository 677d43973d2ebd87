// What walks over history ask of commits, without the commits: parents, generation, date, and which paths differ from each
// parent (changed-paths.ts). Commits have slots; what is not known yet is read from its object once, by whoever comes to it.
// All of it can be made anew from the commits, and none of it ever changes: a process keeps it while it has room, and a
// store beside its objects (commit-graph-file.ts). An edge leads from a commit to one of its parents.
import { assert } from '../base/assert.ts'
import { corrupt } from '../base/errors.ts'
import { Lru } from '../base/lru.ts'
import { type CommitCid, cidOfDigest, cidToBytes, codecOf } from '../encoding/cid.ts'
import type { ObjectReader, DerivedCache } from '../store/interface.ts'
import { readCommits } from './commit.ts'
import { type GraphArrays, decodeGraph, encodeGraph, graphBytesMax } from './commit-graph-file.ts'
import { DigestTable, digestLength } from './digest-table.ts'
import type { Commit } from './interface.ts'

const cidDigestAt = 4
/** A commit's number in a graph. */
export type Slot = number
/** An edge has a filter of paths, and one of rows of tables. */
export type FilterKind = 'paths' | 'rows'

const fileName = 'history'
/** Whoever has read so many commits may go far: what was kept is read then. */
const readsBeforeFile = 64
/** Fewer facts than these are read again sooner than written; in a long history more. */
const factsPerSave = 256
const shareOfSave = 512
const keptBytesMax = 64 << 20
/** Those of the stores that were used last. */
const kept = new Lru<DerivedCache, CommitGraph>(keptBytesMax)

/** What the store of this reader knows about its commits. `whole`: a long walk is to come. */
export function graphOf(reader: ObjectReader, options: { readonly whole?: boolean } = {}): CommitGraph {
  const { cache } = reader
  if (cache === undefined) return new CommitGraph(null)
  let graph = kept.get(cache)
  if (graph === undefined) {
    graph = new CommitGraph(cache)
    kept.set(cache, graph, graph.bytes)
  }
  if (options.whole === true) graph.recall()
  return graph
}

export class CommitGraph {
  #arrays: GraphArrays = emptyArrays()
  #slots: DigestTable = new DigestTable(this.#arrays)
  /** What was kept is not looked at yet. */
  #isFileRead = false
  readonly #cache: DerivedCache | null
  #reads = 0
  /** Since the file was read or written. */
  #news = 0

  constructor(cache: DerivedCache | null) {
    this.#cache = cache
  }

  /** Reads what was kept; what cannot be read, or cannot be so, was not. */
  recall(): void {
    if (this.#isFileRead || this.#cache === null) return
    this.#isFileRead = true
    const bytes = this.#cache.read(fileName, graphBytesMax)
    const file = bytes === null ? null : decodeGraph(bytes)
    if (file === null) return
    if (this.count === 0) {
      this.#arrays = file
      this.#slots = new DigestTable(file)
    } else this.#absorb(file)
    this.#news = 0
    kept.set(this.#cache, this, this.bytes)
  }

  /** What was learnt is written, for whoever comes next, where it is worth it. */
  keep(): void {
    if (this.#cache === null || this.#news < Math.max(factsPerSave, this.count / shareOfSave)) return
    this.recall()
    this.#news = 0
    kept.set(this.#cache, this, this.bytes)
    if (this.bytes <= graphBytesMax) this.#cache.write(fileName, encodeGraph(this.#arrays))
  }

  get count(): number {
    return this.#arrays.count
  }

  /** How many bytes of memory it takes. */
  get bytes(): number {
    const { digests, times, generations, edgesAt, edges, filtersAt, filters } = this.#arrays
    return [digests, times, generations, edgesAt, edges, filtersAt, filters].reduce(
      (sum, { byteLength }) => sum + byteLength,
      this.#slots.bytes,
    )
  }

  /** Its place; it has one from now on. @throws VarveError VARVE_CORRUPT for the name of raw bytes */
  slotOf(cid: CommitCid): Slot {
    if (codecOf(cid) !== 'dag-cbor') throw corrupt(`object ${cid} is not a commit`)
    return this.#slotOf(cidToBytes(cid).subarray(cidDigestAt))
  }

  cidOf(slot: Slot): CommitCid {
    return cidOfDigest('dag-cbor', this.#arrays.digests, slot * digestLength)
  }

  isKnown(slot: Slot): boolean {
    return this.#arrays.generations[slot]! > 0
  }

  /** Reads the commits that are not known yet. @throws VarveError VARVE_OBJECT_MISSING, VARVE_CORRUPT */
  async learn(reader: ObjectReader, slots: readonly Slot[]): Promise<void> {
    const unknown = slots.filter((slot) => !this.isKnown(slot))
    if (unknown.length === 0) return
    this.#reads += unknown.length
    if (!this.#isFileRead && this.#cache !== null && this.#reads > readsBeforeFile) {
      this.recall()
      return this.learn(reader, unknown)
    }
    const cids = unknown.map((slot) => this.cidOf(slot))
    for (const commit of await readCommits(reader, cids)) this.#note(commit)
  }

  // The following are asked about commits that are known.

  generationOf(slot: Slot): number {
    return this.#arrays.generations[slot]!
  }

  /** When it was committed, in milliseconds since 1970. */
  timeOf(slot: Slot): number {
    return this.#arrays.times[slot]!
  }

  /** The parents, also those that were left out of a shallow clone. */
  parentsOf(slot: Slot): Uint32Array {
    const from = this.#arrays.edgesAt[2 * slot]!
    return this.#arrays.edges.subarray(from, from + this.#arrays.edgesAt[2 * slot + 1]!)
  }

  /** The edge to the first parent; those to the other parents follow it. */
  firstEdgeOf(slot: Slot): number {
    return this.#arrays.edgesAt[2 * slot]!
  }

  /** Whether a walk comes to `a` first: an ancestor always comes later. */
  isBefore(a: Slot, b: Slot): boolean {
    const { generations, times, digests } = this.#arrays
    if (generations[a] !== generations[b]) return generations[a]! > generations[b]!
    if (times[a] !== times[b]) return times[a]! > times[b]!
    for (let i = 0; i < digestLength; i++) {
      const difference = digests[a * digestLength + i]! - digests[b * digestLength + i]!
      if (difference !== 0) return difference < 0
    }
    return false
  }

  /** The filter of what may differ along an edge; null when none was made yet. */
  filterOf(edge: number, kind: FilterKind): Uint8Array | null {
    return filterIn(this.#arrays, edge, kind)
  }

  setFilter(edge: number, kind: FilterKind, filter: Uint8Array): void {
    assert(filter.length > 0, 'a filter has bytes')
    const arrays = this.#arrays
    if (this.filterOf(edge, kind) !== null) return
    const at = placeOf(edge, kind)
    const from = arrays.filterBytes
    arrays.filters = withCapacity(arrays.filters, from + filter.length)
    arrays.filters.set(filter, from)
    arrays.filterBytes += filter.length
    arrays.filtersAt[at] = from
    arrays.filtersAt[at + 1] = arrays.filterBytes
    this.#news++
  }

  #note(commit: Commit): void {
    const slot = this.slotOf(commit.cid)
    if (this.isKnown(slot)) return
    if (!Number.isSafeInteger(commit.generation) || commit.generation < 1 || commit.generation > 0xffff_ffff)
      throw corrupt(`commit ${commit.cid} has no generation`)
    const parents = commit.parents.map((parent) => this.slotOf(parent))
    this.#set(slot, commit.generation, commit.committer.timeMs, parents)
    this.#news++
  }

  #set(slot: Slot, generation: number, timeMs: number, parents: ArrayLike<Slot>): void {
    const arrays = this.#arrays
    const from = arrays.edgeCount
    arrays.edgeCount += parents.length
    arrays.edges = withCapacity(arrays.edges, arrays.edgeCount)
    arrays.filtersAt = withCapacity(arrays.filtersAt, 4 * arrays.edgeCount)
    arrays.edges.set(parents, from)
    arrays.edgesAt[2 * slot] = from
    arrays.edgesAt[2 * slot + 1] = parents.length
    arrays.times[slot] = timeMs
    arrays.generations[slot] = generation
  }

  /** Takes in what a file knows. Slots that were given out keep their meaning. */
  #absorb(file: GraphArrays): void {
    const slots = new Uint32Array(file.count)
    for (let i = 0; i < file.count; i++)
      slots[i] = this.#slotOf(file.digests.subarray(i * digestLength, (i + 1) * digestLength))
    for (let i = 0; i < file.count; i++) {
      const slot = slots[i]!
      if (file.generations[i] === 0) continue
      const [from, length] = [file.edgesAt[2 * i]!, file.edgesAt[2 * i + 1]!]
      if (!this.isKnown(slot)) {
        const parents = file.edges.subarray(from, from + length).map((parent) => slots[parent]!)
        this.#set(slot, file.generations[i]!, file.times[i]!, parents)
      }
      const first = this.firstEdgeOf(slot)
      for (let at = 0; at < length; at++) {
        for (const kind of ['paths', 'rows'] as const) {
          const filter = filterIn(file, from + at, kind)
          if (filter !== null) this.setFilter(first + at, kind, filter)
        }
      }
    }
  }

  #slotOf(digest: Uint8Array): Slot {
    const found = this.#slots.find(digest)
    if (found !== null) return found
    const arrays = this.#arrays
    const slot = arrays.count
    arrays.digests = withCapacity(arrays.digests, (slot + 1) * digestLength)
    arrays.times = withCapacity(arrays.times, slot + 1)
    arrays.generations = withCapacity(arrays.generations, slot + 1)
    arrays.edgesAt = withCapacity(arrays.edgesAt, 2 * (slot + 1))
    arrays.digests.set(digest, slot * digestLength)
    arrays.count++
    this.#slots.placeLast()
    return slot
  }
}

function filterIn({ filtersAt, filters }: GraphArrays, edge: number, kind: FilterKind): Uint8Array | null {
  const at = placeOf(edge, kind)
  const end = filtersAt[at + 1]!
  return end === 0 ? null : filters.subarray(filtersAt[at]!, end)
}

function placeOf(edge: number, kind: FilterKind): number {
  return 4 * edge + (kind === 'paths' ? 0 : 2)
}

function emptyArrays(): GraphArrays {
  return {
    count: 0,
    edgeCount: 0,
    filterBytes: 0,
    digests: new Uint8Array(0),
    times: new Float64Array(0),
    generations: new Uint32Array(0),
    edgesAt: new Uint32Array(0),
    edges: new Uint32Array(0),
    filtersAt: new Uint32Array(0),
    filters: new Uint8Array(0),
  }
}

/** The same array, or a larger one that begins with it. */
function withCapacity<A extends Uint8Array | Uint32Array | Float64Array>(array: A, length: number): A {
  if (length <= array.length) return array
  const Kind = array.constructor as new (length: number) => A
  const larger = new Kind(Math.max(64, length, 2 * array.length))
  larger.set(array)
  return larger
}
