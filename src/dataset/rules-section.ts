// The setting `rules` of a table in varve.yaml: {rows: {min: N, max: N}, columns: {COLUMN: {RULE: …}}}. docs/RULES.md has
// what each rule means. A misspelt rule is a rule that never fails, so whatever is not known is refused with its line.
import { isMap, isScalar, isSeq } from 'yaml'
import type { ColumnType } from '../table/interface.ts'
import { columnName, type FaultAt, nameOf } from './document.ts'
import type { ColumnRules, RuleLevel, TableRules } from './interface.ts'

const shape =
  "write it as 'rules: {rows: {min: N, max: N}, columns: {COLUMN: {required: true, …}}}'; each may be left out"
const known =
  "known rules: 'required', 'unique', 'type', 'min', 'max', 'pattern', 'values', 'references'; and 'level: warn' for all of them"
const types: readonly ColumnType[] = ['text', 'int', 'decimal', 'float', 'bool', 'date', 'timestamp', 'json']
/** A number, or a date with or without a time. */
const bound =
  /^([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?|\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)$/
const valuesMax = 100_000

type Mutable<T> = { -readonly [name in keyof T]: T[name] }

/** @throws VarveError VARVE_RULE_VIOLATED with the line */
export function rulesOf(name: unknown, value: unknown, fault: FaultAt): TableRules {
  if (!isMap(value)) throw fault(value ?? name, "'rules' is not a map", shape)
  let rows: TableRules['rows'] = null
  let columns: TableRules['columns'] = new Map()
  for (const item of value.items) {
    const setting = isScalar(item.key) ? item.key.value : null
    if (setting === 'rows') rows = rowsOf(item.key, item.value, fault)
    else if (setting === 'columns') columns = new Map(columnsOf(item.key, item.value, fault))
    else throw fault(item.key, `unknown setting '${String(setting)}' of 'rules'`, shape)
  }
  return { rows, columns }
}

function rowsOf(name: unknown, value: unknown, fault: FaultAt): TableRules['rows'] {
  if (!isMap(value)) throw fault(value ?? name, "'rows' is not a map", shape)
  const rows: Mutable<NonNullable<TableRules['rows']>> = { min: null, max: null, level: 'error' }
  for (const item of value.items) {
    const setting = isScalar(item.key) ? item.key.value : null
    if (setting === 'level') rows.level = levelOf(item.key, item.value, fault)
    else if (setting === 'min' || setting === 'max') {
      const count = isScalar(item.value) ? item.value.value : null
      if (!Number.isSafeInteger(count) || (count as number) < 0)
        throw fault(item.key, `'${setting}' of 'rows' is not a count of rows`, shape)
      rows[setting] = count as number
    } else
      throw fault(item.key, `unknown setting '${String(setting)}' of 'rows'`, "known: 'min', 'max', 'level'")
  }
  if (rows.min !== null && rows.max !== null && rows.min > rows.max)
    throw fault(name, "'min' of 'rows' is above its 'max'")
  return rows
}

function* columnsOf(name: unknown, value: unknown, fault: FaultAt): Generator<[string, ColumnRules]> {
  if (!isMap(value)) throw fault(value ?? name, "'columns' is not a map from column to rules", shape)
  for (const item of value.items) {
    const column = columnName(item.key)
    if (column === null) throw fault(item.key, 'the name of a column is not text', shape)
    yield [column, columnOf(item.key, item.value, fault)]
  }
}

function columnOf(name: unknown, value: unknown, fault: FaultAt): ColumnRules {
  if (!isMap(value)) throw fault(value ?? name, 'the rules of a column are not a map', known)
  const rules: Mutable<ColumnRules> = {
    level: 'error',
    required: false,
    unique: false,
    type: null,
    min: null,
    max: null,
    pattern: null,
    values: null,
    references: null,
  }
  for (const { key, value: given } of value.items) {
    const rule = isScalar(key) ? key.value : null
    const text = nameOf(given)
    switch (rule) {
      case 'level':
        rules.level = levelOf(key, given, fault)
        break
      case 'required':
      case 'unique':
        if (!isScalar(given) || typeof given.value !== 'boolean')
          throw fault(key, `'${rule}' is true or false`)
        rules[rule] = given.value
        break
      case 'type':
        if (!types.includes(text as ColumnType))
          throw fault(key, `unknown type '${text}'`, `known: ${types.join(', ')}`)
        rules.type = text as ColumnType
        break
      case 'min':
      case 'max':
        if (text === null || !bound.test(text))
          throw fault(key, `'${rule}' is not a number, a date or a time`)
        rules[rule] = text
        break
      case 'pattern':
        if (text === null) throw fault(key, "'pattern' is not text")
        rules.pattern = text
        break
      case 'values':
        rules.values = valuesOf(key, given, fault)
        break
      case 'references':
        if (text === null || /[*?[]/.test(text))
          throw fault(
            key,
            "'references' does not name one table",
            "write the path of the table whose keys the cells are: 'references: cities.csv'",
          )
        rules.references = text
        break
      default:
        throw fault(key, `unknown rule '${String(rule)}'`, known)
    }
  }
  return rules
}

function levelOf(name: unknown, value: unknown, fault: FaultAt): RuleLevel {
  const word = isScalar(value) ? value.value : null
  if (word === 'error' || word === 'warn') return word
  throw fault(name, `unknown level '${String(word)}'`, "known: 'error', which fails the check, and 'warn'")
}

function valuesOf(name: unknown, value: unknown, fault: FaultAt): string[] {
  const items = isSeq(value) ? value.items : []
  const texts = items.map((item) => (isScalar(item) && item.value === '' ? '' : nameOf(item)))
  if (texts.length === 0 || texts.length > valuesMax || texts.some((text) => text === null))
    throw fault(
      name,
      `'values' is not a list of 1 to ${valuesMax} values`,
      "write it as 'values: [active, gone]'",
    )
  return texts as string[]
}
