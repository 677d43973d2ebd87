// Takes the rows of a file as they come and makes the table's map. Rows in key order go straight into the tree; from
// the first one out of order on, rows are gathered, sorted in runs of bounded memory and merged, and the keys in file
// order become a list of their own.
import { compareBytes, compareRanges } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import { keyAt } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import { ListBuilder } from '../prolly/list-builder.ts'
import { ProllyList } from '../prolly/list.ts'
import { MapBuilder, type MapBuilderOptions } from '../prolly/map-builder.ts'
import type { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { leafTargetDefault, listKind } from '../prolly/rule.ts'
import type { ObjectWriter } from '../store/interface.ts'
import { putContents } from '../table/content.ts'
import type { KnownLeaves } from './known-leaves.ts'
import { LeafSlice } from './leaf-slice.ts'
import type { LeafOptions, PackedLeaves } from './leaves.ts'
import { entriesOf, ownRows, type PackedRows } from './packed.ts'
import { mergeRuns, type NamedRows, sortedBatches } from './runs.ts'

const runBytesDefault = 192 << 20

export interface IntakeOptions extends MapBuilderOptions {
  /** How much of rows out of order is held in memory. */
  readonly runBytesMax?: number
  /** Leaves of the version before, as `previousNodes` gives them. */
  readonly known?: KnownLeaves | undefined
}

export class RowIntake {
  readonly #writer: ObjectWriter
  readonly #nodes: NodeStore
  readonly #options: IntakeOptions
  #builder: MapBuilder
  #lastKey: Uint8Array | null = null
  /** Null as long as rows come in key order. */
  #order: ListBuilder | null = null
  #finishedOrder: Cid | null = null
  #runs: ProllyMap[] = []
  #gathered: NamedRows[] = []
  #gatheredBytes = 0
  rowCount = 0

  constructor(writer: ObjectWriter, nodes: NodeStore, options: IntakeOptions = {}) {
    this.#writer = writer
    this.#nodes = nodes
    this.#options = options
    this.#builder = new MapBuilder(writer, options)
  }

  /** Takes rows in. They may be views, which are not kept. */
  async add(rows: PackedRows): Promise<void> {
    if (rows.count === 0) return
    const links = await putContents(this.#writer, rows.contents ?? [])
    this.rowCount += rows.count
    if (this.#order === null && rows.isOrdered && this.#follows(keyAt(entriesOf(rows, links), 0))) {
      this.#builder.add(entriesOf(rows, links))
      this.#lastKey = keyAt(entriesOf(rows, links), rows.count - 1).slice()
    } else {
      await this.#addUnordered(rows, links)
    }
    await this.#writer.drained()
  }

  /** How slices are to be turned into leaves; null when they are needed as rows. */
  get leafOptions(): LeafOptions | null {
    const { leafTarget = leafTargetDefault, known = null } = this.#options
    return this.#order === null ? { leafTarget, known } : null
  }

  /** As `add`. False, and nothing is done, when the store lacks leaves that the version before has. */
  async addLeaves(leaves: PackedLeaves, contents: readonly Uint8Array[]): Promise<boolean> {
    const run = new LeafSlice(leaves, this.#writer, this.#options.baseOf)
    if (!run.holdKnown()) return false
    await putContents(this.#writer, contents)
    this.rowCount += run.entryCount
    if (this.#order === null && this.#follows(run.firstKey)) {
      await this.#builder.addLeaves(run)
      this.#lastKey = run.lastKey.slice()
    } else {
      const entries = await run.entries()
      const rows = { ...entries, contents: null, contentEnds: entries.linkEnds, isOrdered: true }
      await this.#addUnordered(rows, entries.links)
    }
    await this.#writer.drained()
    return true
  }

  async #addUnordered(rows: PackedRows, links: readonly Cid[]): Promise<void> {
    if (this.#order === null) await this.#giveUpOrder()
    this.#gather(rows, links)
    if (this.#gatheredBytes > (this.#options.runBytesMax ?? runBytesDefault)) await this.#endRun()
  }

  /** The map of all rows, and the list of keys in file order unless that is key order. @throws DuplicateKey */
  async finish(): Promise<{ rows: ProllyMap; order: Cid | null }> {
    if (this.#order === null) return { rows: this.#builder.finish(this.#nodes), order: null }
    const sorted = sortedBatches(this.#gathered)
    const runs = this.#runs.map((run) => run.scan())
    const rows = await this.#build(runs.length === 0 ? sorted : mergeRuns([...runs, sorted]))
    return { rows, order: this.#orderCid() }
  }

  /** Places of a key in file order: asked for a key that comes twice. */
  async placesOf(key: Uint8Array): Promise<number[]> {
    const places: number[] = []
    const list = await ProllyList.load(this.#nodes.through(this.#writer), this.#orderCid())
    let place = 0
    for await (const batch of list.scan()) {
      for (let i = 0; i < batch.count; i++, place++) {
        const start = i === 0 ? 0 : batch.valueEnds[i - 1]!
        if (compareRanges(batch.values, start, batch.valueEnds[i]!, key, 0, key.length) === 0)
          places.push(place)
      }
    }
    return places
  }

  #orderCid(): Cid {
    this.#finishedOrder ??= this.#order!.finish()
    return this.#finishedOrder
  }

  #follows(key: Uint8Array): boolean {
    return this.#lastKey === null || compareBytes(this.#lastKey, key) < 0
  }

  async #giveUpOrder(): Promise<void> {
    this.#order = new ListBuilder(this.#writer, listKind)
    if (this.#builder.count === 0) return
    const run = this.#builder.finish(this.#nodes)
    this.#runs.push(run)
    for await (const batch of run.scan()) this.#addOrder(batch)
  }

  #addOrder(batch: { count: number; keys: Uint8Array; keyEnds: Uint32Array }): void {
    for (let i = 0; i < batch.count; i++) {
      this.#order!.add(batch.keys.subarray(i === 0 ? 0 : batch.keyEnds[i - 1]!, batch.keyEnds[i]))
    }
  }

  #gather(rows: PackedRows, links: readonly Cid[]): void {
    this.#addOrder(rows)
    this.#gathered.push({ ...ownRows(rows), contents: null, links })
    this.#gatheredBytes += rows.keys.length + rows.values.length + 16 * rows.count + 150 * links.length
  }

  async #endRun(): Promise<void> {
    this.#runs.push(await this.#build(sortedBatches(this.#gathered)))
    this.#gathered = []
    this.#gatheredBytes = 0
  }

  async #build(batches: AsyncIterable<EntryBatch> | Iterable<EntryBatch>): Promise<ProllyMap> {
    const builder = new MapBuilder(this.#writer, this.#options)
    for await (const batch of batches) {
      builder.add(batch)
      await this.#writer.drained()
    }
    return builder.finish(this.#nodes)
  }
}
