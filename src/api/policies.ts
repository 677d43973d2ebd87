// Merge policies as programs give them, by path and in the words of varve.yaml, and what policies decided in a commit.
import type { CellPolicy, RowPolicy, TablePolicies } from '../dataset/interface.ts'
import { parsePolicy, parseRowPolicy, policyWords, rowPolicyWords } from '../dataset/policy.ts'
import { readCommit } from '../history/commit.ts'
import { resolveRevision } from '../history/revision.ts'
import {
  type PolicyDecision,
  type PolicyReport,
  readDecisions,
  reportOf,
} from '../merge/policies/decisions.ts'
import type { GivenPolicies } from '../merge/policies/policy-source.ts'
import type { Repo } from '../repo/interface.ts'
import type { OperationOptions } from './interface.ts'
import type { MergePolicies, PolicyDecisions } from './policy-interface.ts'

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

export function policyDecisionsOf({ count, counts, decisions }: PolicyReport): PolicyDecisions {
  return { count, counts, decisions }
}

/** All that policies decided in the merge that made this commit, in order of path and key. */
export async function* decisionsAt(
  repo: Repo,
  revision: string,
  options: OperationOptions = {},
): AsyncGenerator<PolicyDecision> {
  const { commit } = await resolveRevision(repo.store, revision)
  const report = reportOf((await readCommit(repo.store, commit)).extra['policies'])
  for await (const batch of readDecisions(repo.nodes, report, { signal: options.signal })) yield* batch
}
