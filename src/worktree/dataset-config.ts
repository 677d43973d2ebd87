// What varve.yaml says. It is read strictly, since a misspelt setting that is passed over is a table that silently is
// none. The file is config-file.ts's, changing it config-edit.ts's.
import ignore, { type Ignore } from 'ignore'
import { type Document, LineCounter, type Node, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { VarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { type DatasetConfig, type FormatName, type TableSetting, configFileName } from './config-file.ts'

const formats: readonly string[] = ['csv', 'tsv', 'jsonl']
const reservedSections: readonly string[] = ['rules', 'merge', 'links']
const reservedSettings: readonly string[] = ['rules', 'merge']

/** @throws VarveError VARVE_RULE_VIOLATED with the line in `data` */
export function parseConfig(text: string): DatasetConfig {
  const exact = new Map<Path, TableSetting>()
  const patterns: { matcher: Ignore; setting: TableSetting }[] = []
  for (const { name, setting } of tableSettings(text)) {
    exact.set(name, setting)
    if (/[*?[]/.test(name))
      patterns.unshift({ matcher: ignore({ ignorecase: false }).add(`/${name}`), setting })
  }
  return {
    isEmpty: exact.size === 0,
    tableAt: (path) =>
      exact.get(path) ?? patterns.find(({ matcher }) => matcher.test(path).ignored)?.setting ?? null,
  }
}

export interface ParsedConfig {
  readonly document: Document
  readonly fault: (node: unknown, what: string, hint?: string) => VarveError
}

export function parsedConfig(text: string): ParsedConfig {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, version: '1.2' })
  const fault = (node: unknown, what: string, hint?: string): VarveError =>
    faultAt(lines.linePos((node as Node | null)?.range?.[0] ?? 0).line, what, hint)
  const error = document.errors[0]
  if (error !== undefined) throw faultAt(error.linePos?.[0].line ?? 1, error.message.split(' at line ')[0]!)
  return { document, fault }
}

function faultAt(line: number, what: string, hint?: string): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `${configFileName}, line ${line}: ${what}`, {
    data: { path: configFileName, line },
    ...(hint === undefined ? {} : { hint }),
  })
}

function* tableSettings(text: string): Generator<{ name: string; setting: TableSetting }> {
  const { document, fault } = parsedConfig(text)
  const top: unknown = document.contents
  if (top === null || (isScalar(top) && top.value === null)) return
  if (!isMap(top)) throw fault(top, 'the file is not a map')
  for (const { key, value } of top.items) {
    const section = isScalar(key) ? key.value : null
    if (section === 'tables') yield* settingsOf(value, fault)
    else if (typeof section !== 'string' || !reservedSections.includes(section)) {
      throw fault(
        key,
        `unknown section '${String(section)}'`,
        "known sections: 'tables', 'rules', 'merge', 'links'",
      )
    }
  }
}

function* settingsOf(
  tables: unknown,
  fault: ParsedConfig['fault'],
): Generator<{ name: string; setting: TableSetting }> {
  if (tables === null || (isScalar(tables) && tables.value === null)) return
  if (!isMap(tables)) throw fault(tables, "'tables' is not a map from path to settings")
  for (const { key, value } of tables.items) {
    const name = isScalar(key) ? key.value : null
    if (typeof name !== 'string' || name === '') throw fault(key, 'the path of a table is not text')
    yield { name, setting: settingOf(key, value, fault) }
  }
}

function settingOf(name: unknown, value: unknown, fault: ParsedConfig['fault']): TableSetting {
  const hint = "write it as 'key: COLUMN' or 'key: [COLUMN, COLUMN]'"
  if (!isMap(value)) throw fault(value ?? name, "the table's settings are not a map", hint)
  let key: readonly string[] | null = null
  let format: FormatName | null = null
  for (const item of value.items) {
    const setting = isScalar(item.key) ? item.key.value : null
    if (setting === 'key') key = keyOf(item.value, (what) => fault(item.key, what, hint))
    else if (setting === 'format') {
      const given = isScalar(item.value) ? item.value.value : null
      if (!formats.includes(String(given)))
        throw fault(item.key, `unknown format '${String(given)}'`, 'known: csv, tsv, jsonl')
      format = given as FormatName
    } else if (!reservedSettings.includes(String(setting))) {
      throw fault(item.key, `unknown setting '${String(setting)}'`, "known settings: 'key', 'format'")
    }
  }
  if (key === null) throw fault(name, 'the table has no key', hint)
  return { key, format }
}

function keyOf(value: unknown, fault: (what: string) => VarveError): readonly string[] {
  const names = isSeq(value) ? value.items.map(nameOf) : [nameOf(value)]
  if (names.length === 0 || names.some((name) => name === null))
    throw fault('the key is not a column or a list of columns')
  if (new Set(names).size !== names.length) throw fault('the key names a column twice')
  return names as string[]
}

// A column called 2024 or true is text in the file; YAML reads it as something else and keeps what was written.
function nameOf(value: unknown): string | null {
  if (!isScalar(value)) return null
  if (typeof value.value === 'string') return value.value === '' ? null : value.value
  return typeof value.source === 'string' && value.value !== null ? value.source : null
}
