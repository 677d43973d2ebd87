// What has to happen to an endpoint's table so that it becomes another: rows as cells in the order of the endpoint's own
// columns, from the difference of two tables. The cost follows the difference.
import type { RowChange, StoredSide } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Difference, Entry } from '../../prolly/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { EntryCells } from '../../table/entry-cells.ts'
import type { Cell, Column } from '../../table/interface.ts'
import { type RowShape, entrySlots } from '../../table/rows.ts'
import { fetchContents } from '../../table/slot.ts'
import { StoredCells } from '../../table/stored-cells.ts'
import { Table } from '../../table/table.ts'
import { type TableStep, differencesOf, kindOf } from './differences.ts'

const batchRows = 512

/** The changes in batches, by key: those of one kind, or all. */
export async function* rowChanges(
  nodes: NodeStore,
  { before, after }: TableStep,
  table: { readonly columns: readonly Pick<Column, 'name'>[] },
  kind: RowChange['kind'] | 'all',
): AsyncGenerator<RowChange[]> {
  const old = new Version((await Table.of(nodes, before)).shape, table.columns)
  const now = new Version((await Table.of(nodes, after)).shape, table.columns)
  for await (const differences of differencesOf(nodes, { before, after })) {
    const chosen = kind === 'all' ? differences : differences.filter((one) => kindOf(one) === kind)
    for (const batch of batchesOf(chosen)) {
      const links = batch.flatMap((one) => [...(one.before?.links ?? []), ...(one.after?.links ?? [])])
      const contents = await fetchContents(nodes.reader, links)
      yield batch.map((one) => new EntryChange(one, old, now, contents) as RowChange)
    }
  }
}

function* batchesOf(differences: readonly Difference[]): Generator<readonly Difference[]> {
  for (const run of contentRuns(differences, contentBytes))
    for (let at = 0; at < run.length; at += batchRows) yield run.slice(at, at + batchRows)
}

function contentBytes({ before, after }: Difference): number {
  return entryContentBytes(before) + entryContentBytes(after)
}

/** Reads the rows of one version of a table. */
class Version {
  readonly reader: StoredCells
  readonly #shape: RowShape
  readonly #cells: EntryCells

  constructor(shape: RowShape, columns: readonly Pick<Column, 'name'>[]) {
    this.reader = new StoredCells(columns, shape)
    this.#shape = shape
    this.#cells = new EntryCells(shape, columns)
  }

  cells(entry: Entry, contents: ReadonlyMap<Cid, Uint8Array>): Cell[] {
    return this.#cells.of(entry, entrySlots(this.#shape, entry), contents)
  }

  side({ key, value, links }: Entry, contents: ReadonlyMap<Cid, Uint8Array>): StoredSide {
    const row = {
      keys: key,
      keyStart: 0,
      values: value,
      valueStart: 0,
      valueEnd: value.length,
      contents: links.map((link) => contents.get(link)!),
      contentStart: 0,
    }
    return { reader: this.reader, row }
  }
}

/** A change of a row. Its cells are made when they are first asked for. */
class EntryChange {
  readonly kind: RowChange['kind']
  readonly key: Uint8Array
  readonly #difference: Difference
  readonly #old: Version
  readonly #now: Version
  readonly #contents: ReadonlyMap<Cid, Uint8Array>
  #before: Cell[] | null = null
  #after: Cell[] | null = null

  constructor(difference: Difference, old: Version, now: Version, contents: ReadonlyMap<Cid, Uint8Array>) {
    this.kind = kindOf(difference)
    this.key = difference.key
    this.#difference = difference
    this.#old = old
    this.#now = now
    this.#contents = contents
  }

  get contentBytes(): number {
    return contentBytes(this.#difference)
  }

  get before(): Cell[] | null {
    const { before } = this.#difference
    return before && (this.#before ??= this.#old.cells(before, this.#contents))
  }

  get after(): Cell[] | null {
    const { after } = this.#difference
    return after && (this.#after ??= this.#now.cells(after, this.#contents))
  }

  get storedBefore(): StoredSide | null {
    const { before } = this.#difference
    return before && this.#old.side(before, this.#contents)
  }

  get storedAfter(): StoredSide | null {
    const { after } = this.#difference
    return after && this.#now.side(after, this.#contents)
  }
}
