// Reads an endpoint's log on from where it was read last, and lays its changes over the known state. Where that is not
// enough, it says why, and the tables have to be compared.
import { isVarveError } from '../../base/errors.ts'
import type { LogMark } from '../../connectors/change-log.ts'
import type { TreeEntry } from '../../files/interface.ts'
import { withWriter } from '../../repo/context.ts'
import type { Io } from '../../repo/interface.ts'
import type { HeldBack } from '../interface.ts'
import { captureLog } from '../log/capture-log.ts'
import type { BrokenTable, LinkMark } from '../log/mark.ts'
import type { OpenLog } from '../log/open-log.ts'
import type { Round } from '../round.ts'
import { type LinkedTable, tableAt, endpointTables, tablesOf, waitingTable } from '../tables/link-tables.ts'
import { driftOf, isShapedAs } from './drift.ts'
import { readWhole } from './read-table.ts'
import type { CaptureContext, Reading } from './reading.ts'

/** A reading that found nothing is not stored more often than this. */
const idleMs = 60_000
/**
 * While a link is followed, a table with a row that cannot be kept is not read more often than this to see whether the
 * row is still there.
 */
const brokenMs = 60_000

export type KnownByLog = CaptureContext & { readonly mark: LinkMark & { readonly at: LogMark } }

/** A text says, for people, why the log is not enough. */
export async function readLog(
  round: Round,
  io: Io,
  log: OpenLog,
  known: KnownByLog,
): Promise<Reading | string> {
  const { link, options, repo } = round
  const { tables, held, mark } = known
  // The log tells nothing of other tables from here on, so their rows are not kept as if it did.
  const before = await tablesOf(io, known.before, tables)
  // A log that was set back together with its system need not show it.
  if (!known.isTold) return 'the endpoint is in another state than it was brought to'
  const chosen = await chooseTables(round, io, known)
  if (typeof chosen === 'string') return chosen
  const { followed, waiting, broken } = chosen
  const reader = await log.open(round.connector.log!, endpointTables(tables), mark.at)
  if ('lost' in reader) return reader.lost
  const until = await reader.now()
  const input = { reader, tables: followed, before, unfit: known.unfit, until, link }
  const reading = withWriter(repo, (scratch) => captureLog(io, { ...input, scratch }, options))
  const read = await reading.catch((error: unknown) => {
    // A row that cannot be kept stops its own table: a comparison finds out which that is, and whether it is still there.
    if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return error.message
    throw error
  })
  if (typeof read === 'string') return read
  const now = repo.now().timeMs
  const faults = broken.map((one) => ({ ...one, hasNews: one.hasNews || read.passed.has(one.table) }))
  const isDue = !log.isFollowing || now - mark.comparedMs > brokenMs
  const mended = isDue ? faults.find(({ hasNews }) => hasNews) : undefined
  if (mended !== undefined) return `'${mended.table}' was written to`
  if (options.retry === true && faults.length > 0) return `'${faults[0]!.table}' is tried again`
  for (const linked of waiting) held.add(linked)
  const { captured, position, transactions } = read
  known.unfit.take(read.unfit)
  const isQuiet = captured.cid === known.before.cid && transactions.length === 0 && known.unfit.areKept
  const isNews = faults.some(({ hasNews }, i) => hasNews !== broken[i]!.hasNews)
  const isIdle = isQuiet && !isNews && now - mark.keptMs < idleMs && mark.waiting.length === held.list.length
  if (isIdle || options.dryRun === true) {
    const nothing = { mark: undefined, notes: [], digests: null, acknowledge: async () => undefined }
    return { captured, transactions, ...nothing }
  }
  const at = { position, acknowledged: mark.at.position }
  const left = tables.flatMap(({ table }) =>
    followed.some((one) => one.table === table) ? [] : [table.name],
  )
  return {
    captured,
    transactions,
    mark: { ...mark, at, waiting: left, broken: faults, keptMs: now },
    notes: [],
    digests: null,
    acknowledge: () => reader.acknowledge(position),
  }
}

interface ChosenTables {
  readonly followed: readonly LinkedTable[]
  /** Tables that are left as they are in this round. */
  readonly waiting: readonly HeldBack[]
  /** Those of the waiting tables that have a row which cannot be kept. */
  readonly broken: readonly BrokenTable[]
}

/** Chooses the tables whose changes are taken from the log. A text says, for people, why the log is not enough. */
async function chooseTables(round: Round, io: Io, known: KnownByLog): Promise<ChosenTables | string> {
  const { tables, before, left, mark } = known
  const followed: LinkedTable[] = []
  const waiting: HeldBack[] = []
  const broken: BrokenTable[] = []
  for (const linked of tables) {
    const { table, path } = linked
    if (linked.waits !== undefined) {
      waiting.push(waitingTable(linked, linked.waits))
      continue
    }
    const schema = (await tableAt(io, before, path))?.schema
    if (schema === undefined) return `'${table.name}' has not been read before`
    if (left.isBack(path)) return `'${table.name}' was out of the link`
    const changed = { drift: driftOf(schema, table, 'rows'), known: (await before.get(path))! }
    const read = (): Promise<TreeEntry> => readAlone(round, io, linked, known)
    if (!(await known.shapes.lets(io, linked, { ...changed, read }))) continue
    const fault = mark.broken?.find((one) => one.table === table.name)
    if (!isShapedAs(schema, table)) return `'${table.name}' has other columns`
    if (fault !== undefined) {
      waiting.push(waitingTable(linked, fault.message))
      broken.push(fault)
    } else if (mark.waiting.includes(table.name)) return `'${table.name}' waited for its shape`
    else followed.push(linked)
  }
  return { followed, waiting, broken }
}

/** Reads one table whole, in a snapshot of its own. */
async function readAlone(
  { connector, link, options }: Round,
  io: Io,
  { table, path }: LinkedTable,
  { before, unfit }: CaptureContext,
): Promise<TreeEntry> {
  const snapshot = await connector.snapshot([table])
  try {
    const previous = (await tableAt(io, before, path)) ?? undefined
    const where = `${link.name}: ${table.name}`
    const source = { snapshot, table, where, previous, ways: unfit.waysOf(path), notes: [] }
    return (await readWhole(io, source, options)).entry
  } finally {
    await snapshot.close()
  }
}
