// The section 'derive' of varve.yaml: tables that are computed from other tables of the dataset, by SQL or by a function.
import { isMap, isScalar } from 'yaml'
import type { Path } from '../files/interface.ts'
import { groupsOf, inputsOf, namesOf, pathOf, typesOf } from './derive-values.ts'
import { type FaultAt, nameOf } from './document.ts'
import type { Derivation, FunctionDeclaration } from './interface.ts'

const known = ['from', 'sql', 'function', 'by', 'key', 'types', 'columns', 'version'] as const
const forms = {
  sql: { needs: ['from', 'sql', 'key'], allows: ['types'] },
  function: { needs: ['from', 'function', 'key', 'columns'], allows: ['by', 'version'] },
} as const
const sqlCharactersMax = 100_000

type Settings = ReadonlyMap<string, unknown>

export function* derivationsOf(
  section: unknown,
  value: unknown,
  fault: FaultAt,
): Generator<[Path, Derivation | FunctionDeclaration]> {
  if (value === null || (isScalar(value) && value.value === null)) return
  if (!isMap(value)) throw fault(section, "'derive' is not a map from path to settings")
  for (const item of value.items) {
    const path = pathOf(item.key, item.key, fault)
    const { given, form } = settingsOf(path, item.key, item.value, fault)
    yield [path, form === 'sql' ? queryOf(path, given, fault) : functionOf(path, given, fault)]
  }
}

function settingsOf(
  path: Path,
  key: unknown,
  value: unknown,
  fault: FaultAt,
): { given: Settings; form: keyof typeof forms } {
  if (!isMap(value))
    throw fault(value ?? key, "the table's settings are not a map", "it has 'from', 'sql' and 'key'")
  const given = new Map<string, unknown>()
  const names = new Map<string, unknown>()
  for (const item of value.items) {
    const setting = known.find((one) => one === nameOf(item.key))
    if (setting === undefined)
      throw fault(item.key, `unknown setting '${String(item.key)}'`, `known settings: ${known.join(', ')}`)
    given.set(setting, item.value)
    names.set(setting, item.key)
  }
  const form = given.has('function') ? 'function' : 'sql'
  const { needs, allows } = forms[form]
  const hint = `a table derived by ${form === 'sql' ? 'a query' : 'a function'} has '${needs.join("', '")}'`
  const missing = needs.find((setting) => !given.has(setting))
  if (missing !== undefined) throw fault(key, `'${path}' has no '${missing}'`, hint)
  const all: readonly string[] = [...needs, ...allows]
  const extra = [...names].find(([setting]) => !all.includes(setting))
  if (extra !== undefined) throw fault(extra[1], `'${extra[0]}' has no meaning here`, hint)
  return { given, form }
}

function queryOf(path: Path, given: Settings, fault: FaultAt): Derivation {
  const sql = nameOf(given.get('sql'))
  if (sql === null || sql.length > sqlCharactersMax) throw fault(given.get('sql'), "'sql' is not a query")
  return {
    path,
    from: inputsOf(given.get('from'), fault),
    sql,
    key: namesOf(given.get('key'), 'key', fault),
    types: given.has('types')
      ? typesOf(given.get('types'), 'types', fault).map(({ name, type }) => ({ column: name, type }))
      : [],
  }
}

function functionOf(path: Path, given: Settings, fault: FaultAt): FunctionDeclaration {
  const from = inputsOf(given.get('from'), fault)
  const name = nameOf(given.get('function'))
  if (name === null) throw fault(given.get('function'), "'function' is not the name of a function")
  const version = given.has('version') ? nameOf(given.get('version')) : null
  if (given.has('version') && version === null) throw fault(given.get('version'), "'version' is not a text")
  if (!given.has('by') && from.length > 1)
    throw fault(given.get('from'), 'a function without groups has one table', "make groups: 'by: COLUMN'")
  return {
    path,
    from,
    function: name,
    by: given.has('by') ? groupsOf(given.get('by'), from, fault) : null,
    key: namesOf(given.get('key'), 'key', fault),
    columns: typesOf(given.get('columns'), 'columns', fault),
    version,
  }
}
