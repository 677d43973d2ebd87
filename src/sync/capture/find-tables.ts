// The endpoint's tables that a link is about. One that was there and is gone stops by itself, as any other change of
// shape does, and not the link: it goes on under the shape that it had.
import { type VarveError, isVarveError } from '../../base/errors.ts'
import type { Connector, EndpointTable } from '../../connectors/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { Schema } from '../../table/interface.ts'
import type { Link } from '../interface.ts'
import { type LinkedTable, linkedTables, tableAt, tablePath } from '../tables/link-tables.ts'

/** `before` is the endpoint as it was last read. @throws VarveError VARVE_PATH_NOT_FOUND for one that never was there */
export async function findTables(
  io: Io,
  connector: Connector,
  link: Link,
  before: Tree,
): Promise<LinkedTable[]> {
  try {
    return linkedTables(link, await connector.discover(link.tables))
  } catch (error) {
    if (!isVarveError(error, 'VARVE_PATH_NOT_FOUND')) throw error
    const present: string[] = []
    const gone: LinkedTable[] = []
    for (const name of link.tables) {
      if (await isThere(connector, name)) present.push(name)
      else gone.push(await goneTable(io, link, name, before, error))
    }
    return [...linkedTables(link, present.length === 0 ? [] : await connector.discover(present)), ...gone]
  }
}

async function isThere(connector: Connector, name: string): Promise<boolean> {
  try {
    return (await connector.discover([name])).length > 0
  } catch (error) {
    if (isVarveError(error, 'VARVE_PATH_NOT_FOUND')) return false
    throw error
  }
}

async function goneTable(
  io: Io,
  link: Link,
  name: string,
  before: Tree,
  error: VarveError,
): Promise<LinkedTable> {
  const path = tablePath(link, name)
  const known = await tableAt(io, before, path)
  if (known === null) throw error
  return { table: tableOf(name, known.schema), path, isGone: true }
}

function tableOf(name: string, { columns, key }: Schema): EndpointTable {
  return {
    name,
    columns: columns.map((column) => ({
      name: column.name,
      type: column.type,
      nativeType: column.type,
      nullable: true,
      generated: false,
    })),
    key: key.map((id) => columns.find((column) => column.id === id)!.name),
    references: [],
  }
}
