// Collects what the guards of one round stop. A table that is stopped is left as it is on both sides while the others go
// on; what would have become of it is kept. An approval lets through what it was given for and nothing beyond: rows that
// vanish and were not in it are judged anew.
import type { Tree } from '../../files/tree.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { diffMaps } from '../../prolly/diff.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { isAllowed, massDeletion } from '../guards.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { SyncOptions } from '../interface.ts'
import { countChanges } from '../tables/differences.ts'
import type { Approval } from './approval.ts'
import type { Stop } from './interface.ts'

/** A table of a link, with its name there and its path here. */
export interface NamedTable {
  readonly table: { readonly name: string }
  readonly path: Path
}

export interface TableChange {
  readonly before: TableObject
  readonly after: TableObject | null
  /** An approved table as these are; default: as it is. */
  readonly seen?: (table: TableObject) => Promise<TableObject>
}

export interface EntryChange {
  readonly from: TreeEntry | null
  readonly to: TreeEntry | null
}

export class Stops {
  readonly list: Stop[] = []
  /** For each stopped table, what it is now. */
  readonly before: Map<Path, TreeEntry | null> = new Map()
  /** For each stopped table, what it would have become. */
  readonly after: Map<Path, TreeEntry | null> = new Map()
  readonly #held: HeldRows
  readonly #options: SyncOptions
  readonly #approved: Approval | null
  readonly #waiting: readonly Stop[]

  /** `waiting`: what the round before has stopped. */
  constructor(held: HeldRows, options: SyncOptions, approved: Approval | null, waiting: readonly Stop[]) {
    this.#held = held
    this.#options = options
    this.#approved = approved
    this.#waiting = waiting
  }

  /** `known` is the endpoint's identity in the round before, or null before the first. */
  isOther(known: string | null, found: string): boolean {
    return known !== null && known !== found && !this.isLetIn(found)
  }

  /** Whether somebody has approved that the endpoint is this one. */
  isLetIn(identity: string): boolean {
    return this.#approved?.identity === identity || isAllowed('identity', this.#options)
  }

  /** Whether nobody has let the endpoint in that has gone back to an earlier state; `said` names that state. */
  isRestored(said: string): boolean {
    return this.#approved?.restored !== said && !isAllowed('restored', this.#options)
  }

  add({ table, path }: NamedTable, stop: Omit<Stop, 'table' | 'path'>, { from, to }: EntryChange): void {
    // The reading by the log may have said so before all was read.
    if (stop.guard === 'schema' && this.before.has(path)) return
    this.list.push({ ...stop, table: table.name, path })
    this.before.set(path, from)
    this.after.set(path, to)
    const { guard, message } = stop
    const reason = guard === 'schema' ? 'schema' : 'guard'
    this.#held.add({ table: table.name, path, key: '', keyHex: '', reason, message })
  }

  /** Stops the table, and returns true, when too many of its rows vanish on the way from `before` to `after`. */
  async guardDeletes(
    io: Io,
    linked: NamedTable,
    side: Stop['side'],
    { before, after, seen, from, to }: TableChange & EntryChange,
  ): Promise<boolean> {
    if (before.rows === after?.rows || isAllowed('deletes', this.#options)) return false
    if (await this.#approved?.isGone(io, linked, side)) return false
    const old = await ProllyMap.load(io.nodes, before.rows)
    const empty = ProllyMap.empty(io.nodes, io.writer)
    const now = after === null ? empty : await ProllyMap.load(io.nodes, after.rows)
    const approved = (await this.#approved?.table(io, linked, side)) ?? null
    const step = { before, after: after ?? { ...before, rows: empty.cid } }
    const removed =
      approved === null
        ? (await countChanges(io.nodes, step)).removed
        : await removedBeyond(io, old, now, (await seen?.(approved)) ?? approved)
    const isWaiting = approved === null && this.#waitsForDeletes(linked, side)
    const counts = { before: old.count, after: now.count, removed, isWaiting }
    const message = massDeletion(
      linked.table.name,
      side === 'endpoint' ? 'the endpoint' : 'the branch',
      counts,
    )
    if (message === null) return false
    this.add(linked, { guard: 'deletes', side, message }, { from, to })
    return true
  }

  #waitsForDeletes({ path }: NamedTable, side: Stop['side']): boolean {
    return this.#waiting.some((stop) => stop.guard === 'deletes' && stop.path === path && stop.side === side)
  }

  /** Stops a table that has gone back to an earlier state, and returns true, unless somebody has let that. */
  guardEarlier(linked: NamedTable, change: EntryChange): boolean {
    if (this.#approved?.letsBack(linked) === true || isAllowed('restored', this.#options)) return false
    const message = `'${linked.table.name}' has gone back to an earlier state at the endpoint`
    this.add(linked, { guard: 'restored', side: 'endpoint', message }, change)
    return true
  }

  /** Stops all tables; `to` is the tree that they would have become. */
  async addAll(
    tables: readonly NamedTable[],
    stop: Omit<Stop, 'table' | 'path'>,
    { from, to }: { readonly from: Tree; readonly to: Tree },
  ): Promise<void> {
    for (const linked of tables) {
      const { path } = linked
      this.add(linked, stop, { from: await from.get(path), to: await to.get(path) })
    }
  }
}

/** How many rows vanish that the approved version of the table still has. */
async function removedBeyond(io: Io, old: ProllyMap, now: ProllyMap, approved: TableObject): Promise<number> {
  const approvedRows = await ProllyMap.load(io.nodes, approved.rows)
  let removed = 0
  for await (const differences of diffMaps(old, now)) {
    const keys = differences.filter((one) => one.after === null).map(({ key }) => key)
    removed += (await approvedRows.getMany(keys)).filter((one) => one !== null).length
  }
  return removed
}
