// Merge policies as programs give them, and what policies decided, as plain data.
import type { PolicyCount, PolicyDecision } from '../merge/policies/decisions.ts'

/** Cells and rows that merge policies decided; the merge commit keeps them in its `extra.policies`. */
export interface PolicyDecisions {
  readonly count: number
  readonly counts: readonly PolicyCount[]
  /** All of them, or none where they are many: `policyDecisions` of the commit then gives them. */
  readonly decisions: readonly PolicyDecision[]
}

/** Policies as varve.yaml spells them: 'max', 'newest(updated)', 'union(;)'. What varve.yaml says counts where these do not. */
export interface MergePolicies {
  /** For columns that are not named. */
  readonly default?: string
  readonly rows?: 'ours' | 'theirs' | 'keep-edit'
  readonly columns?: Readonly<Record<string, string>>
}
