// Values in the settings of a derived table: its inputs, the columns of its key and of groups, and their types.
import { isMap, isSeq } from 'yaml'
import { isVarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { safePath } from '../files/path.ts'
import type { ColumnType } from '../table/interface.ts'
import { columnTypes } from '../table/schema.ts'
import { type FaultAt, nameOf } from './document.ts'
import type { DerivationInput } from './interface.ts'

/** Reads `by`: columns that all inputs have, or for each input its own. */
export function groupsOf(
  value: unknown,
  from: readonly DerivationInput[],
  fault: FaultAt,
): Readonly<Record<string, readonly string[]>> {
  if (!isMap(value)) {
    const columns = namesOf(value, 'by', fault)
    return Object.fromEntries(from.map(({ name }) => [name, columns]))
  }
  const given = new Map(value.items.map((item) => [nameOf(item.key), namesOf(item.value, 'by', fault)]))
  const missing = from.find(({ name }) => !given.has(name))
  if (missing !== undefined || given.size > from.length)
    throw fault(value, "'by' does not name the columns of each table of 'from', and of no other")
  if (new Set([...given.values()].map(({ length }) => length)).size > 1)
    throw fault(value, "'by' names more columns of one table than of another")
  return Object.fromEntries(from.map(({ name }) => [name, given.get(name)!]))
}

export function inputsOf(value: unknown, fault: FaultAt): DerivationInput[] {
  const from = [...inputsIn(value, fault)]
  if (from.length === 0 || new Set(from.map(({ name }) => name.toLowerCase())).size < from.length)
    throw fault(value, "'from' names no tables, or two alike", "write it as 'from: {NAME: PATH}'")
  return from
}

/** A map from the name of an input to the path, or paths whose last parts are the names. */
function* inputsIn(value: unknown, fault: FaultAt): Generator<DerivationInput> {
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
    yield { name: inputName(path), path }
  }
}

/** The name of an input that is given by its path alone. 'hr.staff' is a table of a database, and no file of kind 'staff'. */
export function inputName(path: string): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.(csv|tsv|tab|psv|jsonl|ndjson|json|txt|dat|data)$/i, '')
}

export function typesOf(
  value: unknown,
  setting: string,
  fault: FaultAt,
): { name: string; type: ColumnType }[] {
  if (!isMap(value)) throw fault(value, `'${setting}' is not a map from column to type`)
  return value.items.map((item) => {
    const name = nameOf(item.key)
    const type = columnTypes.find((one) => one === nameOf(item.value))
    if (name === null || type === undefined)
      throw fault(item.key, `unknown type '${String(item.value)}'`, `known: ${columnTypes.join(', ')}`)
    return { name, type }
  })
}

export function pathOf(near: unknown, value: unknown, fault: FaultAt): Path {
  const text = nameOf(value)
  if (text === null) throw fault(near, 'the path of a table is not text')
  try {
    return safePath(text)
  } catch (error) {
    if (!isVarveError(error)) throw error
    throw fault(near, error.message)
  }
}

export function namesOf(value: unknown, setting: string, fault: FaultAt): string[] {
  const names = isSeq(value) ? value.items.map(nameOf) : [nameOf(value)]
  if (names.length > 0 && names.every((name) => name !== null)) return names
  const hint = `write it as '${setting}: COLUMN' or '${setting}: [COLUMN, COLUMN]'`
  throw fault(value, `'${setting}' is not a list of columns`, hint)
}
