// What differs between two revisions, as pages of the API and for people show it: path by path, each page where the one
// before ended, and bounded by what it may take. Texts and data files are compared in another thread.
import { diffStatOf } from '../../api/diff-stat.ts'
import { diffsBetween } from '../../api/diffs.ts'
import type { DiffStat, LineHunk, RowChange } from '../../api/interface.ts'
import { yieldIfDue, isTurnOver } from '../../base/turns.ts'
import { cutHunks } from '../../documents/line-hunks.ts'
import type { PathDiff } from '../../repo/diff/diff.ts'
import { stringifyExact } from '../../table/exact-json.ts'
import type { Value } from '../../table/interface.ts'
import type { Exchange } from '../interface.ts'
import { cellOverhead, pageBytesMax } from './rows.ts'

/** Larger data files that nobody tracked, Parquet and SQLite files too, are not compared by rows here. */
const rowsBytesMax = 16 << 20
/** When so much time has passed, a page ends with the path that it is at. */
const pageMsMax = 5000
const hunkLinesMax = 1000

/** Ids of commits, or the empty revision. */
export interface Ends {
  readonly from: string
  readonly to: string
}

/** Where a page goes on. A path may have several items: each table of a file is one. */
export interface PathPlace {
  readonly path: string
  /** Items of this path that were shown already. */
  readonly skip: number
}

export interface ComparisonQuery {
  readonly ends: Ends
  readonly paths?: readonly string[]
  readonly startAt?: string | undefined
}

export function pathDiffs(
  { repository, services, signal }: Exchange,
  { ends, paths, startAt }: ComparisonQuery,
): AsyncGenerator<PathDiff> {
  const options = { ...ends, signal, rowsBytesMax, startAt, threads: services.threads }
  return diffsBetween(repository().data.repo, null, paths === undefined ? options : { ...options, paths })
}

export interface PathPage<T> {
  readonly items: readonly T[]
  /** null: there are no more. */
  readonly next: PathPlace | null
}

/** A page of paths, which has at least one, if there is one. */
export async function pageOfPaths<T>(
  exchange: Exchange,
  { ends, paths }: ComparisonQuery,
  { at, limit }: { readonly at: PathPlace | null; readonly limit: number },
  show: (diff: PathDiff, stat: DiffStat, place: number) => Promise<T>,
): Promise<PathPage<T>> {
  const end = performance.now() + pageMsMax
  const items: T[] = []
  let [path, within] = ['', 0]
  const compared = { ends, startAt: at?.path, ...(paths === undefined ? {} : { paths }) }
  for await (const diff of pathDiffs(exchange, compared)) {
    if (diff.path !== path) [path, within] = [diff.path, 0]
    const isShown = path === at?.path && within < at.skip
    const isFull = items.length === limit || (items.length > 0 && performance.now() > end)
    if (!isShown && isFull) return { items, next: { path, skip: within } }
    if (!isShown) items.push(await show(diff, await diffStatOf(diff), items.length))
    within++
  }
  return { items, next: null }
}

export interface PageOptions<T> {
  readonly skip: number
  readonly limit: number
  /** About. */
  readonly bytesOf: (item: T) => number
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly more: boolean
}

/** So many, or fewer if they are large; one at least, if there is one. */
export async function pageOf<T>(
  items: AsyncIterable<T>,
  { skip, limit, bytesOf }: PageOptions<T>,
): Promise<Page<T>> {
  const found: T[] = []
  let [seen, bytes] = [0, 0]
  for await (const item of items) {
    if (isTurnOver()) await yieldIfDue()
    if (seen++ < skip) continue
    bytes += bytesOf(item)
    const isFull = found.length === limit || (found.length > 0 && bytes > pageBytesMax)
    if (isFull) return { items: found, more: true }
    found.push(item)
  }
  return { items: found, more: false }
}

export function pageOfRows(
  diff: PathDiff,
  { skip, limit }: Pick<PageOptions<RowChange>, 'skip' | 'limit'>,
): Promise<Page<RowChange>> {
  return pageOf(flat(diff.rows({ skip })), { skip: 0, limit, bytesOf: bytesOfRow })
}

/** The hunks, cut so that none has more than a thousand lines. */
export async function* shortHunks(diff: PathDiff): AsyncGenerator<LineHunk> {
  for await (const hunk of diff.hunks()) yield* cutHunks([hunk], hunkLinesMax)
}

async function* flat(batches: AsyncIterable<readonly RowChange[]>): AsyncGenerator<RowChange> {
  for await (const batch of batches) yield* batch
}

function bytesOfRow({ before, after }: RowChange): number {
  let bytes = 0
  for (const row of [before, after])
    for (const name in row) bytes += name.length + cellOverhead + lengthOf(row[name]!)
  return bytes
}

function lengthOf(value: Value): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length
  return typeof value === 'object' && value !== null ? stringifyExact(value).length : 8
}
