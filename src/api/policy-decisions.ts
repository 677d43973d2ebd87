// What merge policies decided, as plain data: of a merge just made, and of a commit.
import { readCommit } from '../history/commit.ts'
import { resolveRevision } from '../history/revision.ts'
import {
  type PolicyDecision,
  type PolicyReport,
  readDecisions,
  reportOf,
} from '../merge/policies/decisions.ts'
import type { Repo } from '../repo/interface.ts'
import type { OperationOptions } from './interface.ts'
import type { PolicyDecisions } from './policy-interface.ts'

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
