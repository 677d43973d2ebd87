// The settings 'files', 'http' and 'inbox' of a link in varve.yaml: what files do not say of their tables themselves, and
// how the rows of tables lie in the answers of an HTTP API and in webhooks that come in.
import { isMap, isScalar, isSeq } from 'yaml'
import { type FaultAt, nameOf } from './document.ts'
import { bodyOf, checkPlaces } from './request-body.ts'
import { columnTypes } from '../table/schema.ts'
import {
  type DeclaredTable,
  type HttpCount,
  type HttpTable,
  type InboxTable,
  type ValueRule,
  httpCounts,
} from './interface.ts'

const settings = {
  files: ['key', 'columns'],
  http: [
    'path',
    'items',
    'key',
    'columns',
    'next',
    'parameter',
    'counts',
    'more',
    'since',
    'headers',
    'body',
    'deletes',
  ],
  inbox: ['items', 'key', 'columns', 'when', 'deletes', 'patches'],
} as const

type Section = keyof typeof settings
type AnyTable = HttpTable & InboxTable

interface Given {
  readonly tables: readonly string[]
  readonly fault: FaultAt
}

export function fileTablesOf(value: unknown, given: Given): DeclaredTable[] {
  return [...tablesOf('files', value, given)]
}

export function httpTablesOf(value: unknown, given: Given): HttpTable[] {
  return [...tablesOf('http', value, given)]
}

export function inboxTablesOf(value: unknown, given: Given): InboxTable[] {
  return [...tablesOf('inbox', value, given)]
}

function* tablesOf(section: Section, value: unknown, { tables, fault }: Given): Generator<AnyTable> {
  if (!isMap(value)) throw fault(value, `'${section}' is not a map from table to settings`)
  for (const { key, value: given } of value.items) {
    const table = nameOf(key)
    if (table === null || !tables.includes(table))
      throw fault(key, `the link has no table '${table ?? ''}'`, `its tables: ${tables.join(', ')}`)
    yield tableOf(section, table, { key, value: given }, fault)
  }
}

/** As they are written down. A list that two tables share is one of each: YAML would make a reference of it. */
export function declaredEntries(
  tables: readonly (DeclaredTable | HttpTable | InboxTable)[],
): Record<string, object> {
  return Object.fromEntries(
    tables.map(({ table, key, columns, headers, body, when, deletes, patches, ...rest }: AnyTable) => [
      table,
      {
        ...(key === undefined ? {} : { key: [...key] }),
        ...(columns === undefined
          ? {}
          : { columns: Object.fromEntries(columns.map(({ name, type }) => [name, type])) }),
        ...rest,
        ...(headers === undefined ? {} : { headers: { ...headers } }),
        ...(body === undefined ? {} : { body: structuredClone(body) }),
        ...(when === undefined ? {} : { when: ruleEntries(when) }),
        ...(deletes === undefined ? {} : { deletes: ruleEntries(deletes) }),
        ...(patches === undefined ? {} : { patches: ruleEntries(patches) }),
      },
    ]),
  )
}

function tableOf(
  section: Section,
  table: string,
  { key, value }: { readonly key: unknown; readonly value: unknown },
  fault: FaultAt,
): AnyTable {
  if (!isMap(value)) throw fault(value ?? key, `the settings of '${table}' are not a map`)
  let made: AnyTable = { table }
  for (const { key: node, value: found } of value.items) {
    const known = settings[section]
    const setting = (known as readonly (keyof AnyTable)[]).find((one) => one === nameOf(node))
    if (setting === undefined)
      throw fault(node, `unknown setting '${nameOf(node) ?? ''}'`, `known settings: ${known.join(', ')}`)
    if (setting === 'key') made = { ...made, key: namesOf(setting, found, fault) }
    else if (setting === 'columns') made = { ...made, columns: columnsOf(found, fault) }
    else if (setting === 'when' || setting === 'deletes' || setting === 'patches')
      made = { ...made, [setting]: rulesOf(setting, found, fault) }
    else if (setting === 'headers') made = { ...made, headers: headersOf(found, fault) }
    else if (setting === 'body') made = { ...made, body: bodyOf(found, fault) }
    else if (setting === 'counts') made = { ...made, counts: countOf(found, fault) }
    else if (isScalar(found) && typeof found.value === 'string') made = { ...made, [setting]: found.value }
    else throw fault(found ?? node, `'${setting}' is not text`)
  }
  // The whole row as one column has no part that could stay as it was.
  if (made.patches !== undefined && made.columns === undefined)
    throw fault(key, `'patches' of '${table}' needs its 'columns'`)
  checkPlaces(key, made, fault)
  return made
}

