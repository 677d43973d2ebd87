// The types of a result's columns where it has no rows that could tell: those of the columns that it takes from tables. A
// computed one has none, and is text.
import type { LoadedInput } from '../derive/inputs.ts'
import type { Workspace } from '../derive/workspace.ts'
import { quoted } from '../formats/sqlite/names.ts'
import type { ColumnType } from '../table/interface.ts'
import type { QueryColumn } from './interface.ts'

const types = 'varve types'

/** `inputs` by the names that the query has for them; views of these names are replaced for the moment. */
export function columnsOfNone(
  { database }: Workspace,
  sql: string,
  inputs: ReadonlyMap<string, LoadedInput>,
): readonly QueryColumn[] {
  const made: string[] = []
  try {
    for (const [name, { columns }] of inputs) {
      database.exec(`DROP VIEW IF EXISTS temp.${quoted(name)}`)
      const definitions = columns.map((column) => `${quoted(column.name)} ${declaredAs(column.type)}`)
      database.exec(`CREATE TEMP TABLE ${quoted(name)} (${definitions.join(', ')})`)
      made.push(name)
    }
    database.exec(`CREATE TEMP TABLE ${quoted(types)} AS SELECT * FROM (\n${sql}\n) LIMIT 0`)
    made.push(types)
    const columns = database.all(`PRAGMA temp.table_xinfo(${quoted(types)})`)
    return columns.map(({ name, type }) => ({ name: String(name), type: typeOf(String(type)) }))
  } finally {
    for (const name of made) database.exec(`DROP TABLE temp.${quoted(name)}`)
  }
}

/** As values of these types are found where there are rows. */
function declaredAs(type: ColumnType): string {
  if (type === 'int' || type === 'bool') return 'INTEGER'
  return type === 'decimal' || type === 'float' ? 'REAL' : 'TEXT'
}

function typeOf(declared: string): ColumnType {
  if (declared === 'INT') return 'int'
  return declared === 'REAL' ? 'float' : 'text'
}
