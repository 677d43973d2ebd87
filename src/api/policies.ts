// Merge policies as programs give them, by path and in the words of varve.yaml.
import type { CellPolicy, RowPolicy, TablePolicies } from '../dataset/interface.ts'
import { parsePolicy, parseRowPolicy, policyWords, rowPolicyWords } from '../dataset/policy.ts'
import type { GivenPolicies } from '../merge/policies/policy-source.ts'
import type { MergePolicies } from './policy-interface.ts'

/** @throws TypeError for a word that is no policy */
export function givenPolicies(
  policies: Readonly<Record<string, MergePolicies>> | undefined,
): GivenPolicies | undefined {
  if (policies === undefined) return undefined
  return new Map(Object.entries(policies).map(([path, given]) => [path, tablePolicies(given)]))
}

function tablePolicies({ default: whole, rows, columns = {} }: MergePolicies): TablePolicies {
  return {
    default: whole === undefined ? null : cellPolicy(whole),
    rows: rows === undefined ? null : rowPolicy(rows),
    columns: new Map(Object.entries(columns).map(([column, word]) => [column, cellPolicy(word)])),
  }
}

function cellPolicy(word: string): CellPolicy {
  const policy = parsePolicy(word)
  if (policy === null) throw new TypeError(`unknown merge policy '${word}'; known: ${policyWords}`)
  return policy
}

function rowPolicy(word: string): RowPolicy {
  const policy = parseRowPolicy(word)
  if (policy === null)
    throw new TypeError(`unknown merge policy for rows '${word}'; known: ${rowPolicyWords}`)
  return policy
}
