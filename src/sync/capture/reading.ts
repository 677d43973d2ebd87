// What is known of an endpoint before it is read, and what a reading found.
import type { Cid } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import { operatorOf } from '../../repo/context.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { CapturedTransaction } from '../log/capture-log.ts'
import { type LinkMark, markKey } from '../log/mark.ts'
import type { Round } from '../round.ts'
import type { LeftTables } from '../tables/left-tables.ts'
import type { LinkedTable } from '../tables/link-tables.ts'
import type { TableDigests } from './digests.ts'
import type { ShapeGuard } from './shape-guard.ts'
import type { UnfitTables } from './unfit-tables.ts'

export interface CaptureContext {
  readonly tables: readonly LinkedTable[]
  readonly before: Tree
  readonly left: LeftTables
  readonly live: Cid | null
  readonly spelled: Tree | null
  readonly digests: TableDigests
  readonly unfit: UnfitTables
  readonly held: HeldRows
  readonly shapes: ShapeGuard
  readonly mark: LinkMark | null
  /** Whether the endpoint names the state to which it was last brought from here. */
  readonly isTold: boolean
}

export interface Reading {
  readonly captured: Tree
  /** If each transaction is kept by itself: the transactions in the log. */
  readonly transactions: readonly CapturedTransaction[]
  /** Stored together with what was read. Null: the log is not read any more. Undefined: nothing changes. */
  readonly mark: LinkMark | null | undefined
  readonly notes: readonly string[]
  /** Digests of the tables that were compared; null when none was. */
  readonly digests: TableDigests | null
  /** Called once the reading is stored: the endpoint may drop the part of its log that was read. */
  readonly acknowledge: () => Promise<void>
}

/** Stores the name under which the endpoint will keep its log, before the endpoint knows it. */
export async function keepName({ repo, link }: Round, name: string): Promise<void> {
  const mark = { name, at: null, keptMs: 0, comparedMs: 0 }
  await repo.store.update((current) => ({
    config: new Map([[markKey(link.name), JSON.stringify(mark)]]),
    operation: { name: 'sync', message: `${link.name}: log`, author: operatorOf(repo, current) },
  }))
}
