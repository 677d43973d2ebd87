// Checks the tables of a tree against the rules that its own varve.yaml has for them. With a tree to compare with, only
// rows that have changed since are looked at, where the rules and the columns are still the same.
import type { DatasetConfig, TableRules } from '../dataset/interface.ts'
import { configFileName } from '../dataset/interface.ts'
import { storedConfig } from '../dataset/stored-config.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { PathSelection } from '../files/path-selection.ts'
import type { Tree } from '../files/tree.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { diffSchemas } from '../table/schema-diff.ts'
import { Table } from '../table/table.ts'
import { type TableToCheck, checkTable } from './check-table.ts'
import { brokenTable } from './finding.ts'
import type { BrokenRule, CheckOptions, CheckReport, CheckedTable } from './interface.ts'
import { lostRows, requireTarget } from './references.ts'

/** @throws VarveError VARVE_RULE_VIOLATED where varve.yaml cannot be read, or names what cannot be checked */
export async function checkTree(
  nodes: NodeStore,
  tree: Tree,
  before: Tree | null,
  options: CheckOptions = {},
): Promise<CheckReport> {
  const { signal } = options
  const selection = new PathSelection(options.paths ?? ['.'])
  const config = await storedConfig(nodes, await tree.get(configFileName), { signal })
  const tables: CheckedTable[] = []
  const broken: BrokenRule[] = []
  if (config === null) return { tables, broken, errors: 0, warnings: 0 }
  const old = before === null ? null : new Before(nodes, before, await configBefore(nodes, before, signal))
  const missing = new Set(config.ruledPaths.filter((path) => selection.has(path)))
  for await (const batch of tree.scan({ signal })) {
    for (const { path, entry } of batch) {
      const rules = entry.kind === 'table' && selection.has(path) ? config.rulesAt(path) : null
      if (rules === null || entry.kind !== 'table') continue
      missing.delete(path)
      const table = await Table.load(nodes, entry.table, { signal })
      const one = { path, rules }
      const input = { ...one, table, targets: await targetsOf(nodes, { tree, old }, one, options) }
      const result = await checkTable(
        { ...input, before: (await old?.tableOf(path, table, rules)) ?? null },
        options,
      )
      tables.push(result.checked)
      broken.push(...result.broken)
    }
  }
  for (const path of missing) {
    const isThere = (await tree.get(path)) !== null
    const expected = isThere ? 'a table; it is stored as a file' : 'a table; there is none'
    broken.push(brokenTable({ path, column: null, rule: 'table', expected }))
  }
  const count = (level: BrokenRule['level']): number =>
    broken.reduce((sum, one) => sum + (one.level === level ? one.count : 0), 0)
  return { tables, broken, errors: count('error'), warnings: count('warn') }
}

async function configBefore(
  nodes: NodeStore,
  tree: Tree,
  signal: AbortSignal | undefined,
): Promise<DatasetConfig | null> {
  return storedConfig(nodes, await tree.get(configFileName), { signal })
}

class Before {
  readonly #nodes: NodeStore
  readonly #tree: Tree
  readonly #config: DatasetConfig | null

  constructor(nodes: NodeStore, tree: Tree, config: DatasetConfig | null) {
    this.#nodes = nodes
    this.#tree = tree
    this.#config = config
  }

  async load(path: Path): Promise<Table | null> {
    return tableAt(this.#nodes, await this.#tree.get(path))
  }

  /** The table as it was before; null when all rows have to be checked. */
  async tableOf(path: Path, now: Table, rules: TableRules): Promise<Table | null> {
    const table = await this.load(path)
    if (table === null || rulesText(this.#config?.rulesAt(path) ?? null) !== rulesText(rules)) return null
    const { added, renamed, retyped, keyChanged } = diffSchemas(table.schema, now.schema)
    return added.length + renamed.length + retyped.length > 0 || keyChanged ? null : table
  }
}

function rulesText(rules: TableRules | null): string {
  return rules === null ? '' : JSON.stringify([...rules.columns])
}

async function targetsOf(
  nodes: NodeStore,
  { tree, old }: { readonly tree: Tree; readonly old: Before | null },
  { path, rules }: { readonly path: Path; readonly rules: TableRules },
  { signal }: CheckOptions,
): Promise<TableToCheck['targets']> {
  const targets = new Map<Path, { table: Table; isWhole: boolean }>()
  for (const [column, { references }] of rules.columns) {
    if (references === null || targets.has(references)) continue
    const table = requireTarget(path, column, references, await tableAt(nodes, await tree.get(references)))
    const before = (await old?.load(references)) ?? null
    const isSameKey = before !== null && !diffSchemas(before.schema, table.schema).keyChanged
    const isWhole = old !== null && (!isSameKey || (await lostRows(before, table, signal)))
    targets.set(references, { table, isWhole })
  }
  return targets
}

async function tableAt(nodes: NodeStore, entry: TreeEntry | null): Promise<Table | null> {
  return entry?.kind === 'table' ? Table.load(nodes, entry.table) : null
}
