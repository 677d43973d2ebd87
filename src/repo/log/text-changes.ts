// How often a text or a pattern stands in two versions of a path: for `log -S`, which names the commits that change it. Of
// files their bytes are looked through in pieces, of tables the cells of rows that differ and the names of columns; parts
// that both versions share are not read, or count on both sides alike.
import { throwIfAborted } from '../../base/errors.ts'
import { yieldIfDue } from '../../base/turns.ts'
import { Lru } from '../../base/lru.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { TreeEntry } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import { diffMaps } from '../../prolly/diff.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { entryCells } from '../../table/entry-cells.ts'
import { Table } from '../../table/table.ts'
import type { ChangedPath } from '../diff/diff.ts'
import type { Counter } from './needle.ts'

const rowsAtOnce = 256
/** Files of which the count is known: each version is one side of two comparisons. */
const knownMax = 4096

export class TextChanges {
  readonly #nodes: NodeStore
  readonly #counter: Counter
  readonly #options: ReadOptions
  readonly #known = new Lru<Cid, number>(knownMax)

  constructor(nodes: NodeStore, counter: Counter, options: ReadOptions = {}) {
    this.#nodes = nodes
    this.#counter = counter
    this.#options = options
  }

  /** Whether it stands in the path another number of times. */
  async differs({ before, after }: ChangedPath): Promise<boolean> {
    if (before?.kind !== 'table' || after?.kind !== 'table')
      return (await this.countIn(before)) !== (await this.countIn(after))
    const [old, young] = [await this.#tableOf(before.table), await this.#tableOf(after.table)]
    let more = this.#namesOf(young) - this.#namesOf(old)
    for await (const differences of diffMaps(old.map, young.map, this.#options)) {
      const sides = { old: differences.map((one) => one.before), young: differences.map((one) => one.after) }
      more += (await this.#cellsOf(young, sides.young)) - (await this.#cellsOf(old, sides.old))
    }
    return more !== 0
  }

  async countIn(entry: TreeEntry | null): Promise<number> {
    if (entry === null) return 0
    if (entry.kind === 'symlink') return this.#counter.countIn(entry.target)
    const name = entry.kind === 'table' ? entry.table : entry.content
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const count =
      entry.kind === 'table'
        ? await this.#countRows(await this.#tableOf(entry.table))
        : await this.#counter.countInPieces(readFile(this.#nodes, entry, this.#options))
    this.#known.set(name, count, 1)
    return count
  }

  async #countRows(table: Table): Promise<number> {
    let count = this.#namesOf(table)
    for await (const batch of table.map.scan(this.#options)) {
      const entries = Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
      count += await this.#cellsOf(table, entries)
    }
    return count
  }

  #namesOf({ shape }: Table): number {
    return shape.schema.columns.reduce((sum, { name }) => sum + this.#counter.countInText(name), 0)
  }

  async #cellsOf({ shape }: Table, entries: readonly (Entry | null)[]): Promise<number> {
    const here = entries.filter((entry) => entry !== null)
    let count = 0
    for (let at = 0; at < here.length; at += rowsAtOnce) {
      for (const run of contentRuns(here.slice(at, at + rowsAtOnce), entryContentBytes)) {
        const rows = await entryCells(this.#nodes.reader, shape, run, shape.schema.columns)
        for (const cells of rows) for (const cell of cells ?? []) count += this.#counter.countInCell(cell)
      }
      throwIfAborted(this.#options.signal)
      await yieldIfDue()
    }
    return count
  }

  #tableOf(table: Cid): Promise<Table> {
    return Table.load(this.#nodes, table, this.#options)
  }
}
