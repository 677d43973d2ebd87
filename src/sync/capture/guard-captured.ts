// Checks what was read before anything is done with it: counts what the endpoint changed, and stops tables of which too
// many rows are gone. Rows are counted against the common base: rows that a restored endpoint has lost were never
// deleted by anybody, and are written back. For a stopped table the merge sees the common base.
import { VarveError } from '../../base/errors.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import { Table } from '../../table/table.ts'
import type { CapturedTable } from '../interface.ts'
import { tableAt } from '../tables/link-tables.ts'
import type { LinkedTable } from '../tables/link-tables.ts'
import type { Stops } from '../pending/stops.ts'
import type { Round } from '../round.ts'
import { countChanges } from '../tables/differences.ts'

const nothing = { added: 0, changed: 0, removed: 0 }

export interface GuardInput {
  readonly tables: readonly LinkedTable[]
  /** The endpoint as it was last read. */
  readonly before: Tree
  /** As it was read now. */
  readonly stored: Tree
  /** The same, under the keys that the branch has. */
  readonly read: Tree
  /** What both sides had in common; null when nothing is known of that. */
  readonly base: Tree | null
  /** Tables that show an earlier state of theirs. */
  readonly earlier: ReadonlySet<Path>
}

export interface GuardedCapture {
  /** The tree as it was read, except for tables that are stopped. */
  readonly merging: Tree
  readonly tables: readonly CapturedTable[]
}

export async function guardCaptured(
  round: Round,
  io: Io,
  stops: Stops,
  readings: GuardInput,
): Promise<GuardedCapture> {
  const { tables, before, stored, read, base, earlier } = readings
  const entries = new Map<Path, TreeEntry | null>()
  const captured: CapturedTable[] = []
  for (const linked of tables) {
    const { table, path } = linked
    const [old, now] = [await tableAt(io, before, path), await tableAt(io, stored, path)]
    const seen = await tableAt(io, read, path)
    if (now === null || seen === null)
      throw new VarveError('VARVE_CORRUPT', `table '${table.name}' was not read`)
    const rows = (await Table.of(io.nodes, now)).count
    const common = base === null ? null : await tableAt(io, base, path)
    const change = { from: base === null ? null : await base.get(path), to: await read.get(path) }
    // A mirror overwrites whatever happened there.
    const isStopped =
      common !== null &&
      round.link.mode !== 'mirror' &&
      ((earlier.has(path) && common.rows !== seen.rows && stops.guardEarlier(linked, change)) ||
        (await stops.guardDeletes(io, linked, 'endpoint', { before: common, after: seen, ...change })))
    if (isStopped) entries.set(path, change.from)
    const counts =
      old === null ? { ...nothing, added: rows } : await countChanges(io.nodes, { before: old, after: now })
    const cursor = round.link.cursor?.find((one) => one.table === table.name)?.column
    const by = cursor === undefined ? {} : { cursor }
    captured.push({ table: table.name, path, read: rows, captured: counts, ...by })
  }
  const merging = entries.size === 0 ? read : await read.update(io.writer, entries)
  return { merging, tables: captured }
}
