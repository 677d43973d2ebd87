// The log of lines: which commits changed them, newest first, each with how. Ranges of lines go from each commit to its parents,
// through the path's older names; a merge counts when it changed lines of a range against each of its parents.
import { commandWord } from '../../base/command-word.ts'
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { yieldIfDue } from '../../base/turns.ts'
import { digestHex } from '../../encoding/cid.ts'
import { type LineHunk as Change, diffLines } from '../../documents/line-diff.ts'
import { HunkLines, type LineHunk } from '../../documents/line-hunks.ts'
import type { Path } from '../../files/interface.ts'
import { walkGraph } from '../../history/ancestry.ts'
import { type Slot, graphOf } from '../../history/commit-graph.ts'
import type { Commit } from '../../history/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { linesOfVersion, noLines } from '../blame/version-lines.ts'
import type { Repo } from '../interface.ts'
import { commitTest } from './commit-filter.ts'
import { type LineRange, mapRanges, unionOf } from './line-ranges.ts'
import { rangesOf } from './line-spec.ts'
import { type LogOptions, logEnds } from './log.ts'
import { PathOrigins, type PathVersion, isSameContent } from './path-origin.ts'

export interface LineLogOptions extends Omit<LogOptions, 'path' | 'reverse'> {
  /** Ranges of lines of the newest version, each as line-spec.ts has them. */
  readonly lines: readonly string[]
}

export interface LineLogEntry {
  readonly commit: Commit
  /** The file's path in that commit, and in its parent where that is another one; null: it is not there. */
  readonly path: Path
  readonly from: Path | null
  /** Each range with what changed in it, against the first parent; of a merge none. */
  readonly hunks: readonly LineHunk[]
}

/**
 * @throws VarveError VARVE_USAGE for lines that are not there, VARVE_PATH_NOT_FOUND, VARVE_NOT_POSSIBLE for a table and for what is
 * no text of at most 16 MiB
 */
export async function* lineLog(
  repo: Repo,
  path: Path,
  options: LineLogOptions,
): AsyncGenerator<LineLogEntry> {
  const { signal, limit = Number.POSITIVE_INFINITY, firstParent } = options
  const { from, exclude } = await logEnds(repo, options)
  const [tip, ...others] = new Set(from)
  if (tip === undefined || others.length > 0) throw manyTips(others.length)
  const graph = graphOf(repo.store, { whole: true })
  const origins = new PathOrigins(repo.nodes, graph, options)
  const ranges = await rangesIn(repo.nodes, await origins.versionIn(graph.slotOf(tip), path), options)
  if (limit <= 0) return
  const passes = await commitTest(options)
  const history = new LineHistory(repo.nodes, origins, options)
  history.track(graph.slotOf(tip), path, ranges)
  const walk = walkGraph(graph, repo.store, from, { exclude, firstParent: firstParent === true, signal })
  let count = 0
  for await (const slot of walk) {
    if (options.until?.({ id: digestHex(graph.cidOf(slot)) }) === true) return
    for (const entry of await history.changesOf(slot)) {
      if (!passes(entry.commit)) continue
      yield entry
      if (++count >= limit) return
    }
  }
}

async function rangesIn(
  nodes: NodeStore,
  { path, entry }: PathVersion,
  { lines, signal }: LineLogOptions,
): Promise<LineRange[]> {
  if (entry === null)
    throw new VarveError('VARVE_PATH_NOT_FOUND', `no file '${path}' in the newest commit`, {
      data: { path },
      hint: "see what is there with 'varve ls'",
    })
  if (entry.kind === 'table')
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `'${path}' is a table: its rows have a log, its lines have none`,
      {
        data: { path },
        hint: `see what became of a row with 'varve log ${commandWord(path)} --key KEY'`,
      },
    )
  const newest = await linesOfVersion(nodes, entry, signal)
  if (newest === null) throw noLines(path)
  return rangesOf(lines, newest, path)
}

function manyTips(others: number): VarveError {
  const what = others === 0 ? 'no commit' : 'more than one commit'
  return new VarveError('VARVE_USAGE', `lines are followed from one commit, and ${what} is named`, {
    hint: "name one: 'main', or 'v1..main'",
  })
}

class LineHistory {
  readonly #nodes: NodeStore
  readonly #origins: PathOrigins
  readonly #options: Pick<LineLogOptions, 'signal'>
  /** By commit: where its children still look for lines. */
  readonly #tracked = new Map<Slot, Map<Path, readonly LineRange[]>>()

  constructor(nodes: NodeStore, origins: PathOrigins, options: Pick<LineLogOptions, 'signal'>) {
    this.#nodes = nodes
    this.#origins = origins
    this.#options = options
  }

