// Differences for people: tables by row and cell, JSON and YAML by value, text as a unified diff, the rest by size.
import type { DiffStat, FileDiff, PathState } from '../../api/interface.ts'
import { toJson } from '../../table/json.ts'
import type { Output } from '../output.ts'
import { shortenedPath, visible } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { gitHeader, hasNewMode, printHunks, printLines, printReplaced } from './patch/patch.ts'
import { printBinary } from './patch/binary.ts'
import { printRowChanges, sumsText } from './row-changes.ts'
import { firstTold, moreTold } from './told.ts'
import { printValueChanges } from './value-changes.ts'
import { counted, sizeText } from '../../base/size.ts'

const barColumnsMax = 30

export interface DiffFormat {
  /** JSON and YAML too by line, not by value. */
  readonly lines?: boolean
  /** Binary files by their bytes, as far as they are small. */
  readonly binary?: boolean
}

/** Prints the differences as they are read; returns how many paths differ. */
export async function printDiffs(
  out: Output,
  diffs: AsyncIterable<FileDiff>,
  format: DiffFormat = {},
): Promise<number> {
  if (out.json) {
    out.raw('{"items":[')
    const count = await listDiffs(out, diffs)
    out.raw(`${count === 0 ? '' : '\n'}]}\n`)
    return count
  }
  let count = 0
  for await (const diff of diffs) {
    await printDiff(out, diff, format)
    count += 1
    await out.drain()
  }
  return count
}

/** The items of a JSON array, without its brackets; returns how many there were. */
export async function listDiffs(out: Output, diffs: AsyncIterable<FileDiff>): Promise<number> {
  let count = 0
  for await (const diff of diffs) {
    await printJson(out, diff, count === 0 ? '\n' : ',\n')
    count += 1
    await out.drain()
  }
  return count
}

async function printDiff(
  out: Output,
  diff: FileDiff,
  { lines = false, binary = false }: DiffFormat,
): Promise<void> {
  if (diff.kind === 'table') return printRowChanges(out, diff, titleOf(diff))
  if (diff.kind === 'binary') {
    if (binary && (await printBinary(out, diff))) return
    const what = isReshaped(diff) ? '' : 'binary, '
    out.line(`${out.paint('bold', titleOf(diff))}: ${what}${sizesText(diff, sizeText)}`)
    if (diff.note !== undefined) out.line(`  ${out.paint('dim', `(${visible(diff.note)})`)}`)
    return
  }
  if (diff.note !== undefined)
    out.line(`${out.paint('bold', titleOf(diff))}: ${out.paint('dim', `(${visible(diff.note)})`)}`)
  if (diff.state === 'typechange') return printReplaced(out, diff)
  const values = lines ? null : await diff.values()
  if (values !== null) return printValueChanges(out, values, titleOf(diff))
  const hunks = await printHunks(out, diff, diff.hunks())
  if (hunks === 0 && (diff.note === undefined || diff.from !== undefined || hasNewMode(diff)))
    printLines(out, gitHeader(diff))
}

async function printJson(out: Output, diff: FileDiff, before: string): Promise<void> {
  // Functions are left out of JSON.
  out.raw(`${before}${toJson({ ...diff }).slice(0, -1)},"rows":[`)
  await out.list(flat(diff.rows()))
  out.raw('],"hunks":[')
  await out.list(diff.hunks())
  out.raw(`],"values":${toJson((await diff.values())?.changes ?? null)}}`)
}

async function* flat<T>(batches: AsyncIterable<readonly T[]>): AsyncIterable<T> {
  for await (const batch of batches) yield* batch
}

export const stateWords: Readonly<Record<PathState, string>> = {
  added: ' (new)',
  modified: '',
  deleted: ' (deleted)',
  renamed: '',
  typechange: ' (kind changed)',
}

export function titleOf({ path, from, state, table }: Titled): string {
  const moved = from === undefined ? visible(path) : `${visible(from)} => ${visible(path)}`
  return moved + (table === undefined ? '' : `:${visible(table)}`) + stateWords[state]
}

