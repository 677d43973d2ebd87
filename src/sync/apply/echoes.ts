// Columns that an endpoint sets itself whenever a row is written, as a trigger for `updated_at` does. One such endpoint is
// no trouble: what it made of a row comes into the branch. Two of them, kept in step in both directions, answer each other
// without end, since each writes the other's value and makes another one of it. This notices it by the last two writes:
// rows of which nothing but such a column was sent, and came back as something else both times.
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { diffMaps } from '../../prolly/diff.ts'
import type { Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { sameCell } from '../../table/cell.ts'
import { entryCells } from '../../table/entry-cells.ts'
import type { TableObject } from '../../table/interface.ts'
import { rowShape } from '../../table/rows.ts'
import { tableAt } from '../tables/link-tables.ts'
import { lastWrites } from './as-stored.ts'
import type { ApplyStep } from './interface.ts'

/** Rows of a write that are looked at: the first, without those that have large values. */
const rowsMax = 64
const differencesMax = 4096

/** For people. */
export async function echoNotes({
  round,
  io,
  tables,
  captured,
  state,
}: Pick<ApplyStep, 'round' | 'io' | 'tables' | 'captured' | 'state'>): Promise<string[]> {
  const last = round.link.mode === 'two-way' ? await lastWrites(io, state.written) : null
  if (last === null) return []
  const notes: string[] = []
  for (const { table, path } of tables) {
    const now = await echoed(io, await versions(io, path, [last.read, last.told, captured]))
    if (now.size === 0) continue
    const earlier = await echoed(io, await versions(io, path, [last.readBefore, last.toldBefore, last.read]))
    const columns = [...now].filter((name) => earlier.has(name))
    if (columns.length > 0) notes.push(noteOf(table.name, columns))
  }
  return notes
}

function noteOf(table: string, columns: readonly string[]): string {
  const names = columns.map((name) => `'${name}'`).join(', ')
  const omit = `transform: { ${table}: { omit: [ ${columns.join(', ')} ] } }`
  return `'${table}' sets ${names} itself when a row is written, so it answers each write with another: if the other side does so too, leave it out of both links: ${omit}`
}

async function versions(io: Io, path: Path, trees: readonly Tree[]): Promise<readonly TableObject[] | null> {
  const tables: TableObject[] = []
  for (const tree of trees) {
    const table = await tableAt(io, tree, path)
    if (table === null) return null
    tables.push(table)
  }
  return tables
}

/** Columns that were all that was sent of some row, and that no row kept as it was sent. */
async function echoed(io: Io, tables: readonly TableObject[] | null): Promise<ReadonlySet<string>> {
  const [read, told, back] = tables ?? []
  if (!read || !told || !back || read.rows === told.rows || told.rows === back.rows) return new Set()
  const sent = await firstUpdates(io, read, told)
  const rows = await (await ProllyMap.load(io.nodes, back.rows)).getMany(sent.map(({ after }) => after.key))
  const there = rows.map((row) => (row === null || row.links.length > 0 ? null : row))
  const [before, after] = [sent.map((one) => one.before), sent.map((one) => one.after)]
  const { columns: all } = told.schema
  const cells = ({ schema }: TableObject, entries: readonly (Entry | null)[]) =>
    entryCells(io.nodes.reader, rowShape(schema), entries, all)
  const [cellsBefore, cellsSent, cellsBack] = [
    await cells(read, before),
    await cells(told, after),
    await cells(back, there),
  ]
  const alone = new Set<number>()
  const stayed = new Set<number>()
  for (const [i, row] of cellsSent.entries()) {
    const now = cellsBack[i]
    if (!now) continue
    const columns = row!.flatMap((cell, at) => (sameCell(cell, cellsBefore[i]![at]!) ? [] : [at]))
    const kept = columns.filter((at) => sameCell(row![at]!, now[at]!))
    for (const at of kept) stayed.add(at)
    if (kept.length === 0) for (const at of columns) alone.add(at)
  }
  return new Set([...alone].filter((at) => !stayed.has(at)).map((at) => all[at]!.name))
}

async function firstUpdates(
  { nodes }: Io,
  before: TableObject,
  after: TableObject,
): Promise<{ readonly before: Entry; readonly after: Entry }[]> {
  const found: { before: Entry; after: Entry }[] = []
  const [old, now] = [await ProllyMap.load(nodes, before.rows), await ProllyMap.load(nodes, after.rows)]
  let seen = 0
  for await (const differences of diffMaps(old, now)) {
    seen += differences.length
    for (const one of differences)
      if (one.before?.links.length === 0 && one.after?.links.length === 0)
        found.push({ before: one.before, after: one.after })
    if (found.length >= rowsMax || seen >= differencesMax) break
  }
  return found.slice(0, rowsMax)
}
