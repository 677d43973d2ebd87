// A table without rows that has an endpoint table's columns and key.
import type { EndpointTable } from '../../connectors/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { newTable } from '../../table/edits.ts'
import type { TableObject } from '../../table/interface.ts'

export function emptyTable({ nodes, writer }: Io, table: EndpointTable): TableObject {
  const columns = table.columns.map(({ name, type }) => ({ name, type }))
  return newTable(nodes, writer, { key: table.key, columns })
}
