// The tables of an API as its pages show them, one after the other: not at one moment. Where pages have marks, the next
// reading asks first whether they are as they were.
import { equalBytes } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { HttpTable } from '../../dataset/interface.ts'
import { columnPlaces } from '../../table/column-places.ts'
import type { Cell } from '../../table/interface.ts'
import type { EndpointSnapshot, EndpointTable, RowCursor, RowsSince, Written } from '../interface.ts'
import { type ItemTable, itemCells } from '../json/item-table.ts'
import { isGone } from '../json/value-rules.ts'
import { type PageMark, areUnchanged, marksText, pageMark } from './page-marks.ts'
import { type Page, type PageSource, pagesOf } from './pages.ts'
import { LargestSeen, before } from './since.ts'

export class HttpSnapshot implements EndpointSnapshot {
  readonly #source: PageSource
  /** Marks of tables that were read to their end. */
  readonly #marks: Map<string, string>
  /** Of tables that are read by a cursor. */
  readonly #largest = new Map<string, LargestSeen>()
  /** Rows that say that they are gone. */
  readonly #gone = new WeakSet<readonly Cell[]>()

  constructor(source: PageSource, marks: Map<string, string>) {
    this.#source = source
    this.#marks = marks
  }

  async *rows(given: EndpointTable): AsyncGenerator<Cell[][]> {
    const table = given as ItemTable<HttpTable>
    const pages: (PageMark | null)[] = []
    this.#marks.delete(table.name)
    for await (const { page, rows } of this.#pages(table, null)) {
      pages.push(pageMark(page.path, page))
      yield rows.filter((row) => !this.#gone.has(row))
    }
    this.#marks.set(table.name, marksText(this.#source, table.declared, pages))
  }

  digest(): Promise<null> {
    return Promise.resolve(null)
  }

  since(given: EndpointTable, cursor: RowCursor): Promise<RowsSince> {
    const table = given as ItemTable<HttpTable>
    const largest = new LargestSeen(table, cursor)
    this.#largest.set(table.name, largest)
    const from = cursor.from === null ? null : before(cursor.from, cursor.lag)
    return Promise.resolve({
      largest: () => largest.text,
      isIndexed: true,
      rows: () => this.#rowsFrom(table, from),
      isGone: (row) => this.#gone.has(row),
    })
  }

  /** Whether any page has changed; which rows have, nothing says. */
  async written(given: EndpointTable, earlier: string | null): Promise<Written> {
    const { name, declared } = given as ItemTable<HttpTable>
    const isSame = await areUnchanged(this.#source, declared, earlier)
    return {
      mark: () => (isSame ? earlier! : (this.#marks.get(name) ?? '')),
      since: isSame ? { isSame, kept: 0, written: 0, rows: nothing } : null,
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async *#rowsFrom(table: ItemTable<HttpTable>, from: string | null): AsyncGenerator<Cell[][]> {
    for await (const { rows } of this.#pages(table, from)) yield rows
  }

  /** While pages are read the API goes on: an item that has slid to a later page meanwhile comes twice, and counts once. */
  async *#pages(
    table: ItemTable<HttpTable>,
    from: string | null,
  ): AsyncGenerator<{ readonly page: Page; readonly rows: Cell[][] }> {
    const places = columnPlaces(table.columns, table.key)
    const largest = this.#largest.get(table.name)
    const seen = new Set<string>()
    for await (const page of pagesOf(this.#source, table.declared, from)) {
      const here = new Map<string, number>()
      const rows = cellsOf(table, page).filter((cells, i) => {
        if (isGone(table.declared.deletes, page.items[i]!)) this.#gone.add(cells)
        const key = places
          .map((place) => `${cells[place]!.kind} ${Buffer.from(cells[place]!.bytes).toString('latin1')}`)
          .join('\0')
        const twin = here.get(key)
        if (twin !== undefined) refuseTwo(table, page, [twin, i])
        here.set(key, i)
        largest?.see(cells)
        return seen.size < seen.add(key).size
      })
      yield { page, rows }
    }
  }
}

/** A page shows one moment, so two items that differ are two rows, and under one key one of them would be lost. */
function refuseTwo(table: ItemTable, { items }: Page, [before, at]: readonly [number, number]): void {
  const [one, other] = [before, at].map((i) => items[i]!.src.subarray(items[i]!.start, items[i]!.end))
  if (equalBytes(one!, other!)) return
  throw keyFault(table, `items ${before + 1} and ${at + 1} of a page have the same key, and are not the same`)
}

// oxlint-disable-next-line require-yield
async function* nothing(): AsyncGenerator<never> {}

/** @throws VarveError VARVE_NOT_POSSIBLE: an item is none, or has no key */
export function cellsOf(table: ItemTable, { items }: Page): Cell[][] {
  return items.map((item, i) => {
    const cells = itemCells(table, item)
    if (typeof cells !== 'string') return cells
    throw keyFault(table, `item ${i + 1} of a page ${cells}`)
  })
}

function keyFault({ name }: ItemTable, what: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `table '${name}': ${what}`, {
    data: { table: name },
    hint: "say which properties are its key: '--key' of 'varve link add', or under the link's 'http' in varve.yaml",
  })
}
