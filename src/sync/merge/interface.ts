import type { Cid } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { KeyNames } from '../keys/key-names.ts'
import type { LinkRefs } from '../link-refs.ts'
import type { LinkedTable } from '../tables/link-tables.ts'
import type { Change } from '../plan.ts'

export interface BranchMerge {
  /** What the endpoint shall become, but for rows that are held back. */
  readonly target: Tree
  /** What both sides then have in common, but for those rows. */
  readonly common: Tree
  readonly conflicts: Cid | null
  /** The branch's commit, afterwards. */
  readonly commit: Cid | null
  /** What that does to the branch's tree; null: nothing. */
  readonly change: Change | null
}

/** `target` and `common` with the endpoint's columns alone. */
export interface EndpointMerge extends BranchMerge {
  /** The target with all columns that the branch has. */
  readonly whole: Tree
}

export interface Sides {
  /** Of the endpoint. */
  readonly identity: string
  readonly tables: readonly LinkedTable[]
  readonly base: Tree | null
  readonly captured: Tree
  /** The same, under the keys that the endpoint has; null where a guard stops a table, which `captured` has as it was. */
  readonly stored: Tree | null
  readonly names: KeyNames
  readonly live: Cid
  /** The live commit that the branch had taken in when it had `base`; null when that is not known. */
  readonly merged: Cid | null
  /**
   * The commit of the branch to which the endpoint had been brought when they had `base`; null when that is not
   * known.
   */
  readonly brought: Cid | null
  /** What the endpoint says it was brought to. */
  readonly told: Cid | null
  /** The same, if this repository does not have that commit. */
  readonly stranger: string | null
  readonly held: HeldRows
  readonly refs: LinkRefs
}
