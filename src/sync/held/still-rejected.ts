// Rows that the endpoint refused in the last round and would refuse again, since nothing has changed on either side:
// they wait without being tried, so that a link with such a row can still have rounds without writes. Any change, such
// as a parent row that arrives, has all of them tried again. Changes outside of the link's tables are not seen; the
// option `retry` is for those.
import type { Cid } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import type { Io } from '../../repo/interface.ts'
import type { HeldBack } from '../interface.ts'
import type { HeldRows } from './held-rows.ts'
import { type LinkedTable, linkTree } from '../tables/link-tables.ts'
import { lastReceipt } from '../receipts/log.ts'
import { tableStates } from '../receipts/table-states.ts'
import type { Round } from '../round.ts'

export interface CurrentState {
  readonly tables: readonly LinkedTable[]
  readonly captured: Tree
  /** What waits already. */
  readonly held: HeldRows
  /** The branch's commit. */
  readonly commit: Cid | null
}

export async function stillRejected(
  { repo, link }: Round,
  io: Io,
  { tables, captured, held, commit }: CurrentState,
): Promise<readonly HeldBack[]> {
  // Nothing is written: what an endpoint tells that is no row is told anew in each round.
  if (link.mode === 'capture') return []
  const last = await lastReceipt(repo, link.name)
  // What cannot be kept here is known from the reading.
  const rejected =
    last?.heldBack.filter((row) => row.reason === 'rejected' && row.isEndpoint !== true && isKept(row)) ?? []
  if (last === null || rejected.length === 0 || commit === null) return []
  // Another writer was faster with some of that round's rows: it did not come to its end.
  const isOpen = last.heldBack.some(({ reason }) => reason === 'changed')
  if (isOpen || last.mode !== link.mode || last.tables.length !== tables.length) return []
  if (rejected.some((row) => hasOtherRights(row, tables))) return []
  // They are no part of what the sides hold.
  if (tooLargeOf(last.heldBack) !== tooLargeOf(held.list)) return []
  const endpoint = await tableStates(io, captured, tables)
  const { tree } = await readCommit(io.nodes.reader, commit)
  const branch = await tableStates(io, await linkTree(io, tree, tables), tables)
  const isSame = last.tables.every(
    ({ path, after }) =>
      endpoint.get(path)?.checksum === after.endpoint?.checksum &&
      branch.get(path)?.checksum === after.branch?.checksum,
  )
  return isSame ? rejected : []
}

/** Whether the user lacked a right, and may write something else now. */
function hasOtherRights({ path, rights }: HeldBack, tables: readonly LinkedTable[]): boolean {
  return rights !== undefined && tables.find((one) => one.path === path)?.table.rights !== rights
}

function isKept({ tooLarge }: HeldBack): boolean {
  return tooLarge === undefined
}

function tooLargeOf(rows: readonly HeldBack[]): string {
  const large = rows.filter((row) => !isKept(row))
  return JSON.stringify(large.map(({ path, keyHex, message }) => [path, keyHex, message]))
}
