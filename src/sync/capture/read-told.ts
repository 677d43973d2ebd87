// Reads an endpoint that cannot be asked for its rows: the changes that it has reported since the last round are
// applied to the known state. So the tables are those of this repository, with the columns that they have now. A table
// that waits because of its columns is not read; what arrives for it is set aside there, and is read when the table
// goes on.
import type { ChangeLog, LogMark, LogReader, ToldLog } from '../../connectors/change-log.ts'
import type { EndpointSnapshot } from '../../connectors/interface.ts'
import type { TreeEntry, Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import { withWriter } from '../../repo/context.ts'
import type { Io } from '../../repo/interface.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { entryCells } from '../../table/entry-cells.ts'
import { Table } from '../../table/table.ts'
import { captureLog } from '../log/capture-log.ts'
import { newName } from '../log/mark.ts'
import type { OpenLog } from '../log/open-log.ts'
import type { Round } from '../round.ts'
import { type LinkedTable, tableAt, endpointTables } from '../tables/link-tables.ts'
import { capture } from './capture.ts'
import { declarationsOf, declaredAnew, declaredNotes, withSameKey } from './declared-anew.ts'
import { isShapedAs } from './drift.ts'
import { type CaptureContext, type Reading, keepName } from './reading.ts'

/** Items that a receipt names. */
const namedMax = 1000

interface KnownTold extends CaptureContext {
  readonly source: ChangeLog
  readonly told: ToldLog
}

export async function readTold(round: Round, io: Io, log: OpenLog, known: KnownTold): Promise<Reading> {
  const { link, options, repo } = round
  const { tables, mark, held, told } = known
  const isDry = options.dryRun === true
  const notes: string[] = []
  const before = await asShaped(round, io, known)
  const followed = tables.filter(({ path }) => !held.isWhole(path))
  const waiting = tables.flatMap(({ path, table }) => (held.isWhole(path) ? [table.name] : []))
  const nothing = { captured: before, transactions: [], mark: undefined, digests: null }
  const quiet = { ...nothing, notes, acknowledge: async () => undefined }
  // What nobody has read yet is read by a round, which makes itself known there.
  if (isDry && (mark?.at ?? null) === null) return quiet
  // Which tables are followed may be other ones than in the round before.
  await log.close()
  const { reader, name, at } = await opened(round, log, known, { followed, notes })
  const goesOn = mark?.waiting.some((name) => !waiting.includes(name)) === true
  const declared = declarationsOf(link, tables)
  const anew = declaredAnew(tables, mark?.declared, declared)
  if (!isDry) {
    const same = options.retry === true || goesOn ? [] : await withSameKey(io, known.before, anew)
    if (options.retry === true || goesOn) await told.retry()
    else if (same.length > 0) await told.retry(same.map(({ table }) => table.name))
  }
  const until = await reader.now()
  const input = { reader, tables: followed, before, unfit: known.unfit, until, link }
  const read = await withWriter(repo, (scratch) => captureLog(io, { ...input, scratch }, options))
  if (typeof read === 'string') throw new TypeError(`the log of '${link.name}' is all there is: ${read}`)
  known.unfit.take(read.unfit)
  if (!isDry) await reader.putAside?.()
  await noteAside(told, tables, held, notes)
  notes.push(...(await declaredNotes(io, { link, told, before: known.before }, anew)))
  const { captured, transactions, position } = read
  const isSame = position === at.position && at === mark?.at && String(waiting) === String(mark.waiting)
  const isDeclared = JSON.stringify(declared) === JSON.stringify(mark?.declared)
  if (isDry || (isSame && isDeclared)) return { ...quiet, captured, transactions }
  const kept = { position, acknowledged: at.position }
  const now = repo.now().timeMs
  return {
    ...quiet,
    captured,
    transactions,
    mark: { name, at: kept, waiting, declared, keptMs: now, comparedMs: now },
    acknowledge: () => reader.acknowledge(position),
  }
}

/** The known rows, under the columns that their tables have now. */
async function asShaped(round: Round, io: Io, known: KnownTold): Promise<Tree> {
  const { link, options } = round
  const others: LinkedTable[] = []
  const entries = new Map<Path, TreeEntry>()
  for (const linked of known.tables) {
    const [entry, table] = [await known.before.get(linked.path), await tableAt(io, known.before, linked.path)]
    if (entry !== null) entries.set(linked.path, entry)
    if (table === null || linked.waits !== undefined || !isShapedAs(table.schema, linked.table))
      others.push(linked)
  }
  if (others.length > 0) {
    const snapshot = knownRows(io, known.before, others)
    const what = { ...known, link: { ...link, cursor: undefined }, tables: others, notes: [] }
    const shaped = await capture(io, { snapshot: () => Promise.resolve(snapshot) }, what, options)
    for (const { path } of others) {
      const entry = await shaped.get(path)
      if (entry !== null) entries.set(path, entry)
    }
  }
  return Tree.empty(io.nodes, io.writer).update(io.writer, entries)
}

function knownRows(io: Io, before: Tree, tables: readonly LinkedTable[]): EndpointSnapshot {
  return {
    async *rows(table) {
      const { path } = tables.find((one) => one.table === table)!
      const object = await tableAt(io, before, path)
      if (object === null) return
      const { map, shape } = await Table.of(io.nodes, object)
      for await (const batch of map.scan()) {
        const entries = Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
        for (const run of contentRuns(entries, entryContentBytes))
          yield (await entryCells(io.nodes.reader, shape, run, table.columns)).filter((row) => row !== null)
      }
    },
    digest: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }
}

async function opened(
  round: Round,
  log: OpenLog,
  { mark, source, tables }: KnownTold,
  { followed, notes }: { readonly followed: readonly LinkedTable[]; readonly notes: string[] },
): Promise<{ reader: LogReader; name: string; at: LogMark }> {
  const name = mark?.name ?? newName(round.link.name)
  if (mark !== null && mark.at !== null) {
    const reader = await log.open(source, endpointTables(followed), mark.at)
    if (!('lost' in reader)) return { reader, name, at: mark.at }
    notes.push(`changes are read on from where the sender is now: ${reader.lost}`)
  }
  if (mark === null) await keepName(round, name)
  const { position, snapshot } = await source.begin(name, endpointTables(tables))
  await snapshot.close()
  const at = { position, acknowledged: position }
  const reader = await log.open(source, endpointTables(followed), at)
  if ('lost' in reader) throw new TypeError(reader.lost)
  return { reader, name, at }
}

async function noteAside(
  told: ToldLog,
  tables: readonly LinkedTable[],
  held: CaptureContext['held'],
  notes: string[],
): Promise<void> {
  const items = await told.aside()
  for (const { table, name, message } of items.slice(0, namedMax)) {
    const linked = tables.find((one) => one.table.name === table)
    if (linked === undefined) continue
    held.note({ table, path: linked.path, key: name, keyHex: '', reason: 'rejected', message })
  }
  if (items.length > namedMax)
    notes.push(`${items.length - namedMax} more items that cannot become rows wait`)
}
