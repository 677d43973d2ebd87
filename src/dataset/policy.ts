// The words for merge policies, as they stand in varve.yaml and as the API takes them: `max`, `newest(updated)`,
// `union(;)`. What is no such word is an error that names those there are: a policy that is misspelt and passed over
// would leave its user waiting for decisions that nobody takes.
import type { CellPolicy, RowPolicy, TablePolicies } from './interface.ts'

export const policyWords =
  "'ours', 'theirs', 'newest', 'newest(COLUMN)', 'max', 'min', 'sum', 'union', 'union(SEPARATOR)', 'append', 'text'"
export const rowPolicyWords = "'ours', 'theirs', 'keep-edit'"

const plainKinds = ['ours', 'theirs', 'max', 'min', 'sum', 'append', 'text'] as const
const rowPolicies: readonly string[] = ['ours', 'theirs', 'keep-edit']
const separatorCharactersMax = 16

/** Reads a policy of cells; null when there is no such policy. */
export function parsePolicy(word: string): CellPolicy | null {
  const kind = plainKinds.find((known) => known === word)
  if (kind !== undefined) return { kind }
  if (word === 'newest') return { kind: 'newest', column: null }
  if (word === 'union') return { kind: 'union', separator: null }
  const [, name, argument] = /^(newest|union)\((.+)\)$/s.exec(word) ?? []
  if (name === 'newest') return { kind: 'newest', column: argument! }
  if (name !== 'union') return null
  const isSeparator = argument!.length <= separatorCharactersMax && argument!.trim() !== ''
  return isSeparator ? { kind: 'union', separator: argument!.trim() } : null
}

/** Reads a policy of rows; null when there is no such policy. */
export function parseRowPolicy(word: string): RowPolicy | null {
  return rowPolicies.includes(word) ? (word as RowPolicy) : null
}

/** The policy as it is written in varve.yaml. */
export function policyText(policy: CellPolicy): string {
  if (policy.kind === 'newest') return policy.column === null ? 'newest' : `newest(${policy.column})`
  if (policy.kind === 'union') return policy.separator === null ? 'union' : `union(${policy.separator})`
  return policy.kind
}

export function policyOf(policies: TablePolicies, column: string): CellPolicy | null {
  return policies.columns.get(column) ?? policies.default
}

/** Joins two sets of policies: `common` holds where `own` says nothing. */
export function joinedPolicies(
  own: TablePolicies | null,
  common: TablePolicies | null,
): TablePolicies | null {
  if (own === null || common === null) return own ?? common
  return {
    default: own.default ?? common.default,
    rows: own.rows ?? common.rows,
    columns: new Map([...common.columns, ...own.columns]),
  }
}
