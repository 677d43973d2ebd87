// The first part of a round: reads the endpoint's tables as they are now. If its log can be read on from the known
// state, the cost depends on what has changed. Else the tables are read at one moment and compared, which is always
// right, and a new log is begun where one is wanted.
import { isVarveError } from '../../base/errors.ts'
import type { ChangeLog } from '../../connectors/change-log.ts'
import type { Io } from '../../repo/interface.ts'
import { keepsTransactions } from '../interface.ts'
import { type LinkMark, newName } from '../log/mark.ts'
import type { OpenLog } from '../log/open-log.ts'
import { isTransient } from '../retry.ts'
import type { Round } from '../round.ts'
import { endpointTables } from '../tables/link-tables.ts'
import { capture } from './capture.ts'
import { readLog } from './read-log.ts'
import { readTold } from './read-told.ts'
import { type CaptureContext, type Reading, keepName } from './reading.ts'

export async function readEndpoint(
  round: Round,
  io: Io,
  log: OpenLog,
  known: CaptureContext,
): Promise<Reading> {
  const { mark } = known
  const source = round.connector.log
  if (source?.told !== undefined) return readTold(round, io, log, { ...known, source, told: source.told })
  const use = useOfLog(round, log, mark)
  if (source === undefined || use === 'none') {
    const notes = use === 'asked' ? ['this kind of endpoint has no log: its tables are compared'] : []
    return withoutLog(round, io, log, known, notes)
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
  if (round.options.dryRun === true) return compared(round, io, known, notes)
  if (obstacle !== null) return comparedMeanwhile(round, io, source, known, notes)
  const begun = await begin(round, io, source, known, notes)
  if (begun.mark !== undefined) log.begin()
  return begun
}

/** Whether the log is read: because the link asks for one, because the link was followed, or not at all. */
function useOfLog(
  { connector, link }: Round,
  log: OpenLog,
  mark: LinkMark | null,
): 'asked' | 'followed' | 'none' {
  if (link.changes === 'log') return 'asked'
  if (link.changes === 'compare' || link.cursor !== undefined) return 'none'
  // A log that needs tables and triggers of its own is begun only for who asks for it.
  const isAltering = connector.log?.changesSchema === true
  // Only a log tells one transaction from another.
  if (keepsTransactions(link) && !isAltering) return 'asked'
  return mark !== null || (log.isFollowing && !isAltering) ? 'followed' : 'none'
}

/** Compares the tables, and ends a log that was read before. */
async function withoutLog(
  round: Round,
  io: Io,
  log: OpenLog,
  known: CaptureContext,
  notes: readonly string[],
): Promise<Reading> {
  const { mark } = known
  if (mark === null || round.options.dryRun === true) return compared(round, io, known, notes)
  await log.close()
  if (mark.at !== null) await round.connector.log?.end(mark.at.position)
  return { ...(await compared(round, io, known, notes)), mark: null }
}

/**
 * Compares the tables as long as their log cannot be read. Nothing is kept for it meanwhile: a log that nobody reads fills the
 * server's disk.
 */
async function comparedMeanwhile(
  round: Round,
  io: Io,
  source: ChangeLog,
  known: CaptureContext,
  notes: string[],
): Promise<Reading> {
  const { mark } = known
  if (mark === null || mark.at === null) return compared(round, io, known, notes)
  try {
    await source.end(mark.at.position)
  } catch (error) {
    // A standby takes no statements, and the role may have lost its rights.
    if (isTransient(error) || !isVarveError(error)) throw error
    return compared(round, io, known, [...notes, `the log could not be dropped: ${error.message}`])
  }
  return { ...(await compared(round, io, known, notes)), mark: { ...mark, at: null } }
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

/**
 * Begins a log, and reads the tables in the snapshot with which it begins. Its name is stored here before the endpoint
 * knows it: so a log that a kill leaves there is found, and dropped by the next beginning.
 */
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
