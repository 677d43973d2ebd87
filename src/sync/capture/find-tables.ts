// The endpoint's tables that a link covers. One that is gone, or cannot be read now, is stopped by itself, like a table
// whose columns changed: it keeps its known columns, and the link's other tables go on.
import { type VarveError, isVarveError } from '../../base/errors.ts'
import type { Connector, EndpointTable, KnownTable } from '../../connectors/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { Schema } from '../../table/interface.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { Link } from '../interface.ts'
import { knownTable, knownTables } from '../tables/known-tables.ts'
import type { TableDigests } from './digests.ts'
import { type LinkedTable, linkedTables, tableAt, tablePath, waitingTable } from '../tables/link-tables.ts'

export interface FindTablesInput {
  readonly link: Link
  readonly connector: Connector
  /** The endpoint as it was last read. */
  readonly before: Tree
  /** What is to be written; null: nothing is. */
  readonly branch: Tree | null
  readonly held: HeldRows
  readonly digests: TableDigests
}

/** @throws VarveError VARVE_PATH_NOT_FOUND for one that never was there */
export async function findTables(io: Io, finding: FindTablesInput): Promise<LinkedTable[]> {
  const { link, before, branch, digests } = finding
  const shapes = await knownTables(io, link, branch === null ? [before] : [before, branch])
  const known = shapes.map((table) => {
    const digest = digests.lastOf(tablePath(link, table.name))?.mark
    return digest === undefined ? table : { ...table, digest }
  })
  try {
    return await found(io, finding, link.tables, known)
  } catch (error) {
    if (!isVarveError(error, 'VARVE_PATH_NOT_FOUND')) throw error
    const present: string[] = []
    const gone: LinkedTable[] = []
    for (const name of link.tables) {
      const missing = await whyMissing(finding.connector, name, known)
      if (missing === null) present.push(name)
      else gone.push(await goneTable(io, finding, name, missing))
    }
    return [...(present.length === 0 ? [] : await found(io, finding, present, known)), ...gone]
  }
}

async function found(
  io: Io,
  { link, connector, before, held }: FindTablesInput,
  names: readonly string[],
  known: readonly KnownTable[],
): Promise<LinkedTable[]> {
  const whole: EndpointTable[] = []
  const waiting: LinkedTable[] = []
  for (const table of await connector.discover(names, known)) {
    const { name } = table
    const path = tablePath(link, name)
    const last = await tableAt(io, before, path)
    const trouble = table.trouble ?? (last !== null && table.key.length === 0 ? keyless : undefined)
    if (trouble === undefined) whole.push(table)
    // A table that was never read is left alone on both sides.
    else if (last === null) held.add(waitingTable({ table, path }, trouble))
    else waiting.push({ table: tableOf(name, last.schema), path, waits: trouble })
  }
  return [...linkedTables(link, whole), ...waiting]
}

const keyless = 'it no longer has a primary key: give it one'

async function whyMissing(
  connector: Connector,
  name: string,
  known: readonly KnownTable[],
): Promise<VarveError | null> {
  try {
    await connector.discover([name], known)
    return null
  } catch (error) {
    if (isVarveError(error, 'VARVE_PATH_NOT_FOUND')) return error
    throw error
  }
}

async function goneTable(
  io: Io,
  { link, before }: FindTablesInput,
  name: string,
  error: VarveError,
): Promise<LinkedTable> {
  const path = tablePath(link, name)
  const known = await tableAt(io, before, path)
  if (known === null) throw error
  const { kind, grant } = error.data
  const what =
    typeof kind === 'string'
      ? `there is a ${kind} in the place of the table: bring it back`
      : typeof grant === 'string'
        ? `the table is gone, or not shown to this user: bring it back, ${grant}`
        : 'the table is gone: bring it back'
  const waits = `${what}, or take it out of the link '${link.name}' in varve.yaml`
  return { table: tableOf(name, known.schema), path, waits }
}

function tableOf(name: string, schema: Schema): EndpointTable {
  const { columns, key } = knownTable(name, schema)
  const shown = columns.map((column) => ({
    name: column.name,
    type: column.type,
    nativeType: column.type,
    nullable: true,
    generated: false,
  }))
  return { name, columns: shown, key, references: [] }
}
