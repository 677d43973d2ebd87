// Stops a table whose columns have changed, or in whose place there is another, and keeps what it would become for review: its rows under the new columns,
// as they were when the change was noticed. They are read once, and not again while the columns stay the same.
import { isVarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { TreeEntry } from '../../files/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { isAllowed } from '../guards.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { SyncOptions } from '../interface.ts'
import { readCommit } from '../../history/commit.ts'
import { type Approval, isShapeStop, pendingFacts } from '../pending/approval.ts'
import type { Stops } from '../pending/stops.ts'
import { Tree } from '../../files/tree.ts'
import { type LinkedTable, tableAt, waitingTable } from '../tables/link-tables.ts'
import { isShapedAs } from './drift.ts'
import type { Namespaces } from './namespaces.ts'

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
  readonly #namespaces: Namespaces
  readonly #options: SyncOptions

  constructor(
    stops: Stops,
    round: {
      held: HeldRows
      approved: Approval | null
      pending: Cid | null
      namespaces: Namespaces
      options: SyncOptions
    },
  ) {
    this.#stops = stops
    this.#held = round.held
    this.#approved = round.approved
    this.#pending = round.pending
    this.#namespaces = round.namespaces
    this.#options = round.options
  }

  /** Whether the table goes on; else it is stopped. */
  async lets(io: Io, linked: LinkedTable, { drift: columns, known, read }: ChangedShape): Promise<boolean> {
    const drift = [...this.#namespaces.drift(linked.table), ...columns]
    if (drift.length === 0 || isAllowed('schema', this.#options)) return true
    const movedTo = this.#namespaces.movedTo(linked.table)
    const approved = (await this.#approved?.shape(io, linked, movedTo)) ?? null
    if (approved !== null && isShapedAs(approved.schema, linked.table)) return true
    const message = drift.join('; ')
    try {
      const to = (await this.#kept(io, linked, movedTo)) ?? (await read())
      const where = movedTo === null ? {} : { namespace: movedTo }
      this.#stops.add(linked, { guard: 'schema', side: 'endpoint', message, ...where }, { from: known, to })
    } catch (error) {
      const isOfTable =
        isVarveError(error) && (error.data['waits'] === true || error.code === 'VARVE_RULE_VIOLATED')
      if (!isOfTable) throw error
      this.#held.add(waitingTable(linked, `${message}; ${error.message}`))
    }
    return false
  }

  /** Whether the table waits for approval already, in the shape that it has. */
  async isPending(io: Io, linked: LinkedTable): Promise<boolean> {
    return (await this.#kept(io, linked, this.#namespaces.movedTo(linked.table))) !== null
  }

  /** The table that already waits for approval, if it has the shape that the endpoint's table has now. */
  async #kept(io: Io, linked: LinkedTable, movedTo: string | null): Promise<TreeEntry | null> {
    if (this.#pending === null) return null
    const { path, table } = linked
    const commit = await readCommit(io.nodes.reader, this.#pending)
    if (!isShapeStop(pendingFacts(commit).stops, linked, movedTo)) return null
    const tree = await Tree.load(io.nodes, commit.tree)
    const kept = await tableAt(io, tree, path)
    return kept !== null && isShapedAs(kept.schema, table) ? tree.get(path) : null
  }
}
