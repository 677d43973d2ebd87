// The section `merge` of varve.yaml, of one table or of all: {default: POLICY, rows: POLICY, columns: {COLUMN: POLICY}}.
import { isMap, isScalar } from 'yaml'
import { columnName, type FaultAt } from './document.ts'
import type { CellPolicy, RowPolicy, TablePolicies } from './interface.ts'
import { parsePolicy, parseRowPolicy, policyWords, rowPolicyWords } from './policy.ts'

const shape =
  "write it as 'merge: {default: POLICY, rows: POLICY, columns: {COLUMN: POLICY}}'; each may be left out"

/** @throws VarveError VARVE_RULE_VIOLATED with the line */
export function policiesOf(name: unknown, value: unknown, fault: FaultAt): TablePolicies {
  if (!isMap(value)) throw fault(value ?? name, "'merge' is not a map of policies", shape)
  let whole: CellPolicy | null = null
  let rows: RowPolicy | null = null
  let columns: ReadonlyMap<string, CellPolicy> = new Map()
  for (const item of value.items) {
    const setting = isScalar(item.key) ? item.key.value : null
    if (setting === 'default') whole = cellPolicy(item.key, item.value, fault)
    else if (setting === 'rows') rows = rowPolicy(item.key, item.value, fault)
    else if (setting === 'columns') columns = new Map(columnPolicies(item.key, item.value, fault))
    else throw fault(item.key, `unknown setting '${String(setting)}' of 'merge'`, shape)
  }
  return { default: whole, rows, columns }
}

function* columnPolicies(name: unknown, value: unknown, fault: FaultAt): Generator<[string, CellPolicy]> {
  if (!isMap(value)) throw fault(value ?? name, "'columns' is not a map from column to policy", shape)
  for (const item of value.items) {
    const column = columnName(item.key)
    if (column === null) throw fault(item.key, 'the name of a column is not text', shape)
    yield [column, cellPolicy(item.key, item.value, fault)]
  }
}

function cellPolicy(name: unknown, value: unknown, fault: FaultAt): CellPolicy {
  const word = isScalar(value) && typeof value.value === 'string' ? value.value : null
  const policy = word === null ? null : parsePolicy(word)
  if (policy === null) throw fault(value ?? name, noPolicy(value), `known policies: ${policyWords}`)
  return policy
}

function rowPolicy(name: unknown, value: unknown, fault: FaultAt): RowPolicy {
  const word = isScalar(value) && typeof value.value === 'string' ? value.value : null
  const policy = word === null ? null : parseRowPolicy(word)
  if (policy === null)
    throw fault(value ?? name, noPolicy(value), `known policies for rows: ${rowPolicyWords}`)
  return policy
}

function noPolicy(value: unknown): string {
  return isScalar(value) ? `unknown policy '${String(value.value)}'` : 'a policy is one word'
}