  track(slot: Slot, path: Path, ranges: readonly LineRange[]): void {
    if (ranges.length === 0) return
    const known = this.#tracked.get(slot) ?? new Map<Path, readonly LineRange[]>()
    known.set(path, unionOf([...(known.get(path) ?? []), ...ranges]))
    this.#tracked.set(slot, known)
  }

  async changesOf(slot: Slot): Promise<LineLogEntry[]> {
    throwIfAborted(this.#options.signal)
    const tracked = this.#tracked.get(slot)
    if (tracked === undefined) return []
    this.#tracked.delete(slot)
    const entries: LineLogEntry[] = []
    for (const [path, ranges] of tracked) {
      const twins = this.#origins.twinsOf(slot, path)
      if (twins !== null) for (const parent of twins) this.track(parent, path, ranges)
      else entries.push(...(await this.#changes(slot, path, ranges)))
    }
    return entries
  }

  /** Nothing where a parent has all the lines: then the history of that one is theirs. */
  async #changes(slot: Slot, path: Path, ranges: readonly LineRange[]): Promise<LineLogEntry[]> {
    const parents = await this.#origins.parentsOf(slot)
    const version = await this.#origins.versionIn(slot, path)
    const lines = (await linesOfVersion(this.#nodes, version.entry!, this.#options.signal)) ?? []
    const commit = await this.#origins.commitOf(slot)
    if (parents.length === 0)
      return commit.parents.length > 0 ? [] : [entryOf(commit, version, null, hunksOf([], lines, ranges))]
    const found: { readonly slot: Slot; readonly from: Path; readonly before: readonly LineRange[] }[] = []
    let hunks: readonly LineHunk[] = []
    let from: Path | null = null
    for (const parent of parents) {
      const origin = await this.#origins.originIn(parent, slot, version)
      const isSame = isSameContent(origin.entry, version.entry)
      const older = isSame ? lines : await this.#olderLines(origin)
      const { touched, before } = isSame
        ? { touched: [], before: ranges }
        : mapRanges(ranges, changesBetween(older, lines))
      if (touched.length === 0) {
        this.track(parent.slot, origin.path, before)
        return []
      }
      found.push({ slot: parent.slot, from: origin.path, before })
      if (parents.length > 1) continue
      hunks = hunksOf(older, lines, ranges)
      from = origin.entry === null ? null : origin.path
    }
    for (const one of found) this.track(one.slot, one.from, one.before)
    await yieldIfDue()
    return [entryOf(commit, version, parents.length > 1 ? path : from, hunks)]
  }

  /** None where it is no text: then all that follows is new. */
  async #olderLines({ entry }: PathVersion): Promise<readonly string[]> {
    return entry === null ? [] : ((await linesOfVersion(this.#nodes, entry, this.#options.signal)) ?? [])
  }
}

function entryOf(
  commit: Commit,
  { path }: PathVersion,
  from: Path | null,
  hunks: readonly LineHunk[],
): LineLogEntry {
  return { commit, path, from, hunks }
}

/** Where two versions differ too much to be compared, all of the one became all of the other. */
function changesBetween(before: readonly string[], after: readonly string[]): readonly Change[] {
  return diffLines(before, after) ?? [{ aStart: 0, aEnd: before.length, bStart: 0, bEnd: after.length }]
}

/** Each range that something changed in, whole. */
function hunksOf(
  before: readonly string[],
  after: readonly string[],
  ranges: readonly LineRange[],
): LineHunk[] {
  const { touched } = mapRanges(ranges, changesBetween(before, after))
  return ranges.flatMap((range) => {
    const within = touched.filter(({ bStart, bEnd }) => bEnd > range.start && range.end > bStart)
    return within.length === 0 ? [] : [hunkOf(before, after, range, within)]
  })
}

function hunkOf(
  before: readonly string[],
  after: readonly string[],
  { start, end }: LineRange,
  changes: readonly Change[],
): LineHunk {
  const [first, last] = [changes[0]!, changes.at(-1)!]
  const oldStart = first.aStart - Math.max(0, first.bStart - start)
  const oldEnd = last.aEnd + Math.max(0, end - last.bEnd)
  const lines = new HunkLines()
  let at = start
  for (const { aStart, aEnd, bStart, bEnd } of changes) {
    lines.put(' ', after.slice(at, Math.max(at, bStart)))
    lines.put('-', before.slice(aStart, aEnd))
    lines.put('+', after.slice(Math.max(at, bStart), Math.min(bEnd, end)))
    at = Math.max(at, Math.min(bEnd, end))
  }
  lines.put(' ', after.slice(at, end))
  const newLines = end - start
  return {
    oldStart: oldStart + 1,
    oldLines: oldEnd - oldStart,
    newStart: start + 1,
    newLines,
    lines: lines.all,
  }
}
