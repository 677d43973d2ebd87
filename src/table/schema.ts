// How a table's schema comes to be and changes: columns keep their ids by name, new names get new ids, so that rows
// written before stay as they are. A key column's type never changes by itself, because the key's bytes hang on it.
import { VarveError, corrupt } from '../base/errors.ts'
import type { Column, ColumnType, Schema } from './interface.ts'

export const columnsMax = 32_768
export const keyColumnsMax = 16

export const columnTypes: readonly ColumnType[] = [
  'text',
  'int',
  'decimal',
  'float',
  'bool',
  'date',
  'timestamp',
  'bytes',
  'json',
]

export interface SchemaInput {
  /** Columns in the order in which people see them. */
  readonly names: readonly string[]
  readonly key: readonly string[]
  readonly cells: Schema['cells']
  /** Type of a column as its cells look; null when they tell nothing. */
  readonly typeOf: (name: string, index: number) => ColumnType | null
}

/**
 * The schema for these columns; `previous` gives ids and types by name when it has the same key and kind of cells.
 * @throws VarveError VARVE_RULE_VIOLATED for names that are not unique and keys that are not there.
 */
export function evolveSchema(input: SchemaInput, previous: Schema | null): Schema {
  checkNames(input.names, input.key)
  const known = new Map<string, Column>()
  for (const column of previous?.columns ?? []) known.set(column.name, column)
  const keepsTypes = previous !== null && previous.cells === input.cells
  let nextColumnId = previous?.nextColumnId ?? 1
  const columns = input.names.map((name, index): Column => {
    const before = known.get(name)
    const looks = input.typeOf(name, index)
    const type = keepsTypes && before !== undefined ? keptType(before, looks, input.key) : (looks ?? 'text')
    return { id: before?.id ?? nextColumnId++, name, type }
  })
  const idOf = new Map(columns.map((column) => [column.name, column.id]))
  return { columns, key: input.key.map((name) => idOf.get(name)!), nextColumnId, cells: input.cells }
}

// 'text' once seen says that some cell fits nothing narrower; a sample without such a cell does not say the contrary.
function keptType(before: Column, looks: ColumnType | null, key: readonly string[]): ColumnType {
  if (looks === null || key.includes(before.name)) return before.type
  if (before.type === 'text' || before.type === 'json' || before.type === 'float') return before.type
  return before.type === 'decimal' && looks === 'int' ? before.type : looks
}

/** Columns that a program gives: its types are not checked by a compiler, nor its texts. @throws TypeError */
export function checkGiven(columns: readonly { readonly name: string; readonly type: ColumnType }[]): void {
  for (const { name, type } of columns) {
    if (typeof name !== 'string' || /\p{Surrogate}/u.test(name))
      throw new TypeError(`'${name}' is not a valid name of a column`)
    if (!columnTypes.includes(type)) throw new TypeError(`column '${name}' has the unknown type '${type}'`)
  }
}

export function checkNames(names: readonly string[], key: readonly string[]): void {
  const violated = (message: string, hint: string, data: object): VarveError =>
    new VarveError('VARVE_RULE_VIOLATED', message, { data: { ...data }, hint })
  if (names.length > columnsMax) {
    throw violated(
      `a table of ${names.length} columns has more than ${columnsMax}`,
      'split it into tables of fewer columns',
      {
        reason: 'too-many-columns',
      },
    )
  }
  const seen = new Set<string>()
  const repeated = names.find((name) => seen.size === seen.add(name).size)
  if (repeated !== undefined) {
    throw violated(`two columns are called '${repeated}'`, 'rename one of them', {
      reason: 'duplicate-column',
      column: repeated,
    })
  }
  if (key.length === 0 || key.length > keyColumnsMax || new Set(key).size !== key.length) {
    throw violated(`a key has 1 to ${keyColumnsMax} different columns`, 'name each column of it once', {
      reason: 'key-columns',
    })
  }
  const missing = key.find((name) => !seen.has(name))
  if (missing !== undefined) {
    const some = names.slice(0, 20).map((name) => `'${name}'`)
    const hint = `choose from its columns: ${some.join(', ')}${names.length > 20 ? ' …' : ''}`
    throw violated(`key column '${missing}' is not in the table`, hint, {
      reason: 'missing-key-column',
      column: missing,
    })
  }
}

/** @throws VarveError VARVE_CORRUPT where a value from outside is no schema. */
export function checkSchema(value: unknown): Schema {
  const { columns, key, next, cells, ...rest } = plainObject(value, 'schema')
  if (!Array.isArray(columns) || columns.length > columnsMax || !Array.isArray(key))
    throw corrupt('schema has no columns')
  if (cells !== 'text' && cells !== 'typed') throw corrupt('schema has an unknown kind of cells')
  if (!Number.isSafeInteger(next) || Object.keys(rest).length > 0) throw corrupt('schema has unknown fields')
  const nextColumnId = next as number
  const checked = columns.map((column) => checkColumn(column, nextColumnId))
  const ids = new Set(checked.map((column) => column.id))
  const names = new Set(checked.map((column) => column.name))
  if (ids.size !== checked.length || names.size !== checked.length) throw corrupt('schema has a column twice')
  const keyIds = key as number[]
  const isKey = keyIds.length > 0 && keyIds.length <= keyColumnsMax && new Set(keyIds).size === keyIds.length
  if (!isKey || !keyIds.every((id) => ids.has(id)))
    throw corrupt('schema has a key that is not in its columns')
  return { columns: checked, key: keyIds, nextColumnId, cells }
}

function checkColumn(value: unknown, nextColumnId: number): Column {
  if (!Array.isArray(value) || value.length !== 3) throw corrupt('schema has a column that is none')
  const [id, name, type] = value as unknown[]
  const isId = Number.isSafeInteger(id) && (id as number) > 0 && (id as number) < nextColumnId
  if (!isId || typeof name !== 'string' || !columnTypes.includes(type as ColumnType)) {
    throw corrupt('schema has a column that is none')
  }
  return { id: id as number, name, type: type as ColumnType }
}

export function plainObject(value: unknown, what: string): Record<string, unknown> {
  const isPlain =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  if (!isPlain) throw corrupt(`${what} is not an object`)
  return value as Record<string, unknown>
}

/** The schema as it is stored: dag-cbor can encode it as it is. */
export function schemaRecord(schema: Schema): object {
  return {
    columns: schema.columns.map((column) => [column.id, column.name, column.type]),
    key: [...schema.key],
    next: schema.nextColumnId,
    cells: schema.cells,
  }
}
