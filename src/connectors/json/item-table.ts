// Tables whose rows are JSON objects that an API or a sender shows: which of their properties are the key and which ones
// are columns is declared; without columns each row is the key and the whole item.
import { VarveError } from '../../base/errors.ts'
import { absentCell, cellOf } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import type { EndpointColumn, EndpointTable } from '../interface.ts'
import type { DeclaredTable } from '../../dataset/interface.ts'
import { type JsonRange, membersOf } from './range.ts'

const itemColumn = 'item'
const keyKinds: ReadonlySet<string> = new Set(['text', 'number', 'true', 'false'])

export interface ItemTable<T extends DeclaredTable = DeclaredTable> extends EndpointTable {
  readonly declared: T
}

/** @throws VarveError VARVE_RULE_VIOLATED: a column of the key is not declared */
export function itemTable<T extends DeclaredTable>(declared: T): ItemTable<T> {
  const key = declared.key ?? ['id']
  const columns = declared.columns ?? [
    ...key.map((name) => ({ name, type: 'json' as const })),
    { name: itemColumn, type: 'json' as const },
  ]
  const missing = key.find((name) => !columns.some((column) => column.name === name))
  if (missing !== undefined) {
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `table '${declared.table}' has no column '${missing}' for its key`,
      {
        data: { table: declared.table, column: missing },
        hint: "name it among its 'columns', or say another 'key'",
      },
    )
  }
  return {
    name: declared.table,
    columns: columns.map(({ name, type }): EndpointColumn => ({
      name,
      type,
      nativeType: 'JSON',
      nullable: true,
      generated: false,
    })),
    key,
    references: [],
    declared,
  }
}

/** The cells of an item in the order of the columns; why it is no row, for people, where it is none. */
export function itemCells({ key, columns, declared }: ItemTable, item: JsonRange): Cell[] | string {
  const members = membersOf(item)
  if (members === null) return 'is not an object'
  const missing = key.find((name) => !keyKinds.has(members.get(name)?.kind ?? ''))
  if (missing !== undefined) return `has no '${missing}' for its key`
  const isWhole = declared.columns === undefined
  return columns.map(({ name }) => {
    if (isWhole && name === itemColumn && !key.includes(itemColumn)) return cellOfRange(item)
    const found = members.get(name)
    return found === undefined ? absentCell : cellOfRange(found)
  })
}

/** A copy: a document is not to be held for one cell of it. */
function cellOfRange({ src, kind, start, end }: JsonRange): Cell {
  return cellOf(
    kind,
    kind === 'null' || kind === 'true' || kind === 'false' ? new Uint8Array(0) : src.slice(start, end),
  )
}
