// How the columns of an endpoint's table have changed since it was last read. A new nullable column is taken in; any
// other change stops that table alone, says what it is, and waits for an approval (shape-guard.ts).
import type { EndpointTable } from '../../connectors/interface.ts'
import { keyNames } from '../../table/key.ts'
import type { Schema } from '../../table/interface.ts'

/**
 * How the table's columns have changed, one sentence for each change; empty when the table may go on. If it had no
 * rows, its types do not count.
 */
export function driftOf(before: Schema, table: EndpointTable, hadRows: 'rows' | 'no rows'): string[] {
  const now = new Map(table.columns.map((column) => [column.name, column]))
  const drift: string[] = []
  for (const { name, type } of before.columns) {
    const column = now.get(name)
    if (column === undefined) drift.push(`column '${name}' is gone`)
    else if (column.type !== type && hadRows === 'rows')
      drift.push(`column '${name}' is ${column.type} (${column.nativeType}) and was ${type}`)
  }
  const known = new Set(before.columns.map(({ name }) => name))
  const isShort = drift.length > 0
  for (const { name, nullable, generated } of table.columns) {
    if (known.has(name)) continue
    if (!nullable && !generated) drift.push(`column '${name}' is new and may not be empty`)
    // What is gone may be there under another name.
    else if (isShort) drift.push(`column '${name}' is new`)
  }
  const key = keyNames(before)
  if (key.join('\0') !== table.key.join('\0'))
    drift.push(`the key is ${table.key.join(', ')} and was ${key.join(', ')}`)
  return drift
}

/** Whether the table has exactly these columns, in any order. */
export function isShapedAs(schema: Schema, table: EndpointTable): boolean {
  return schema.columns.length === table.columns.length && driftOf(schema, table, 'rows').length === 0
}

/** The columns that only the dataset's table has. What is in them stays here. */
export function columnsOnlyHere(schema: Schema, table: EndpointTable): string[] {
  const there = new Set(table.columns.map(({ name }) => name))
  return schema.columns.filter(({ name }) => !there.has(name)).map(({ name }) => name)
}

/** The columns that only the endpoint has. What is in them stays there. */
export function columnsOnlyThere(schema: Schema, table: EndpointTable): string[] {
  const here = new Set(schema.columns.map(({ name }) => name))
  return table.columns.filter(({ name, generated }) => !generated && !here.has(name)).map(({ name }) => name)
}
