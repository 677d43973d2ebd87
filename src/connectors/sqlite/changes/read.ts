// Rows whose keys were noted, as they are now: of each key the row that has it, or that none has. Under a collation a row may
// be found by a key that is not byte for byte its own; then the one is gone and the other is there.
import { sameCell } from '../../../table/cell.ts'
import type { LogChange } from '../../change-log.ts'
import type { SqliteDatabase, SqliteValue } from '../database.ts'
import { type SqliteColumn, type SqliteTable, quoteName } from '../discover.ts'
import { cellsOf, fitting, tagsOf, valuesOf, whole } from '../rows.ts'

const batchChanges = 512
/** Or as soon as their cells have so many bytes. */
const batchBytes = 4 << 20

export interface ChangesRange {
  readonly after: bigint
  readonly until: bigint
}

/** The changes in batches. Call it inside a reading transaction. */
export function* readChanges(
  database: SqliteDatabase,
  table: SqliteTable,
  real: string,
  { after, until }: ChangesRange,
): Generator<LogChange[]> {
  const keys = table.key.map((name) => table.columns.find((column) => column.name === name)!)
  const noted = keys.map((_, i) => `k${i}`)
  const on = noted.map((k, i) => `t.${quoteName(keys[i]!.name)} = c.${k}`).join(' AND ')
  const keyCells = noted.map((k) => whole(`c.${k}`))
  const columns = table.columns.map(({ name }) => {
    const column = `t.${quoteName(name)}`
    return table.key.includes(name) ? whole(column) : fitting(column)
  })
  const sql = `
    SELECT ${tagsOf(keyCells)}, ${tagsOf(columns)}, t.${quoteName(keys[0]!.name)} IS NOT NULL,
           ${valuesOf([...keyCells, ...columns])}
      FROM (SELECT DISTINCT ${noted.flatMap((k) => [k, `typeof(${k})`]).join(', ')} FROM varve_changes
             WHERE seq > ${after} AND seq <= ${until} AND tbl = '${real.replaceAll("'", "''")}') AS c
      LEFT JOIN main.${quoteName(real)} AS t ON ${on}`
  let batch: LogChange[] = []
  let bytes = 0
  for (const row of database.iterate(sql)) {
    batch.push(...changesOf(table, keys, row))
    for (const value of row) bytes += value instanceof Uint8Array ? value.length : 0
    if (batch.length < batchChanges && bytes < batchBytes) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

function changesOf(
  table: SqliteTable,
  keys: readonly SqliteColumn[],
  [keyTags, tags, isThere, ...values]: readonly SqliteValue[],
): LogChange[] {
  const { name } = table
  if ((keyTags as string).includes('n')) return [{ kind: 'unclear', table: name, reason: 'a key is NULL' }]
  const key = cellsOf({ name, columns: keys }, keyTags as string, values)
  if (isThere === 0n) return [{ kind: 'delete', table: name, key }]
  const after = cellsOf(table, tags as string, values.slice(keys.length))
  const put: LogChange = { kind: 'put', table: name, oldKey: null, after }
  const own = keys.map((column) => after[table.columns.indexOf(column)]!)
  return own.every((cell, i) => sameCell(cell, key[i]!)) ? [put] : [{ kind: 'delete', table: name, key }, put]
}
