// Which rows belong to which group, of one input: a map whose keys are a hash of the group, four bytes, and the row's own
// key behind it. So the rows of a group are a range of it, in the order of their keys, and a row that changes its group
// changes two entries. Groups may share a hash: whoever finds rows looks which group each is of. An index is kept beside
// what is remembered of the derived table (memo.ts); who has none makes it by reading the input once.
import { compareBytes, emptyBytes } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import { type NamedRows, mergeRuns, sortedBatches } from '../formats/runs.ts'
import { PackedBuffer, ownRows } from '../formats/packed.ts'
import { startOf } from '../prolly/entry-batch.ts'
import type { Edit, Entry, EntryBatch, KeyRange } from '../prolly/interface.ts'
import { MapBuilder } from '../prolly/map-builder.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { Io } from '../repo/interface.ts'

const hashBytes = 4
/** Its keys are longer than a table's may be. */
const leafTarget = 16 << 10
const batchBytes = 1 << 20
/** As many bytes of keys are sorted in memory. */
const runBytesMax = 64 << 20

/**
 * A hash of 32 bits. Indexes are kept: who changes this gives them another name in the memo, or rows would not be
 * found.
 */
export function hashOfGroup(group: string): number {
  let hash = 0
  for (let i = 0; i < group.length; i++) hash = (Math.imul(hash, 31) + group.charCodeAt(i)) | 0
  // Mixed as MurmurHash3 does in the end: groups that are alike lie far from each other.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export class GroupIndex {
  readonly #map: ProllyMap

  constructor(map: ProllyMap) {
    this.#map = map
  }

  static async load({ nodes }: Io, cid: Cid): Promise<GroupIndex> {
    return new GroupIndex(await ProllyMap.load(nodes, cid))
  }

  get cid(): Cid {
    return this.#map.cid
  }

  /** How many rows are in groups of this hash. */
  countOf(hash: number): Promise<number> {
    return this.#map.countRange(rangeOf(hash))
  }

  /** The keys of those rows, ascending. */
  async keysOf(hash: number): Promise<Uint8Array[]> {
    const keys: Uint8Array[] = []
    for await (const { count, keys: all, keyEnds } of this.#map.scan(rangeOf(hash)))
      for (let i = 0; i < count; i++) keys.push(all.slice(startOf(keyEnds, i) + hashBytes, keyEnds[i]))
    return keys
  }

  async after({ writer }: Io, moves: GroupMoves): Promise<GroupIndex> {
    return new GroupIndex(await this.#map.mutate(writer, moves.edits()))
  }
}

/** Collects the edits that changed rows make to an index. */
export class GroupMoves {
  readonly #edits: Edit[] = []

  /** A group is null where the row was not there, or is not there any more. */
  add(key: Uint8Array, before: string | null, after: string | null): void {
    const [was, is] = [before, after].map((group) => (group === null ? null : hashOfGroup(group)))
    if (was === is) return
    if (was !== null) this.#edits.push({ key: indexKey(was!, key), value: null })
    if (is !== null) this.#edits.push({ key: indexKey(is!, key), value: emptyBytes })
  }

  edits(): Edit[] {
    return this.#edits.toSorted((a, b) => compareBytes(a.key, b.key))
  }
}

/** Takes all rows of an input, and sorts them by group. */
export class GroupIndexBuilder {
  readonly #io: Io
  readonly #runBytes: number
  readonly #buffer = new PackedBuffer(1 << 16, 1 << 10)
  #gathered: NamedRows[] = []
  #gatheredBytes = 0
  readonly #runs: ProllyMap[] = []

  constructor(io: Io, runBytes: number = runBytesMax) {
    this.#io = io
    this.#runBytes = runBytes
  }

  async add(entries: readonly Entry[], groups: readonly string[]): Promise<void> {
    const buffer = this.#buffer
    for (const [i, { key }] of entries.entries()) {
      const at = startOf(buffer.keyEnds, buffer.count)
      const end = at + hashBytes + key.length
      buffer.reserve(end, 0)
      writeKey(buffer.keys, at, hashOfGroup(groups[i]!), key)
      buffer.endRow(end, 0)
      if (end < Math.min(batchBytes, this.#runBytes)) continue
      this.#seal()
      if (this.#gatheredBytes >= this.#runBytes) await this.#endRun()
    }
  }

  async finish(): Promise<Cid> {
    this.#seal()
    const rest = sortedBatches(this.#gathered)
    const runs = this.#runs.map((run) => run.scan())
    return (await this.#build(runs.length === 0 ? rest : mergeRuns([...runs, rest]))).cid
  }

  #seal(): void {
    const rows = ownRows(this.#buffer.view())
    this.#buffer.clear()
    if (rows.count === 0) return
    this.#gathered.push({ ...rows, links: [] })
    this.#gatheredBytes += rows.keys.length
  }

  async #endRun(): Promise<void> {
    this.#runs.push(await this.#build(sortedBatches(this.#gathered)))
    this.#gathered = []
    this.#gatheredBytes = 0
  }

  async #build(batches: AsyncIterable<EntryBatch> | Iterable<EntryBatch>): Promise<ProllyMap> {
    const { writer, nodes } = this.#io
    const builder = new MapBuilder(writer, { leafTarget })
    for await (const batch of batches) {
      builder.add(batch)
      await writer.drained()
    }
    return builder.finish(nodes)
  }
}

function rangeOf(hash: number): KeyRange {
  const before = hash === 0xffff_ffff ? undefined : indexKey(hash + 1, emptyBytes)
  return { from: indexKey(hash, emptyBytes), before }
}

function indexKey(hash: number, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(hashBytes + key.length)
  writeKey(bytes, 0, hash, key)
  return bytes
}

function writeKey(target: Uint8Array, at: number, hash: number, key: Uint8Array): void {
  for (let i = 0; i < hashBytes; i++) target[at + i] = hash >>> (24 - 8 * i)
  target.set(key, at + hashBytes)
}
