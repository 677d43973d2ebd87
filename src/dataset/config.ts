// Reads varve.yaml. It is read strictly, since a misspelt setting that is passed over is a table that silently is
// none, or a policy that never decides. Finding the file and changing it is the worktree's (config-file.ts,
// config-edit.ts).
import ignore, { type Ignore } from 'ignore'
import { isMap, isScalar, isSeq } from 'yaml'
import type { VarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { type ColumnarName, columnarFormatOf, isColumnar } from './columnar-name.ts'
import type {
  DatasetConfig,
  Derivation,
  FunctionDeclaration,
  FormatName,
  LinkSetting,
  TablePolicies,
  TableRules,
} from './interface.ts'
import { derivationsOf } from './derive-section.ts'
import { linksOf } from './link-section.ts'
import { joinedPolicies } from './policy.ts'
import { policiesOf } from './policy-section.ts'
import { rulesOf } from './rules-section.ts'
import { columnName, type FaultAt, nameOf, parsedConfig } from './document.ts'

const formats: readonly string[] = ['csv', 'tsv', 'jsonl', 'parquet', 'sqlite']

interface TableSection {
  readonly key: readonly string[]
  readonly format: FormatName | ColumnarName | null
  readonly references: ReadonlyMap<string, Path>
  readonly policies: TablePolicies | null
  readonly rules: TableRules | null
}

/** @throws VarveError VARVE_RULE_VIOLATED with the line in `data` */
export function parseConfig(text: string): DatasetConfig {
  const { tables, policies, links, derivations } = sectionsOf(text)
  const patterns: { matcher: Ignore; section: TableSection }[] = []
  for (const [name, section] of tables) {
    if (isPattern(name)) patterns.unshift({ matcher: ignore({ ignorecase: false }).add(`/${name}`), section })
  }
  const sectionAt = (path: Path): TableSection | null =>
    tables.get(path) ?? patterns.find(({ matcher }) => matcher.test(path).ignored)?.section ?? null
  return {
    isEmpty: tables.size === 0,
    links,
    derivations,
    tableAt: (path) => {
      const section = sectionAt(path)
      if (section === null) return null
      const format = section.format ?? columnarFormatOf(path)
      return format !== null && isColumnar(format) ? null : { key: section.key, format }
    },
    fileAt: (path) => {
      const section = sectionAt(path)
      const format = section?.format ?? columnarFormatOf(path)
      return section === null || format === null || !isColumnar(format) ? null : { key: section.key, format }
    },
    referencesAt: (path) => sectionAt(path)?.references ?? new Map(),
    rulesAt: (path) => sectionAt(path)?.rules ?? null,
    ruledPaths: [...tables].flatMap(([name, { rules }]) => (rules === null || isPattern(name) ? [] : [name])),
    policiesAt: (path) => joinedPolicies(sectionAt(path)?.policies ?? null, policies),
  }
}

function isPattern(name: string): boolean {
  return /[*?[]/.test(name)
}

interface Sections {
  readonly tables: ReadonlyMap<string, TableSection>
  /** For all tables. */
  readonly policies: TablePolicies | null
  readonly links: ReadonlyMap<string, LinkSetting>
  readonly derivations: ReadonlyMap<Path, Derivation | FunctionDeclaration>
}

function sectionsOf(text: string): Sections {
  const { document, fault } = parsedConfig(text)
  const top: unknown = document.contents
  let tables: ReadonlyMap<string, TableSection> = new Map()
  let policies: TablePolicies | null = null
  let links: ReadonlyMap<string, LinkSetting> = new Map()
  let derivations: ReadonlyMap<Path, Derivation | FunctionDeclaration> = new Map()
  if (top === null || (isScalar(top) && top.value === null)) return { tables, policies, links, derivations }
  if (!isMap(top)) throw fault(top, 'the file is not a map')
  for (const { key, value } of top.items) {
    const section = isScalar(key) ? key.value : null
    if (section === 'tables') tables = new Map(tablesOf(value, fault))
    else if (section === 'merge') policies = policiesOf(key, value, fault)
    else if (section === 'links') links = new Map(linksOf(key, value, fault))
    else if (section === 'derive') derivations = new Map(derivationsOf(key, value, fault))
    else {
      const hint =
        section === 'rules'
          ? "rules belong to a table: 'tables: {people.csv: {key: id, rules: {columns: {…}}}}'"
          : "known sections: 'tables', 'merge', 'links', 'derive'"
      throw fault(key, `unknown section '${String(section)}'`, hint)
    }
  }
  return { tables, policies, links, derivations }
}

function* tablesOf(tables: unknown, fault: FaultAt): Generator<[string, TableSection]> {
  if (tables === null || (isScalar(tables) && tables.value === null)) return
  if (!isMap(tables)) throw fault(tables, "'tables' is not a map from path to settings")
  for (const { key, value } of tables.items) {
    const name = isScalar(key) ? key.value : null
    if (typeof name !== 'string' || name === '') throw fault(key, 'the path of a table is not text')
    yield [name, tableOf(key, value, fault)]
  }
}

function tableOf(name: unknown, value: unknown, fault: FaultAt): TableSection {
  const hint = "write it as 'key: COLUMN' or 'key: [COLUMN, COLUMN]'"
  if (!isMap(value)) throw fault(value ?? name, "the table's settings are not a map", hint)
  let key: readonly string[] | null = null
  let format: TableSection['format'] = null
  let policies: TablePolicies | null = null
  let references: ReadonlyMap<string, Path> = new Map()
  let rules: TableRules | null = null
  for (const item of value.items) {
    const setting = isScalar(item.key) ? item.key.value : null
    if (setting === 'key') key = keyOf(item.value, (what) => fault(item.key, what, hint))
    else if (setting === 'merge') policies = policiesOf(item.key, item.value, fault)
    else if (setting === 'references') references = new Map(referencesOf(item.key, item.value, fault))
    else if (setting === 'rules') rules = rulesOf(item.key, item.value, fault)
    else if (setting === 'format') {
      const given = isScalar(item.value) ? item.value.value : null
      if (!formats.includes(String(given)))
        throw fault(item.key, `unknown format '${String(given)}'`, 'known: csv, tsv, jsonl, parquet, sqlite')
      format = given as TableSection['format']
    } else {
      throw fault(
        item.key,
        `unknown setting '${String(setting)}'`,
        "known settings: 'key', 'format', 'merge', 'references', 'rules'",
      )
    }
  }
  if (key === null) throw fault(name, 'the table has no key', hint)
  return { key, format, policies, references, rules }
}

function* referencesOf(name: unknown, value: unknown, fault: FaultAt): Generator<[string, Path]> {
  const hint =
    "write it as 'references: {COLUMN: TABLE}', TABLE being the path of the table whose keys it holds"
  if (!isMap(value)) throw fault(value ?? name, "'references' is not a map from column to table", hint)
  for (const item of value.items) {
    const column = columnName(item.key)
    if (column === null) throw fault(item.key, 'the name of a column is not text', hint)
    const table = nameOf(item.value)
    if (table === null || /[*?[]/.test(table))
      throw fault(item.key, `column '${column}' does not refer to one table`, hint)
    yield [column, table]
  }
}

function keyOf(value: unknown, fault: (what: string) => VarveError): readonly string[] {
  const names = isSeq(value) ? value.items.map(columnName) : [columnName(value)]
  if (names.length === 0 || names.some((name) => name === null))
    throw fault('the key is not a column or a list of columns')
  if (new Set(names).size !== names.length) throw fault('the key names a column twice')
  return names as string[]
}
