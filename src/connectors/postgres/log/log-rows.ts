// From messages of the log to changes of a link's tables: which relation is which table, which column lies where, and
// whether the table is still the one that the link knows. Where it is not, the change is 'unclear'.
import { columnPlaces } from '../../../table/column-places.ts'
import type { Cell } from '../../../table/interface.ts'
import type { LogChange } from '../../change-log.ts'
import type { PostgresColumn, PostgresTable } from '../discover.ts'
import type { LogMessage, Relation, Tuple } from './pgoutput.ts'
import { quoteName } from '../sql.ts'
import { cellOfText, cellOfTextBytes } from '../types.ts'

const blank = 0x20

interface Known {
  readonly table: PostgresTable
  /** By column of the table: its place in a tuple. */
  readonly places: readonly number[]
  /** By column of the key: its place among the table's columns. */
  readonly keys: readonly number[]
}

export class LogRows {
  readonly #tables: ReadonlyMap<string, PostgresTable>
  /** null: not what the link knows. */
  readonly #relations = new Map<number, Known | null>()

  constructor(tables: readonly PostgresTable[]) {
    this.#tables = new Map(tables.map((table) => [table.sql, table]))
  }

  changesOf(message: LogMessage): LogChange[] {
    switch (message.kind) {
      case 'begin':
      case 'commit':
        return []
      case 'relation':
        return this.#describe(message)
      case 'truncate':
        return message.relations.flatMap((id) => {
          const known = this.#relations.get(id)
          return known ? [unclear(known.table, 'it was emptied by TRUNCATE')] : []
        })
      default:
        return this.#rowChange(message)
    }
  }

  #describe(relation: Relation): LogChange[] {
    const table = this.#tables.get(`${quoteName(relation.schema)}.${quoteName(relation.name)}`)
    if (table === undefined) {
      this.#relations.set(relation.id, null)
      return []
    }
    const places = table.columns.map(({ name, typeId }) =>
      relation.columns.findIndex((column) => column.name === name && column.type === typeId),
    )
    const isSame = places.length === relation.columns.length && !places.includes(-1)
    const hasKey = relation.identity === 'd' || relation.identity === 'f'
    if (!isSame || !hasKey) {
      this.#relations.set(relation.id, null)
      return [
        unclear(table, isSame ? 'its replica identity is not its primary key' : 'it has changed its columns'),
      ]
    }
    const keys = columnPlaces(table.columns, table.key)
    this.#relations.set(relation.id, { table, places, keys })
    return []
  }

  #rowChange(message: LogMessage & { readonly relation: number }): LogChange[] {
    const known = this.#relations.get(message.relation)
    if (!known) return []
    const { table } = known
    if (message.kind === 'delete') {
      const key = keyOf(known, message.old)
      return key === null ? [shapeless(table)] : [{ kind: 'delete', table: table.name, key }]
    }
    const { row } = message as { readonly row: Tuple }
    if (row.length !== known.places.length) return [shapeless(table)]
    const after = known.places.map((place, i): Cell | null => {
      const text = row[place]
      return text === undefined ? null : cellOf(text, table.columns[i]!)
    })
    const old = message.kind === 'update' ? message.old : null
    const oldKey = old === null ? null : keyOf(known, old)
    if (old !== null && oldKey === null) return [shapeless(table)]
    return [{ kind: 'put', table: table.name, oldKey, after }]
  }
}

function keyOf({ table, places, keys }: Known, tuple: Tuple): Cell[] | null {
  if (tuple.length !== places.length) return null
  const cells = keys.map((at) => {
    const text = tuple[places[at]!]
    return text === null || text === undefined ? null : cellOf(text, table.columns[at]!)
  })
  return cells.includes(null) ? null : (cells as Cell[])
}

function cellOf(text: Uint8Array | number | null, { type, isPadded }: PostgresColumn): Cell {
  if (typeof text === 'number') return cellOfTextBytes(text, type)
  let end = text?.length ?? 0
  while (isPadded && end > 0 && text![end - 1] === blank) end--
  return cellOfText(text?.subarray(0, end) ?? null, type)
}

function shapeless(table: PostgresTable): LogChange {
  return unclear(table, 'the log has rows of another shape')
}

function unclear(table: PostgresTable, reason: string): LogChange {
  return { kind: 'unclear', table: table.name, reason }
}
