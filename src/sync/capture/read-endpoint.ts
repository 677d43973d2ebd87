// The first part of a round: reads the endpoint's tables as they are now. If its log can be read on from the known
// state, that costs what has changed; else the tables are read at one moment and compared, which is always right, and a
// new log begins where one is wanted.
import { isVarveError } from '../../base/errors.ts'
import type { ChangeLog, LogMark } from '../../connectors/change-log.ts'
import type { TreeEntry } from '../../files/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { capture } from './capture.ts'
import { driftOf, isShapedAs } from './drift.ts'
import { type LinkedTable, tableAt, endpointTables, waitingTable } from '../tables/link-tables.ts'
import { captureLog } from '../log/capture-log.ts'
import { type BrokenTable, type LinkMark, newName } from '../log/mark.ts'
import type { OpenLog } from '../log/open-log.ts'
import { type CaptureContext, type Reading, keepName } from './reading.ts'
import { readWhole } from './read-table.ts'
import { readTold } from './read-told.ts'
import { type HeldBack, keepsTransactions } from '../interface.ts'
import type { Round } from '../round.ts'

/** A reading of the log is not noted more often than this when it found nothing. */
const idleMs = 60_000
/** Nor is a table read again more often, while it is followed, to see whether a row is still there that cannot be kept. */
const brokenMs = 60_000

export async function readEndpoint(
  round: Round,
  io: Io,
  log: OpenLog,
  known: CaptureContext,
): Promise<Reading> {
  const { connector, link, options } = round
  const { mark } = known
  const source = connector.log
  if (source?.told !== undefined) return readTold(round, io, log, { ...known, source, told: source.told })
  const isAltering = source?.changesSchema === true
  // Only a log tells one transaction from another.
  const isEach = keepsTransactions(link)
  const isByCursor = link.cursor !== undefined
  const isAsked =
    link.changes === 'log' || (isEach && link.changes === undefined && !isAltering && !isByCursor)
  const isFollowed = mark !== null || (log.isFollowing && !isAltering)
  const isWanted = isAsked || (link.changes !== 'compare' && isFollowed && !isByCursor)
  if (source === undefined || !isWanted) {
    const notes = isAsked ? ['this kind of endpoint has no log: its tables are compared'] : []
    if (mark === null || options.dryRun === true) return compared(round, io, known, notes)
    await log.close()
    if (mark.at !== null) await source?.end(mark.at.position)
    return { ...(await compared(round, io, known, notes)), mark: null }
  }
  const notes: string[] = []
  if (mark !== null && mark.at !== null && !log.isComparisonDue(mark)) {
    const read = await readLog(round, io, log, { ...known, mark: { ...mark, at: mark.at } })
    if (typeof read !== 'string') return read
    notes.push(`the log was not enough, so the tables were compared: ${read}`)
  }
  await log.close()
  const there = endpointTables(known.tables)
  const obstacle = there.length === 0 ? 'none of its tables is there' : await source.obstacle(there)
  if (obstacle !== null) notes.push(noLog(obstacle))
  if (obstacle !== null || options.dryRun === true) return compared(round, io, known, notes)
  return begin(round, io, source, known, notes)
}

function noLog(obstacle: string): string {
  return `the log cannot be read, so the tables are compared: ${obstacle}`
}

async function compared(
  round: Round,
  io: Io,
  known: CaptureContext,
  notes: readonly string[],
): Promise<Reading> {
  const found = [...notes]
  const what = { link: round.link, ...known, notes: found }
  const captured = await capture(io, round.connector, what, round.options)
  const { digests } = known
  return {
    captured,
    transactions: [],
    mark: undefined,
    notes: found,
    digests,
    acknowledge: async () => undefined,
  }
}

/** The name is kept before the endpoint knows it: what a kill leaves there is dropped by the next beginning. */
async function begin(
  round: Round,
  io: Io,
  source: ChangeLog,
  known: CaptureContext,
  notes: readonly string[],
): Promise<Reading> {
  const { repo, link, options } = round
  const name = known.mark?.name ?? newName(link.name)
  if (known.mark === null) await keepName(round, name)
  const start = await source.begin(name, endpointTables(known.tables)).catch((error: unknown) => {
    if (isVarveError(error) && error.data['obstacle'] === true) return error.message
    throw error
  })
  if (typeof start === 'string') return compared(round, io, known, [...notes, noLog(start)])
  const { position, snapshot } = start
  const captured = await capture(
    io,
    { snapshot: async () => snapshot },
    { link, ...known, notes: [] },
    options,
  )
  const waiting = known.held.list.flatMap(({ reason, table }) => (reason === 'schema' ? [table] : []))
  const broken = [...known.held.broken].map(([table, message]) => ({ table, message, hasNews: false }))
  const mark = {
    name,
    at: { position, acknowledged: position },
    waiting,
    broken,
    keptMs: repo.now().timeMs,
    comparedMs: repo.now().timeMs,
  }
  const { digests } = known
  return { captured, transactions: [], mark, notes, digests, acknowledge: async () => undefined }
}

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
    const source = { snapshot, table, where, previous, ways: unfit.waysOf(path) }
    return (await readWhole(io, source, options)).entry
  } finally {
    await snapshot.close()
  }
}

type KnownByLog = CaptureContext & { readonly mark: LinkMark & { readonly at: LogMark } }

/** Why not, for people, where the log is not enough. */
async function readLog(round: Round, io: Io, log: OpenLog, known: KnownByLog): Promise<Reading | string> {
  const { link, options, repo } = round
  const { tables, before, held, mark } = known
  // A log that was set back together with its system need not show it.
  if (!known.isTold) return 'the endpoint is in another state than it was brought to'
  const chosen = await chooseTables(round, io, known)
  if (typeof chosen === 'string') return chosen
  const { followed, waiting, broken } = chosen
  const reader = await log.open(round.connector.log!, endpointTables(tables), mark.at)
  if ('lost' in reader) return reader.lost
  const until = await reader.now()
  const input = { reader, tables: followed, before, unfit: known.unfit, until, link }
  const read = await captureLog(io, input, options).catch((error: unknown) => {
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
  for (const linked of waiting) held.add(linked)
  const { captured, position, transactions } = read
  known.unfit.take(read.unfit)
  const isQuiet = captured.cid === before.cid && transactions.length === 0 && known.unfit.areKept
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
  /** Tables that stay as they are. */
  readonly waiting: readonly HeldBack[]
  /** Those of them that have a row which cannot be kept. */
  readonly broken: readonly BrokenTable[]
}

/** The tables of which the log is read; a text says why none is, where the log is not enough. */
async function chooseTables(round: Round, io: Io, known: KnownByLog): Promise<ChosenTables | string> {
  const { tables, before, mark } = known
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
