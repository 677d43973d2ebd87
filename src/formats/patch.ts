// Turns the bytes of one version of a table's file into the next without rendering every row. Rows that differ are
// found in the trees, their old records in the old bytes; all else is copied. A record counts as found only where a
// record begins, which is known by walking the quotes from the last such place, so a cell that looks like a row
// deceives nobody. Where any doubt is left there is no patch, and the caller renders the whole table. The old file is
// read once: what is found in it and what is copied is one pass, and the new file is written meanwhile.
import { compareBytes, equalBytes } from '../base/bytes.ts'
import { throwIfAborted } from '../base/errors.ts'
import { encodeCbor } from '../encoding/cbor.ts'
import { diffMaps } from '../prolly/diff.ts'
import type { Difference, Entry } from '../prolly/interface.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { TableObject } from '../table/interface.ts'
import type { ByteSource, TableRenderer } from './interface.ts'
import { OldRecords, type ByteSink } from './old-records.ts'
import { recordsOf } from './records.ts'
import { rendererOf } from './render.ts'

const blockBytes = 1 << 20
const rowsMin = 1000
const groupRows = 256

/** Takes the next bytes of a file; a part is the writer's until the next call is done. */
export type WritePart = (part: Uint8Array) => Promise<void>

/** Writes the new table's file. False when it is better, or only, had by `renderTable`: what was written is void then. */
export async function patchFile(
  nodes: NodeStore,
  tables: { readonly before: TableObject; readonly after: TableObject },
  bytes: ByteSource,
  write: WritePart,
  options: ReadOptions = {},
): Promise<boolean> {
  if (!isPatchable(tables.before, tables.after)) return false
  const before = await ProllyMap.load(nodes, tables.before.rows, options)
  const after = await ProllyMap.load(nodes, tables.after.rows, options)
  const renderer = rendererOf(tables.after)
  const blocks = new BlockWriter(write)
  const records = new OldRecords(bytes, renderer, (part) => blocks.add(part))
  if (!(await records.begins())) return false
  const patcher = new Patcher(nodes, renderer, before, records, (part) => blocks.add(part))
  const rowsMax = Math.max(rowsMin, before.count / 8)
  let rows = 0
  for await (const differences of diffMaps(before, after, options)) {
    rows += differences.length
    for (let at = 0; at < differences.length; at += groupRows) {
      throwIfAborted(options.signal)
      if (rows > rowsMax || !(await patcher.apply(differences.slice(at, at + groupRows)))) return false
    }
  }
  await records.passRest()
  await blocks.end()
  return true
}

/** Files in key order with one layout and one schema, whose last record is like all others. */
function isPatchable(before: TableObject, after: TableObject): boolean {
  const { layout } = before
  if (layout === null || after.layout === null || before.order !== null || after.order !== null) return false
  if (layout['finalEol'] !== true || layout['eol'] === '\r') return false
  return equalBytes(encodeCbor(layout), encodeCbor(after.layout)) && sameSchema(before, after)
}

function sameSchema({ schema: a }: TableObject, { schema: b }: TableObject): boolean {
  return equalBytes(encodeCbor([a.columns, a.key, a.cells]), encodeCbor([b.columns, b.key, b.cells]))
}

class Patcher {
  readonly #nodes: NodeStore
  readonly #renderer: TableRenderer
  readonly #before: ProllyMap
  readonly #records: OldRecords
  readonly #insert: ByteSink
  /** Key of the old row whose record ends where `#records` stands; null at the head's end. */
  #lastKey: Uint8Array | null = null

  constructor(
    nodes: NodeStore,
    renderer: TableRenderer,
    before: ProllyMap,
    records: OldRecords,
    insert: ByteSink,
  ) {
    this.#nodes = nodes
    this.#renderer = renderer
    this.#before = before
    this.#records = records
    this.#insert = insert
  }

  /** Returns false when an old record is not where it should be. */
  async apply(differences: readonly Difference[]): Promise<boolean> {
    const anchors = await this.#anchors(differences)
    const old = await recordsOf(this.#renderer, anchors, this.#nodes)
    const young = await recordsOf(
      this.#renderer,
      differences.map(({ after }) => after),
      this.#nodes,
    )
    for (const [i, { before }] of differences.entries()) {
      const anchor = anchors[i]!
      const record = old[i]!
      if (anchor !== null && record !== null && !this.#isBehind(anchor.key)) {
        if (!(await this.#records.find(record))) return false
        this.#lastKey = anchor.key
      }
      const end = this.#records.at
      await this.#records.passTo(before === null ? end : end - record!.length)
      this.#records.skipTo(end)
      const next = young[i] ?? null
      if (next !== null) await this.#insert(next)
    }
    return true
  }

  #isBehind(key: Uint8Array): boolean {
    return this.#lastKey !== null && compareBytes(this.#lastKey, key) >= 0
  }

  /** The old row that a difference is found by: itself, or for a new row the one before it. */
  async #anchors(differences: readonly Difference[]): Promise<(Entry | null)[]> {
    const anchors: (Entry | null)[] = []
    for (const { before, key } of differences) {
      anchors.push(before ?? (await this.#before.at((await this.#before.rank(key)) - 1)))
    }
    return anchors
  }
}

/** Gathers parts in blocks, two by turns: one is written while the other is filled. */
class BlockWriter {
  readonly #write: WritePart
  #block = new Uint8Array(blockBytes)
  #other = new Uint8Array(blockBytes)
  #length = 0

  constructor(write: WritePart) {
    this.#write = write
  }

  async add(part: Uint8Array): Promise<void> {
    for (let at = 0; at < part.length;) {
      const taken = Math.min(part.length - at, blockBytes - this.#length)
      this.#block.set(part.subarray(at, at + taken), this.#length)
      this.#length += taken
      at += taken
      if (this.#length === blockBytes) await this.#flush()
    }
  }

  async end(): Promise<void> {
    if (this.#length > 0) await this.#flush()
  }

  async #flush(): Promise<void> {
    await this.#write(this.#block.subarray(0, this.#length))
    ;[this.#block, this.#other] = [this.#other, this.#block]
    this.#length = 0
  }
}