/** As Git writes it: what both names have in common once. */
function shortTitleOf(stat: Titled): string {
  const { path, from } = stat
  if (from === undefined) return titleOf(stat)
  const [a, b] = [from.split('/'), path.split('/')]
  const shorter = Math.min(a.length, b.length) - 1
  let head = 0
  while (head < shorter && a[head] === b[head]) head++
  let tail = 0
  while (tail < shorter - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  if (head + tail === 0) return titleOf(stat)
  const middle = (parts: readonly string[]): string => parts.slice(head, parts.length - tail).join('/')
  const moved = `{${middle(a)} => ${middle(b)}}`
  const name = [...b.slice(0, head), moved, ...(tail === 0 ? [] : b.slice(-tail))].join('/')
  return visible(name) + (stat.table === undefined ? '' : `:${visible(stat.table)}`)
}

type Titled = Pick<FileDiff, 'path' | 'from' | 'state' | 'table'>

/** As `git diff --stat`: a line a path with a bar, then the sums. */
export function statLines(stats: readonly DiffStat[], out: Output): string[] {
  return linesOf(stats, out, stats, [])
}

/** Those of a commit that was just made: the first paths, and the sums of all. */
export function statNews(stats: readonly DiffStat[], out: Output, command: string): string[] {
  const told = firstTold(stats, out)
  return linesOf(stats, out, told, moreTold(stats.length, told.length, command))
}

function linesOf(
  stats: readonly DiffStat[],
  out: Output,
  told: readonly DiffStat[],
  more: readonly string[],
): string[] {
  if (stats.length === 0) return []
  const most = Math.max(1, ...stats.map((stat) => total(stat)))
  const scale = Math.min(1, barColumnsMax / most)
  const rows = told.map((stat) => [
    ` ${shortenedPath(shortTitleOf(stat), Math.max(20, out.width - 50))}`,
    `| ${amountText(stat)}`,
    barOf(stat, scale, out),
  ])
  return [...alignedRows(rows, ' '), ...more, ` ${statSums(stats)}`]
}

function counts({ rows, lines }: DiffStat): { added: number; changed: number; removed: number } {
  return {
    added: rows?.added ?? lines?.added ?? 0,
    changed: rows?.changed ?? 0,
    removed: rows?.removed ?? lines?.removed ?? 0,
  }
}

function total(stat: DiffStat): number {
  const { added, changed, removed } = counts(stat)
  return added + changed + removed
}

function amountText(stat: DiffStat): string {
  if (stat.kind === 'table') return rowsAmount(stat)
  if (stat.kind === 'text' || stat.kind === 'symlink') return counted(total(stat), 'line')
  if (isReshaped(stat)) return sizesText(stat, (size) => counted(size, 'byte'))
  return `${sizesText(stat, String)} bytes`
}

/** Of what became a table, or a plain file again, that is said too. */
function rowsAmount(stat: DiffStat): string {
  const rows = counted(total(stat), 'row')
  if (!isReshaped(stat)) return rows
  const sizes = sizesText(stat, (size) => counted(size, 'byte'))
  return total(stat) === 0 ? sizes : `${sizes}, ${rows}`
}

/** Whether a file became a table, or a table a plain file. */
function isReshaped({ state, sizeBefore, sizeAfter }: Sized): boolean {
  return state === 'typechange' && (sizeBefore === null || sizeAfter === null)
}

/** 'new, 2 rows added', '1 row changed (3 cells)', '2 lines added'. */
export function changeText(stat: DiffStat): string {
  const { rows, lines, state } = stat
  const parts: string[] = []
  if (state === 'added') parts.push('new')
  if (state === 'deleted') parts.push('deleted')
  if (rows !== undefined && total(stat) > 0) parts.push(sumsText(rows))
  if (rows !== undefined && rows.cells > 0) parts.push(counted(rows.cells, 'cell'))
  if (lines !== undefined && lines.added > 0) parts.push(`${counted(lines.added, 'line')} added`)
  if (lines !== undefined && lines.removed > 0) parts.push(`${counted(lines.removed, 'line')} removed`)
  if (isReshaped(stat) || (rows === undefined && lines === undefined)) parts.push(sizesText(stat, sizeText))
  if (parts.length > 0) return parts.join(', ')
  return state === 'renamed' ? 'renamed' : 'written differently'
}

/** A side without a size is no file there: a table, where the path was not added or deleted. */
export function sizesText({ state, sizeBefore, sizeAfter }: Sized, text: (bytes: number) => string): string {
  const before = sizeBefore !== null ? text(sizeBefore) : state === 'added' ? text(0) : 'table'
  const after = sizeAfter !== null ? text(sizeAfter) : state === 'deleted' ? text(0) : 'table'
  return `${before} -> ${after}`
}

type Sized = Pick<DiffStat, 'state' | 'sizeBefore' | 'sizeAfter'>

function barOf(stat: DiffStat, scale: number, { paint }: Output): string {
  const { added, changed, removed } = counts(stat)
  const marks = (count: number, mark: string): string =>
    mark.repeat(count === 0 ? 0 : Math.max(1, Math.round(count * scale)))
  return (
    paint('green', marks(added, '+')) +
    paint('yellow', marks(changed, '~')) +
    paint('red', marks(removed, '-'))
  )
}

export function statSums(stats: readonly DiffStat[]): string {
  const parts = [`${counted(new Set(stats.map(({ path }) => path)).size, 'path')} changed`]
  const rows = { added: 0, changed: 0, removed: 0 }
  const lines = { added: 0, removed: 0 }
  for (const stat of stats) {
    rows.added += stat.rows?.added ?? 0
    rows.changed += stat.rows?.changed ?? 0
    rows.removed += stat.rows?.removed ?? 0
    lines.added += stat.lines?.added ?? 0
    lines.removed += stat.lines?.removed ?? 0
  }
  if (rows.added + rows.changed + rows.removed > 0) parts.push(sumsText(rows))
  if (lines.added > 0) parts.push(`${counted(lines.added, 'line')} added`)
  if (lines.removed > 0) parts.push(`${counted(lines.removed, 'line')} removed`)
  return parts.join(', ')
}
