// The section 'derive' of varve.yaml: tables that are computed from other tables of the dataset by SQL.
import { isMap, isScalar, isSeq } from 'yaml'
import { isVarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { safePath } from '../files/path.ts'
import { columnTypes } from '../table/schema.ts'
import { type FaultAt, nameOf } from './document.ts'
import type { Derivation, DerivationInput, DerivedType } from './interface.ts'

const settings = ['from', 'sql', 'key', 'types'] as const
const sqlCharactersMax = 100_000

export function* derivationsOf(
  section: unknown,
  value: unknown,
  fault: FaultAt,
): Generator<[Path, Derivation]> {
  if (value === null || (isScalar(value) && value.value === null)) return
  if (!isMap(value)) throw fault(section, "'derive' is not a map from path to settings")
  for (const item of value.items) {
    const path = pathOf(item.key, item.key, fault)
    yield [path, derivationOf(path, item.key, item.value, fault)]
  }
}

function derivationOf(path: Path, key: unknown, value: unknown, fault: FaultAt): Derivation {
  const hint = "a derived table has 'from', 'sql' and 'key'"
  if (!isMap(value)) throw fault(value ?? key, "the table's settings are not a map", hint)
  const given = new Map<string, unknown>()
  for (const item of value.items) {
    const setting = settings.find((one) => one === nameOf(item.key))
    if (setting === undefined)
      throw fault(item.key, `unknown setting '${String(item.key)}'`, `known settings: ${settings.join(', ')}`)
    given.set(setting, item.value)
  }
  const missing = (['from', 'sql', 'key'] as const).find((setting) => !given.has(setting))
  if (missing !== undefined) throw fault(key, `'${path}' has no '${missing}'`, hint)
  const sql = nameOf(given.get('sql'))
  if (sql === null || sql.length > sqlCharactersMax) throw fault(given.get('sql'), "'sql' is not a query")
  const from = [...inputsOf(given.get('from'), fault)]
  if (from.length === 0 || new Set(from.map(({ name }) => name.toLowerCase())).size < from.length)
    throw fault(given.get('from'), "'from' names no tables, or two alike", "write it as 'from: {NAME: PATH}'")
  return {
    path,
    from,
    sql,
    key: namesOf(given.get('key'), fault),
    types: given.has('types') ? [...typesOf(given.get('types'), fault)] : [],
  }
}

/** A map from the name in SQL to the path, or paths whose last parts are the names. */
function* inputsOf(value: unknown, fault: FaultAt): Generator<DerivationInput> {
  if (isMap(value)) {
    for (const item of value.items) {
      const name = nameOf(item.key)
      if (name === null) throw fault(item.key, 'the name of an input is not text')
      yield { name, path: pathOf(item.key, item.value, fault) }
    }
    return
  }
  for (const item of isSeq(value) ? value.items : [value]) {
    const path = pathOf(value, item, fault)
    yield { name: path.slice(path.lastIndexOf('/') + 1).replace(/\.[a-z]+$/i, ''), path }
  }
}

function* typesOf(value: unknown, fault: FaultAt): Generator<DerivedType> {
  if (!isMap(value)) throw fault(value, "'types' is not a map from column to type")
  for (const item of value.items) {
    const column = nameOf(item.key)
    const type = columnTypes.find((one) => one === nameOf(item.value))
    if (column === null || type === undefined)
      throw fault(item.key, `unknown type '${String(item.value)}'`, `known: ${columnTypes.join(', ')}`)
    yield { column, type }
  }
}

function pathOf(near: unknown, value: unknown, fault: FaultAt): Path {
  const text = nameOf(value)
  if (text === null) throw fault(near, 'the path of a table is not text')
  try {
    return safePath(text)
  } catch (error) {
    if (!isVarveError(error)) throw error
    throw fault(near, error.message)
  }
}

function namesOf(value: unknown, fault: FaultAt): string[] {
  const names = isSeq(value) ? value.items.map(nameOf) : [nameOf(value)]
  if (names.length > 0 && names.every((name) => name !== null)) return names
  throw fault(value, "'key' is not a list of columns", "write it as 'key: COLUMN' or 'key: [COLUMN, COLUMN]'")
}
