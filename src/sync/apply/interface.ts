import type { Checkpoint } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableDigests } from '../capture/digests.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { RowCounts } from '../interface.ts'
import type { KeyNames } from '../keys/key-names.ts'
import type { LinkRefs } from '../link-refs.ts'
import type { Stops } from '../pending/stops.ts'
import type { Round } from '../round.ts'
import type { LinkState } from '../state.ts'
import type { TableStep } from '../tables/differences.ts'
import type { LinkedTable } from '../tables/link-tables.ts'

export interface ApplyStep {
  readonly round: Round
  readonly io: Io
  readonly tables: readonly LinkedTable[]
  /** The endpoint, under the keys that the branch has. */
  readonly captured: Tree
  /** The same, under its own. */
  readonly stored: Tree
  /** Which of these keys are which; `kept`: as the repository has them. */
  readonly names: KeyNames
  readonly kept: KeyNames
  readonly live: Cid
  readonly base: Tree | null
  readonly target: Tree
  readonly common: Tree
  /** The base that the endpoint names. */
  readonly told: Cid | null
  /** The same, if this repository does not have that commit. */
  readonly stranger: string | null
  /** The branch's commit that it is now brought to. */
  readonly branch: Cid | null
  readonly checkpoint: Checkpoint | null
  /** The endpoint, and where it keeps the link's record, if the name of that may lead elsewhere another time. */
  readonly identity: string
  readonly place: string | null
  /** What this round took the endpoint over as; null before it has. */
  readonly fence: number | null
  readonly state: LinkState
  readonly refs: LinkRefs
  /** Refs that are to move together with the next: they tell of what the endpoint has taken already. */
  readonly due: ReadonlyMap<string, Cid | null>
  readonly held: HeldRows
  /** Digests of the tables that this round has compared; null where it has compared none. */
  readonly digests: TableDigests | null
  /** null: what the guards say of the whole was asked before. */
  readonly stops: Stops | null
}

export interface WriteResult {
  /** Rows written, by path. */
  readonly counts: ReadonlyMap<Path, RowCounts>
  /** What the endpoint's tables then hold. */
  readonly after: Tree
}

export interface RoundWritten extends WriteResult {
  /** For people. */
  readonly notes: readonly string[]
  /** The base that the endpoint names (hex). */
  readonly told: string | null
}

/** What a step is going to write, and what both sides then have in common. */
export interface PlannedStep extends WriteResult {
  readonly base: Tree
  /** What the endpoint's tables then hold, under its own keys. */
  readonly stored: Tree
  readonly names: KeyNames
  /** By the table's name. */
  readonly steps: ReadonlyMap<string, TableStep>
}

export interface AppliedStep extends WriteResult {
  /** From where a next one goes on. */
  readonly next: ApplyStep
}
