// A round of a link for people: a line a table, then the rows that were held back.
import type { HeldBack, LoggedReceipt, Receipt, RowCounts, TableReceipt } from '../../index.ts'
import type { Paint } from '../paint.ts'
import { counted } from '../../base/size.ts'
import { visible } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { shortId } from './commit.ts'
import { isoText } from '../../base/time.ts'

/** Lines about rows that wait, unless more is asked for. */
const heldBackShown = 30
/** Rows that are shown of those that wait for the same reason. */
const alikeShown = 3

/** `last`: the receipt that was shown before this one; what is as it was there is not said again. */
export function receiptLines(receipt: Receipt, whole = false, last?: Receipt): string[] {
  const { link, mode, dryRun, startedMs, finishedMs, heldBack } = receipt
  const but = heldBack.length === 0 ? '' : ' but for what is held back'
  const how = dryRun ? `would be in step after${but}` : `in step${but}`
  const isSaid = last !== undefined && waitsAsBefore(receipt, last)
  return [
    `${visible(link)} (${mode}), ${how}, ${finishedMs - startedMs} ms`,
    ...tableLines(last === undefined ? receipt.tables : receipt.tables.filter(hasDone)),
    ...receipt.notes
      .filter((note) => last?.notes.includes(note) !== true)
      .map((note) => `  note: ${visible(note)}`),
    ...(heldBack.length > 0 ? [`  held back: ${heldBack.length}${isSaid ? ', as before' : ''}`] : []),
    ...(isSaid ? [] : heldBackLines(heldBack, whole)),
  ]
}

export function waitsAsBefore({ heldBack, pending }: Receipt, last: Receipt): boolean {
  return pending === last.pending && JSON.stringify(heldBack) === JSON.stringify(last.heldBack)
}

/** A line a row; of many rows that wait for the same reason, the first, and how many more there are. */
function heldBackLines(heldBack: readonly HeldBack[], whole: boolean): string[] {
  const groups = new Map<string, HeldBack[]>()
  for (const row of heldBack) {
    const name = JSON.stringify([row.table, row.reason, row.message])
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  const rows = [...groups.values()].flatMap((group) => {
    const shown = whole || group.length <= alikeShown + 1 ? group : group.slice(0, alikeShown)
    const more = group.length - shown.length
    const { table, reason } = group[0]!
    return [
      ...shown.map(({ key, message }) => ({ count: 1, cells: [`  ${table} ${key}`, reason, message] })),
      ...(more === 0 ? [] : [{ count: more, cells: [`  ${table}`, reason, `and ${more} more like it`] }]),
    ]
  })
  const told = whole ? rows : rows.slice(0, heldBackShown)
  const more = heldBack.length - told.reduce((sum, { count }) => sum + count, 0)
  const lines = alignedRows(told.map(({ cells }) => cells.map(visible)))
  return more === 0 ? lines : [...lines, `  and ${more} more`]
}

function hasDone({ captured, written }: TableReceipt): boolean {
  return [captured, written].some(({ added, changed, removed }) => added + changed + removed > 0)
}

/** All of one entry in a link's log of receipts. */
export function loggedLines(receipt: LoggedReceipt, paint: Paint): string[] {
  const { id, link, mode, finishedMs, startedMs, commit, heldBack, heldBackCount } = receipt
  const held = heldBack.map(({ table, key, reason }) => [`  ${table} ${key}`, reason])
  const more = heldBackCount - heldBack.length
  return [
    paint('yellow', `receipt ${id}`),
    `Link:   ${visible(link)} (${mode})`,
    `Date:   ${isoText({ timeMs: finishedMs, zoneMinutes: 0 })}, ${finishedMs - startedMs} ms`,
    `Commit: ${commit ?? 'none'}`,
    '',
    ...tableLines(receipt.tables),
    ...receipt.tables.flatMap(checksumLines),
    ...receipt.notes.map((note) => `  note: ${visible(note)}`),
    ...(heldBackCount > 0 ? [`  held back: ${heldBackCount}`] : []),
    ...alignedRows(held.map((cells) => cells.map(visible))),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

export function receiptLine(receipt: LoggedReceipt, paint: Paint): string {
  const sum = (side: 'captured' | 'written'): string => {
    const all = { added: 0, changed: 0, removed: 0 }
    for (const table of receipt.tables)
      for (const kind of ['added', 'changed', 'removed'] as const) all[kind] += table[side][kind]
    return countsText(all)
  }
  const held = receipt.heldBackCount === 0 ? '' : `, held back ${receipt.heldBackCount}`
  const when = isoText({ timeMs: receipt.finishedMs, zoneMinutes: 0 }).slice(0, 19)
  const what = `read ${sum('captured')}, written ${sum('written')}${held}`
  return `${paint('yellow', shortId(receipt.id))} ${when} ${visible(receipt.link)}: ${what}`
}

function tableLines(tables: readonly TableReceipt[]): string[] {
  const rows = tables.map((table) => [
    `  ${table.table}`,
    // There, after the round; `read` counts those that were looked at, which may be few, or the rows of before.
    counted(table.after.endpoint?.rows ?? table.read, 'row'),
    `read ${countsText(table.captured)}`,
    `written ${countsText(table.written)}`,
    ...(table.cursor === undefined ? [] : [`by cursor ${table.cursor}: sees no deletes`]),
  ])
  return alignedRows(rows.map((cells) => cells.map(visible)))
}

/** The checksums of a table: one line when both sides hold the same. */
function checksumLines({ table, after }: TableReceipt): string[] {
  const { endpoint, branch } = after
  const text = (side: typeof endpoint): string => side?.checksum.slice(0, 16) ?? 'nothing'
  if (endpoint !== null && endpoint.checksum === branch?.checksum)
    return [`  ${visible(table)}: both sides ${text(endpoint)}`]
  return [`  ${visible(table)}: endpoint ${text(endpoint)}, branch ${text(branch)}`]
}

function countsText({ added, changed, removed }: RowCounts): string {
  return added + changed + removed === 0 ? 'nothing' : `+${added} ~${changed} -${removed}`
}
