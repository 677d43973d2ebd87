// What is known of an endpoint before it is read, and what a reading found.
import type { Cid } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import { operatorOf } from '../../repo/context.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { CapturedTransaction } from '../log/capture-log.ts'
import { type LinkMark, markKey } from '../log/mark.ts'
import type { Round } from '../round.ts'
import type { LinkedTable } from '../tables/link-tables.ts'
import type { TableDigests } from './digests.ts'
import type { ShapeGuard } from './shape-guard.ts'
import type { UnfitTables } from './unfit-tables.ts'

export interface CaptureContext {
  readonly tables: readonly LinkedTable[]
  readonly before: Tree
  readonly live: Cid | null
  readonly digests: TableDigests
  readonly unfit: UnfitTables
  readonly held: HeldRows
  readonly shapes: ShapeGuard
  readonly mark: LinkMark | null
  /** The endpoint names the state that it was brought to from here. */
  readonly isTold: boolean
}

export interface Reading {
  readonly captured: Tree
  /** Where each is kept by itself: those that the log told. */
  readonly transactions: readonly CapturedTransaction[]
  /** To keep together with what was read; null: that the log is not read any more; undefined: as it was. */
  readonly mark: LinkMark | null | undefined
  readonly notes: readonly string[]
  /** Digests of the tables that were compared; null where none was. */
  readonly digests: TableDigests | null
  /** Once it is kept: the endpoint need keep no more than is left. */
  readonly acknowledge: () => Promise<void>
}

/** The name under which the endpoint keeps its log, before the endpoint knows it. */
export async function keepName({ repo, link }: Round, name: string): Promise<void> {
  const mark: LinkMark = { name, at: null, waiting: [], keptMs: 0, comparedMs: 0 }
  await repo.store.update((current) => ({
    config: new Map([[markKey(link.name), JSON.stringify(mark)]]),
    operation: { name: 'sync', message: `${link.name}: log`, author: operatorOf(repo, current) },
  }))
}
