// The first part of a round: the endpoint's tables as they are now. By its log where that can be read on from what is
// known, which costs what has changed; else by reading the tables at one moment and comparing, which is always right,
// and with which a new log begins where one is wanted.
import type { ChangeLog, LogMark } from '../../connectors/change-log.ts'
import type { TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import { capture } from './capture.ts'
import { driftOf, isShapedAs } from './drift.ts'
import { type LinkedTable, tableAt, tablesThere, waitingTable } from '../tables/link-tables.ts'
import { captureLog } from '../log/capture-log.ts'
import { type LinkMark, newName } from '../log/mark.ts'
import type { OpenLog } from '../log/open-log.ts'
import { type Known, type Reading, keepName } from './reading.ts'
import { readWhole } from './read-table.ts'
import { readTold } from './read-told.ts'
import { keepsTransactions } from '../interface.ts'
import type { Round } from '../round.ts'

/** A reading of the log is not noted more often than this when it found nothing. */
const idleMs = 60_000

export async function readEndpoint(round: Round, io: Io, log: OpenLog, known: Known): Promise<Reading> {
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
  const there = tablesThere(known.tables)
  const obstacle = there.length === 0 ? 'none of its tables is there' : await source.obstacle(there)
  if (obstacle !== null) notes.push(`the log cannot be read, so the tables are compared: ${obstacle}`)
  if (obstacle !== null || options.dryRun === true) return compared(round, io, known, notes)
  return begin(round, io, source, known, notes)
}

async function compared(round: Round, io: Io, known: Known, notes: readonly string[]): Promise<Reading> {
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
  known: Known,
  notes: readonly string[],
): Promise<Reading> {
  const { repo, link, options } = round
  const name = known.mark?.name ?? newName(link.name)
  if (known.mark === null) await keepName(round, name)
  const { position, snapshot } = await source.begin(name, tablesThere(known.tables))
  const captured = await capture(
    io,
    { snapshot: async () => snapshot },
    { link, ...known, notes: [] },
    options,
  )
  const waiting = known.held.list.flatMap(({ reason, table }) => (reason === 'schema' ? [table] : []))
  const mark = {
    name,
    at: { position, acknowledged: position },
    waiting,
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
  before: Tree,
): Promise<TreeEntry> {
  const snapshot = await connector.snapshot([table])
  try {
    const previous = (await tableAt(io, before, path)) ?? undefined
    return await readWhole(io, { snapshot, table, where: `${link.name}: ${table.name}`, previous }, options)
  } finally {
    await snapshot.close()
  }
}

/** Why not, for people, where the log is not enough. */
async function readLog(
  round: Round,
  io: Io,
  log: OpenLog,
  known: Known & { readonly mark: LinkMark & { readonly at: LogMark } },
): Promise<Reading | string> {
  const { link, options, repo } = round
  const { tables, before, held, mark } = known
  // A log that was set back together with its system need not show it.
  if (!known.isTold) return 'the endpoint is in another state than it was brought to'
  const followed: LinkedTable[] = []
  for (const linked of tables) {
    const { table, path } = linked
    if (linked.waits !== undefined) {
      held.add(waitingTable(linked, linked.waits))
      continue
    }
    const schema = (await tableAt(io, before, path))?.schema
    if (schema === undefined) return `'${table.name}' has not been read before`
    const changed = { drift: driftOf(schema, table, 'rows'), known: (await before.get(path))! }
    const read = (): Promise<TreeEntry> => readAlone(round, io, linked, before)
    if (!(await known.shapes.lets(io, linked, { ...changed, read }))) continue
    if (mark.waiting.includes(table.name)) return `'${table.name}' waited for its shape`
    else if (!isShapedAs(schema, table)) return `'${table.name}' has other columns`
    else followed.push(linked)
  }
  const reader = await log.open(round.connector.log!, tablesThere(tables), mark.at)
  if ('lost' in reader) return reader.lost
  const until = await reader.now()
  const read = await captureLog(io, { reader, tables: followed, before, until, link }, options)
  if (typeof read === 'string') return read
  const { captured, position, transactions } = read
  const now = repo.now().timeMs
  const isQuiet = captured.cid === before.cid && transactions.length === 0
  const isIdle = isQuiet && now - mark.keptMs < idleMs && mark.waiting.length === held.list.length
  if (isIdle || options.dryRun === true) {
    const nothing = { mark: undefined, notes: [], digests: null, acknowledge: async () => undefined }
    return { captured, transactions, ...nothing }
  }
  const at = { position, acknowledged: mark.at.position }
  const waiting = tables.flatMap(({ table }) =>
    followed.some((one) => one.table === table) ? [] : [table.name],
  )
  return {
    captured,
    transactions,
    mark: { ...mark, at, waiting, keptMs: now },
    notes: [],
    digests: null,
    acknowledge: () => reader.acknowledge(position),
  }
}