/** Of the connection itself, and of what is a secret. */
const ownHeaders =
  /^(authorization|proxy-.*|cookie|host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|range|if-.*)$/

function headersOf(value: unknown, fault: FaultAt): Record<string, string> {
  if (!isMap(value)) throw fault(value, "'headers' is not a map from name to text")
  return Object.fromEntries(
    value.items.map(({ key, value: found }) => {
      const [name, text] = [nameOf(key)?.toLowerCase() ?? '', nameOf(found) ?? '']
      if (!/^[\w-]+$/.test(name) || !/^[!-~]([\t -~]*[!-~])?$/.test(text))
        throw fault(key, `'${name}' is not a header of one line of ASCII`)
      if (ownHeaders.test(name))
        throw fault(
          key,
          `the header '${name}' cannot be declared`,
          'give secrets in the environment: docs/HTTP-APIS.md says how',
        )
      return [name, text]
    }),
  )
}

function countOf(value: unknown, fault: FaultAt): HttpCount {
  const found = httpCounts.find((one) => one === nameOf(value))
  if (found === undefined)
    throw fault(value, `unknown 'counts: ${nameOf(value) ?? ''}'`, `known: ${httpCounts.join(', ')}`)
  return found
}

function namesOf(setting: string, value: unknown, fault: FaultAt): string[] {
  const names = isSeq(value) ? value.items.map(nameOf) : [nameOf(value)]
  if (names.length === 0 || names.some((name) => name === null) || new Set(names).size !== names.length)
    throw fault(value, `'${setting}' does not list columns, each once`)
  return names as string[]
}

export function rulesOf(setting: string, value: unknown, fault: FaultAt): ValueRule[] {
  const lone = nameOf(value)
  if (lone !== null) return [{ path: lone, values: ['*'] }]
  if (!isMap(value)) throw fault(value, `'${setting}' is neither a property nor a map from property to value`)
  return value.items.map(({ key, value: found }) => {
    const path = nameOf(key)
    const values = isSeq(found) ? found.items.map(nameOf) : [nameOf(found)]
    if (path === null) throw fault(key, 'a property has no name')
    if (values.length === 0 || values.some((one) => one === null))
      throw fault(found ?? key, `'${path}' has no value to be compared with`)
    return { path, values: values as string[] }
  })
}

export function ruleEntries(rules: readonly ValueRule[]): Record<string, string | string[]> {
  return Object.fromEntries(
    rules.map(({ path, values }) => [path, values.length === 1 ? values[0]! : [...values]]),
  )
}

function columnsOf(value: unknown, fault: FaultAt): NonNullable<DeclaredTable['columns']> {
  if (!isMap(value)) throw fault(value, "'columns' is not a map from name to type")
  return value.items.map(({ key, value: found }) => {
    const [name, word] = [nameOf(key), nameOf(found)]
    const type = columnTypes.find((one) => one === word)
    if (name === null) throw fault(key, 'a column has no name')
    if (type === undefined)
      throw fault(found ?? key, `unknown type '${word ?? ''}'`, `known: ${columnTypes.join(', ')}`)
    return { name, type }
  })
}
