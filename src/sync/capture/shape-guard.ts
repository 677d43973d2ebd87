// Stops a table whose columns have changed, and keeps what it would become for review: its rows under the new columns,
// as they were when the change was noticed. They are read once, and not again while the columns stay the same.
import { isVarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { TreeEntry } from '../../files/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { isAllowed } from '../guards.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { SyncOptions } from '../interface.ts'
import type { Approval } from '../pending/approval.ts'
import type { Stops } from '../pending/stops.ts'
import { commitTree } from '../branch-change.ts'
import { type LinkedTable, tableAt, waitingTable } from '../tables/link-tables.ts'
import { isShapedAs } from './drift.ts'

export interface ChangedShape {
  /** One sentence a change. */
  readonly drift: readonly string[]
  /** The table as it was last read. */
  readonly known: TreeEntry
  /** Reads it as it is now. */
  readonly read: () => Promise<TreeEntry>
}

export class ShapeGuard {
  readonly #stops: Stops
  readonly #held: HeldRows
  readonly #approved: Approval | null
  readonly #pending: Cid | null
  readonly #options: SyncOptions

  constructor(
    stops: Stops,
    round: { held: HeldRows; approved: Approval | null; pending: Cid | null; options: SyncOptions },
  ) {
    this.#stops = stops
    this.#held = round.held
    this.#approved = round.approved
    this.#pending = round.pending
    this.#options = round.options
  }

  /** Whether the table goes on; else it is stopped. */
  async lets(io: Io, linked: LinkedTable, { drift, known, read }: ChangedShape): Promise<boolean> {
    if (drift.length === 0 || isAllowed('schema', this.#options)) return true
    const approved = (await this.#approved?.shape(io, linked)) ?? null
    if (approved !== null && isShapedAs(approved.schema, linked.table)) return true
    const message = drift.join('; ')
    try {
      const to = (await this.#kept(io, linked)) ?? (await read())
      this.#stops.add(linked, { guard: 'schema', side: 'endpoint', message }, { from: known, to })
    } catch (error) {
      const isOfTable =
        isVarveError(error) && (error.data['waits'] === true || error.code === 'VARVE_RULE_VIOLATED')
      if (!isOfTable) throw error
      this.#held.add(waitingTable(linked, `${message}; ${error.message}`))
    }
    return false
  }

  /** The table that already waits for approval, if it has the shape that the endpoint's table has now. */
  async #kept(io: Io, { path, table }: LinkedTable): Promise<TreeEntry | null> {
    if (this.#pending === null) return null
    const tree = await commitTree(io, this.#pending)
    const kept = await tableAt(io, tree, path)
    return kept !== null && isShapedAs(kept.schema, table) ? tree.get(path) : null
  }
}
