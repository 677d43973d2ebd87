// The setting 'http' of a link in varve.yaml: how the rows of each of its tables lie in the answers of an HTTP API.
import { isMap, isScalar, isSeq } from 'yaml'
import { type FaultAt, nameOf } from './document.ts'
import { columnTypes } from '../table/schema.ts'
import type { HttpTable } from './interface.ts'

const settings = ['path', 'items', 'key', 'columns', 'next', 'parameter'] as const

export function* httpTablesOf(
  value: unknown,
  { tables, fault }: { readonly tables: readonly string[]; readonly fault: FaultAt },
): Generator<HttpTable> {
  if (!isMap(value)) throw fault(value, "'http' is not a map from table to settings")
  for (const { key, value: given } of value.items) {
    const table = nameOf(key)
    if (table === null || !tables.includes(table))
      throw fault(key, `the link has no table '${table ?? ''}'`, `its tables: ${tables.join(', ')}`)
    yield tableOf(table, key, given, fault)
  }
}

/** As they are written down. */
export function httpEntries(tables: readonly HttpTable[]): Record<string, object> {
  return Object.fromEntries(
    tables.map(({ table, columns, ...rest }) => [
      table,
      columns === undefined
        ? rest
        : { ...rest, columns: Object.fromEntries(columns.map(({ name, type }) => [name, type])) },
    ]),
  )
}

function tableOf(table: string, key: unknown, value: unknown, fault: FaultAt): HttpTable {
  if (!isMap(value)) throw fault(value ?? key, `the settings of '${table}' are not a map`)
  let made: HttpTable = { table }
  for (const { key: node, value: found } of value.items) {
    const setting = settings.find((one) => one === nameOf(node))
    if (setting === undefined)
      throw fault(node, `unknown setting '${nameOf(node) ?? ''}'`, `known settings: ${settings.join(', ')}`)
    if (setting === 'key') made = { ...made, key: namesOf(setting, found, fault) }
    else if (setting === 'columns') made = { ...made, columns: columnsOf(found, fault) }
    else if (isScalar(found) && typeof found.value === 'string') made = { ...made, [setting]: found.value }
    else throw fault(found ?? node, `'${setting}' is not text`)
  }
  return made
}

function namesOf(setting: string, value: unknown, fault: FaultAt): string[] {
  const names = isSeq(value) ? value.items.map(nameOf) : [nameOf(value)]
  if (names.length === 0 || names.some((name) => name === null) || new Set(names).size !== names.length)
    throw fault(value, `'${setting}' does not list properties, each once`)
  return names as string[]
}

function columnsOf(value: unknown, fault: FaultAt): NonNullable<HttpTable['columns']> {
  if (!isMap(value)) throw fault(value, "'columns' is not a map from property to type")
  return value.items.map(({ key, value: found }) => {
    const [name, word] = [nameOf(key), nameOf(found)]
    const type = columnTypes.find((one) => one === word)
    if (name === null) throw fault(key, 'a column has no name')
    if (type === undefined)
      throw fault(found ?? key, `unknown type '${word ?? ''}'`, `known: ${columnTypes.join(', ')}`)
    return { name, type }
  })
}
