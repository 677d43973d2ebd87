// The tables of a new link by patterns: '*', 'sales.*', 'order_?'. A pattern stands for the tables that are there now, and
// their names are what is declared: a link never takes in a table that nobody has seen.
import { wildcard } from '../../base/wildcard.ts'
import { VarveError } from '../../base/errors.ts'
import type { Connector, EndpointTable } from '../../connectors/interface.ts'

export interface MatchingTables {
  readonly tables: readonly string[]
  /** Tables that match and cannot be kept in step, and why. */
  readonly leftOut: readonly { readonly table: string; readonly why: string }[]
}

export function isPattern(table: string): boolean {
  return /[*?[]/.test(table)
}

/** Names stay as they are; so does one that looks like a pattern and is a table. @throws VarveError VARVE_PATH_NOT_FOUND */
export async function matchingTables(
  connector: Connector,
  names: readonly string[],
): Promise<MatchingTables> {
  const all = await connector.discover()
  const tables = new Set<string>()
  const leftOut = new Map<string, string>()
  for (const name of names) {
    if (!isPattern(name) || all.some((table) => table.name === name)) {
      tables.add(name)
      continue
    }
    const matches = wildcard(name)
    const found = all.filter((table) => table.isPart !== true && matches(table.name))
    const usable = found.filter((table) => whyNot(table) === null)
    if (usable.length === 0) throw noneMatches(name, found, all)
    for (const table of usable) tables.add(table.name)
    for (const table of found) if (!usable.includes(table)) leftOut.set(table.name, whyNot(table)!)
  }
  for (const name of tables) leftOut.delete(name)
  return { tables: [...tables], leftOut: [...leftOut].map(([table, why]) => ({ table, why })) }
}

function whyNot({ key, trouble }: EndpointTable): string | null {
  return trouble ?? (key.length === 0 ? 'has no key' : null)
}

function noneMatches(
  pattern: string,
  found: readonly EndpointTable[],
  all: readonly EndpointTable[],
): VarveError {
  const [first] = found
  if (first !== undefined)
    return new VarveError('VARVE_RULE_VIOLATED', `no table that matches '${pattern}' can be kept in step`, {
      data: { pattern, tables: found.map(({ name }) => name) },
      hint: `'${first.name}': ${whyNot(first)!}`,
    })
  const shown = all.slice(0, 20).map(({ name }) => name)
  return new VarveError('VARVE_PATH_NOT_FOUND', `no table matches '${pattern}'`, {
    data: { pattern },
    hint: shown.length === 0 ? 'there is none that this user may see' : `there are: ${shown.join(', ')}`,
  })
}
