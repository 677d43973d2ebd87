// Turns the bytes of one version of a table's file into the next without rendering every row. Rows that differ are
// found in the trees, their old records in the old bytes; all else is copied. A record counts as found only where a
// record begins, which is known by walking the quotes from the last such place, so a cell that looks like a row
// deceives nobody. Where any doubt is left there is no patch, and the caller renders the whole table.
import { compareBytes, equalBytes } from '../base/bytes.ts'
import { throwIfAborted } from '../base/errors.ts'
import { encodeCbor } from '../encoding/cbor.ts'
import { diffMaps } from '../prolly/diff.ts'
import type { Difference, Entry } from '../prolly/interface.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { TableObject } from '../table/interface.ts'
import type { ByteSource, Splice, TableRenderer } from './interface.ts'
import { OldRecords } from './old-records.ts'
import { recordsOf } from './records.ts'
import { rendererOf } from './render.ts'

const copyBytes = 1 << 20
const rowsMin = 1000
const groupRows = 256

/** The bytes of the new table's file; null when they are better, or only, had by `renderTable`. */
export async function patchFile(
  nodes: NodeStore,
  before: TableObject,
  after: TableObject,
  bytes: ByteSource,
  options: ReadOptions = {},
): Promise<AsyncIterable<Uint8Array> | null> {
  if (!isPatchable(before, after)) return null
  const maps = {
    before: await ProllyMap.load(nodes, before.rows, options),
    after: await ProllyMap.load(nodes, after.rows, options),
  }
  const renderer = rendererOf(after)
  const records = new OldRecords(bytes, renderer)
  if (!(await records.begins())) return null
  const planner = new PatchPlanner(nodes, renderer, maps.before, records)
  const rowsMax = Math.max(rowsMin, maps.before.count / 8)
  let rows = 0
  for await (const differences of diffMaps(maps.before, maps.after, options)) {
    rows += differences.length
    for (let at = 0; at < differences.length; at += groupRows) {
      throwIfAborted(options.signal)
      if (rows > rowsMax || !(await planner.add(differences.slice(at, at + groupRows)))) return null
    }
  }
  return patched(bytes, planner.splices)
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

class PatchPlanner {
  readonly splices: Splice[] = []
  readonly #nodes: NodeStore
  readonly #renderer: TableRenderer
  readonly #before: ProllyMap
  readonly #records: OldRecords
  /** Key of the old row whose record ends where `#records` stands; null at the head's end. */
  #lastKey: Uint8Array | null = null

  constructor(nodes: NodeStore, renderer: TableRenderer, before: ProllyMap, records: OldRecords) {
    this.#nodes = nodes
    this.#renderer = renderer
    this.#before = before
    this.#records = records
  }

  /** False when an old record is not where it should be. */
  async add(differences: readonly Difference[]): Promise<boolean> {
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
      const start = before === null ? end : end - record!.length
      this.#splice({ start, end, bytes: young[i] ?? new Uint8Array(0) })
    }
    return true
  }

  #isBehind(key: Uint8Array): boolean {
    return this.#lastKey !== null && compareBytes(this.#lastKey, key) >= 0
  }

  #splice(splice: Splice): void {
    this.splices.push(splice)
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

async function* patched(source: ByteSource, splices: readonly Splice[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const { start, end, bytes } of splices) {
    yield* copied(source, at, start)
    if (bytes.length > 0) yield bytes
    at = end
  }
  yield* copied(source, at, source.size)
}

async function* copied(source: ByteSource, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += copyBytes) yield source.read(at, Math.min(copyBytes, to - at))
}
