// Blame of a text by lines: lines that the older version has too, by the comparison that merges use, go on to it. A
// table that was a plain text before, or became one, is compared as the file that it is. Where two versions differ too
// much to be compared, or one is no text, the newer one answers for all.
import { throwIfAborted } from '../../base/errors.ts'
import { diffLines } from '../../documents/line-diff.ts'
import { withoutSpace } from '../../documents/white-space.ts'
import type { CommitCid } from '../../encoding/cid.ts'
import { graphOf } from '../../history/commit-graph.ts'
import type { Commit } from '../../history/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { linesOfVersion, noLines } from './version-lines.ts'
import { type Attribution, type BlameSubject, blame, boundaryOf } from './blame.ts'
import { rangesOf } from '../log/line-spec.ts'
import type { Repo } from '../interface.ts'
import { PathOrigins, type PathVersion } from '../log/path-origin.ts'

export interface LineAttribution {
  /** Its number, from 1. */
  readonly line: number
  /** With its line end. */
  readonly text: string
  readonly by: Attribution
  /** Its number in the version that brought it in, from 1. */
  readonly originalLine: number
}

export interface BlameLinesOptions {
  /** Only these lines, as Git's -L has them: '10,20', '/text/,+3'. */
  readonly ranges?: readonly string[] | undefined
  /** Lines that differ in white space alone are the same. */
  readonly ignoreSpace?: boolean | undefined
  /** What these commits reach is not looked behind. */
  readonly exclude?: readonly CommitCid[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** @throws VarveError VARVE_NOT_POSSIBLE for what is no text of at most 16 MiB */
export async function blameLines(
  repo: Repo,
  commit: Commit,
  version: PathVersion,
  options: BlameLinesOptions = {},
): Promise<{ readonly count: number; readonly lines: readonly LineAttribution[] }> {
  const lines =
    version.entry === null ? null : await linesOfVersion(repo.nodes, version.entry, options.signal)
  if (lines === null) throw noLines(version.path)
  const { ranges } = options
  const chosen =
    ranges === undefined ? [{ start: 0, end: lines.length }] : await rangesOf(ranges, lines, version.path)
  const asked = Uint32Array.from(
    chosen.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)),
  )
  const subject = new LineSubject(repo.nodes, lines, options)
  const graph = graphOf(repo.store, { whole: true })
  const origins = new PathOrigins(repo.nodes, graph, { signal: options.signal })
  const boundary = await boundaryOf(repo, graph, options.exclude, options.signal)
  if (asked.length > 0)
    await blame(origins, { commit, version, work: { lines, at: asked, final: asked }, boundary }, subject)
  return { count: lines.length, lines: subject.answers.filter((answer) => answer !== null) }
}

/** Line at[i] of this version is line final[i] of the one that was asked about; in order. */
interface LineWork {
  readonly lines: readonly string[]
  readonly at: Uint32Array
  readonly final: Uint32Array
}

class LineSubject implements BlameSubject<LineWork> {
  readonly answers: (LineAttribution | null)[]
  readonly #nodes: NodeStore
  readonly #lines: readonly string[]
  readonly #options: BlameLinesOptions

  constructor(nodes: NodeStore, lines: readonly string[], options: BlameLinesOptions) {
    this.#nodes = nodes
    this.#lines = lines
    this.#options = options
    this.answers = lines.map(() => null)
  }

  async divide(
    work: LineWork,
    _after: PathVersion,
    before: PathVersion,
  ): Promise<{ passed: LineWork | null; left: LineWork | null }> {
    throwIfAborted(this.#options.signal)
    const older = await linesOfVersion(this.#nodes, before.entry!, this.#options.signal)
    const hunks = older === null ? null : diffLines(this.#compared(older), this.#compared(work.lines))
    if (older === null || hunks === null) return { passed: null, left: work }
    const passed: [number, number][] = []
    const left: [number, number][] = []
    let hunk = 0
    work.at.forEach((line, i) => {
      while (hunk < hunks.length && hunks[hunk]!.bEnd <= line) hunk++
      if (hunk < hunks.length && hunks[hunk]!.bStart <= line) {
        left.push([line, work.final[i]!])
        return
      }
      const shift = hunk === 0 ? 0 : hunks[hunk - 1]!.aEnd - hunks[hunk - 1]!.bEnd
      passed.push([line + shift, work.final[i]!])
    })
    return { passed: workOf(older, passed), left: workOf(work.lines, left) }
  }

  #compared(lines: readonly string[]): readonly string[] {
    return this.#options.ignoreSpace === true ? lines.map((line) => withoutSpace(line)) : lines
  }

  join(a: LineWork, b: LineWork): LineWork {
    const pairs = [a, b].flatMap(({ at, final }) =>
      Array.from(at, (line, i): [number, number] => [line, final[i]!]),
    )
    return workOf(
      a.lines,
      pairs.sort((one, other) => one[0] - other[0] || one[1] - other[1]),
    )!
  }

  settle(work: LineWork, by: Attribution): void {
    work.final.forEach((line, i) => {
      this.answers[line] = { line: line + 1, text: this.#lines[line]!, by, originalLine: work.at[i]! + 1 }
    })
  }
}

function workOf(lines: readonly string[], pairs: readonly [number, number][]): LineWork | null {
  if (pairs.length === 0) return null
  return {
    lines,
    at: Uint32Array.from(pairs, ([at]) => at),
    final: Uint32Array.from(pairs, ([, final]) => final),
  }
}
