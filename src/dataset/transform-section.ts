// The setting 'transform' of a link in varve.yaml: what is done to rows between the endpoint and the dataset. Read
// strictly: a column whose mask is misspelt must not be stored as it is.
import { isMap, isScalar, isSeq } from 'yaml'
import { columnTypes } from '../table/schema.ts'
import { type FaultAt, nameOf } from './document.ts'
import type { ColumnTransform, LinkMode, TableTransform } from './interface.ts'
import { maskWords, parseMask } from './mask.ts'

const tableSettings = ['where', 'select', 'omit', 'columns'] as const
const columnSettings = ['compute', 'mask', 'cast', 'rename'] as const
const expressionCharactersMax = 10_000

interface Within {
  readonly mode: LinkMode
  /** The link's tables. */
  readonly tables: readonly string[]
  readonly fault: FaultAt
}

export function* transformsOf(value: unknown, within: Within): Generator<TableTransform> {
  if (value === undefined) return
  const { tables, fault } = within
  for (const [table, key, settings] of entriesOf(value, 'transform', fault)) {
    if (!tables.includes(table))
      throw fault(key, `the link has no table '${table}'`, `its tables: ${tables.join(', ')}`)
    yield transformOf(table, settings, within)
  }
}

function transformOf(table: string, value: unknown, within: Within): TableTransform {
  const { fault } = within
  const given = new Map<string, unknown>()
  for (const [setting, key, found] of entriesOf(value, table, fault))
    given.set(knownSetting(setting, key, tableSettings, fault), found)
  const where = given.get('where')
  if (where !== undefined) oneWay('where', where, within)
  const columns = given.has('columns')
    ? [...entriesOf(given.get('columns'), 'columns', fault)].map(([name, , found]) =>
        columnOf(name, found, within),
      )
    : []
  return {
    table,
    where: where === undefined ? null : expressionOf('where', where, fault),
    select: given.has('select') ? namesOf('select', given.get('select'), fault) : null,
    omit: given.has('omit') ? namesOf('omit', given.get('omit'), fault) : [],
    columns,
  }
}

function columnOf(column: string, value: unknown, within: Within): ColumnTransform {
  const { fault } = within
  let made: ColumnTransform = { column, compute: null, mask: null, cast: null, rename: null }
  for (const [name, key, found] of entriesOf(value, column, fault)) {
    const setting = knownSetting(name, key, columnSettings, fault)
    if (setting !== 'rename') oneWay(setting, found, within)
    if (setting === 'compute') made = { ...made, compute: expressionOf(setting, found, fault) }
    else if (setting === 'cast') {
      const type = columnTypes.find((one) => one === nameOf(found))
      if (type === undefined)
        throw fault(found, `unknown type '${String(found)}'`, `known: ${columnTypes.join(', ')}`)
      made = { ...made, cast: type }
    } else if (setting === 'mask') {
      // `mask: null` is YAML's null, and means the word.
      const word = isScalar(found) && found.value === null ? 'null' : nameOf(found)
      const mask = word === null ? null : parseMask(word)
      if (mask === null) throw fault(found, `unknown mask '${String(found)}'`, `known: ${maskWords}`)
      made = { ...made, mask }
    } else {
      const rename = nameOf(found)
      if (rename === null) throw fault(found, "'rename' is not a name")
      made = { ...made, rename }
    }
  }
  return made
}

function* entriesOf(value: unknown, of: string, fault: FaultAt): Generator<[string, unknown, unknown]> {
  if (!isMap(value)) throw fault(value, `'${of}' is not a map`)
  for (const item of value.items) {
    const name = nameOf(item.key)
    if (name === null) throw fault(item.key, `a name in '${of}' is not text`)
    yield [name, item.key, item.value]
  }
}

function knownSetting<Name extends string>(
  name: string,
  key: unknown,
  known: readonly Name[],
  fault: FaultAt,
): Name {
  const found = known.find((one) => one === name)
  if (found === undefined)
    throw fault(key, `unknown setting '${name}'`, `known settings: ${known.join(', ')}`)
  return found
}

/** Also of mode 'materialize': systems that are only told of rows give nothing back. Others are refused when they are opened. */
function oneWay(setting: string, node: unknown, { mode, fault }: Within): void {
  if (mode === 'capture' || mode === 'materialize') return
  throw fault(
    node,
    `'${setting}' needs mode 'capture'`,
    `rows go back to the endpoint in mode '${mode}', and what '${setting}' does cannot be undone`,
  )
}

function expressionOf(setting: string, value: unknown, fault: FaultAt): string {
  const text = isScalar(value) && typeof value.value !== 'string' ? value.source : nameOf(value)
  if (typeof text === 'string' && text.length <= expressionCharactersMax) return text
  throw fault(value, `'${setting}' is not an SQL expression`, "for example 'price * quantity'")
}

function namesOf(setting: string, value: unknown, fault: FaultAt): string[] {
  const names = isSeq(value) ? value.items.map(nameOf) : [nameOf(value)]
  if (names.length > 0 && names.every((name) => name !== null)) return names
  throw fault(value, `'${setting}' is not a list of columns`, `for example '${setting}: [id, name]'`)
}
