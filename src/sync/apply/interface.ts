import type { Checkpoint } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { RowCounts } from '../interface.ts'
import type { Stops } from '../pending/stops.ts'
import type { Round } from '../round.ts'
import type { LinkState } from '../state.ts'
import type { LinkedTable } from '../tables/link-tables.ts'

export interface ApplyStep {
  readonly round: Round
  readonly io: Io
  readonly tables: readonly LinkedTable[]
  readonly captured: Tree
  readonly live: Cid
  readonly base: Tree | null
  readonly target: Tree
  readonly common: Tree
  /** What the endpoint says it was brought to. */
  readonly told: Cid | null
  /** Tip of the branch. */
  readonly branch: Cid | null
  readonly checkpoint: Checkpoint | null
  readonly state: LinkState
  readonly held: HeldRows
  readonly stops: Stops
}

export interface Written {
  /** Rows written, by path. */
  readonly counts: ReadonlyMap<Path, RowCounts>
  /** What the endpoint's tables then hold. */
  readonly after: Tree
}
