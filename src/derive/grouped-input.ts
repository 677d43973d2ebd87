// One input of a table that a function makes of groups: which group each of its rows belongs to. Values of the columns that
// make the groups are the same if they are spelled alike, whatever their types: 7 in one table meets '7' in another.
import { toHex } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'
import type { Entry, EntryBatch } from '../prolly/interface.ts'
import { cellText, isEmptyCell } from '../table/cell.ts'
import { entryCells } from '../table/entry-cells.ts'
import type { Cell, Row, Value } from '../table/interface.ts'
import { entriesToRows } from '../table/rows.ts'
import type { Table } from '../table/table.ts'
import { givenRows } from './given-rows.ts'
import type { GroupIndex } from './group-index.ts'

export class GroupedInput {
  readonly name: string
  readonly table: Table
  /** The table's index, as it was or is; null where there is none. */
  index: GroupIndex | null
  readonly #by: readonly { readonly name: string }[]

  /** @throws VarveError VARVE_RULE_VIOLATED: it has no such columns */
  constructor(
    table: Table,
    { name, path, by }: { name: string; path: string; by: readonly string[] },
    index: GroupIndex | null,
  ) {
    const missing = by.find((column) => !table.schema.columns.some((one) => one.name === column))
    if (missing !== undefined) {
      throw new VarveError('VARVE_RULE_VIOLATED', `'${path}' has no column '${missing}' to make groups by`, {
        data: { path, column: missing },
        hint: `it has ${table.schema.columns.map((one) => one.name).join(', ')}`,
      })
    }
    this.name = name
    this.table = table
    this.index = index
    this.#by = by.map((column) => ({ name: column }))
  }

  /** Without columns to group by, all rows are one group. */
  get isGrouped(): boolean {
    return this.#by.length > 0
  }

  /** The group of each entry, as a text; null where there is no entry. */
  async groupsOf(entries: readonly (Entry | null)[]): Promise<(string | null)[]> {
    const rows = await entryCells(this.table.nodes.reader, this.table.shape, entries, this.#by)
    return rows.map((cells) => cells && cells.map(spelled).join(','))
  }

  async rowsOf(entries: readonly Entry[]): Promise<readonly Row[]> {
    const rows = await entriesToRows(this.table.shape, entries, this.table.nodes.reader)
    return givenRows(this.table.schema, rows)
  }

  values(row: Row): Value[] {
    return this.#by.map(({ name }) => row[name] ?? null)
  }

  scan(signal: AbortSignal | undefined): AsyncIterable<EntryBatch> {
    return this.table.map.scan({ signal })
  }
}

/** Length first, so that no two lists of cells are joined to one text. */
function spelled(cell: Cell): string {
  if (isEmptyCell(cell)) return '-'
  const text = spellingOf(cell)
  return `${text.length}:${text}`
}

function spellingOf(cell: Cell): string {
  if (cell.kind === 'true' || cell.kind === 'false') return cell.kind
  return cell.kind === 'bytes' ? toHex(cell.bytes) : cellText(cell)
}
