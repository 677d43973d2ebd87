// What the options of `varve link add` say of tables that do not say it themselves: which columns are the key of files and
// of JSON items, and where in the answers of an HTTP API the items and the next page are.
import type { LinkSetting } from '../../index.ts'
import { type Arguments, usage } from '../arguments.ts'

/** Options for HTTP APIs alone. */
export const httpOptions = ['path', 'items', 'next', 'parameter'] as const

export function declaredTables(
  given: Arguments,
  tables: readonly string[],
  endpoint: string,
): Pick<LinkSetting, 'files' | 'http' | 'inbox'> {
  const columns = given.list('key').flatMap((list) => list.split(','))
  const key = columns.length === 0 ? {} : { key: columns }
  if (/^https?:/.test(endpoint)) {
    const said = httpOptions.flatMap((name) => (given.has(name) ? [[name, given.text(name)!]] : []))
    if (given.has('path') && tables.length > 1)
      throw usage("'--path' is one table's: say it in varve.yaml, under the link's 'http'")
    return said.length + columns.length === 0
      ? {}
      : { http: tables.map((table) => ({ table, ...key, ...Object.fromEntries(said) })) }
  }
  const [alone] = httpOptions.filter((name) => given.has(name))
  if (alone !== undefined) throw usage(`'--${alone}' goes with an HTTP API: https://HOST/PATH`)
  if (columns.length === 0) return {}
  if (/^(postgres(ql)?|mysql|mariadb|sqlite):/.test(endpoint))
    throw usage(
      "'--key' is for tables that lie in files or in JSON: a database says itself which their keys are",
    )
  const declared = tables.map((table) => ({ table, ...key }))
  return endpoint.startsWith('inbox:') ? { inbox: declared } : { files: declared }
}
