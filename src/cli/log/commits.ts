// Commits of a `varve log` one after the other, each with as much of its changes as was asked for.
import { emptyRevision } from '../../api/diff-ends.ts'
import type { CommitInfo, DiffOptions, DiffStat, LoggedCommit, PathChange } from '../../api/interface.ts'
import { collect } from '../../base/iterables.ts'
import type { Repository } from '../../index.ts'
import { toJson } from '../../table/json.ts'
import { shallowHint } from '../format/commit.ts'
import { listDiffs, printDiffs, statLines } from '../format/diff.ts'
import { diffFormat, diffLineOptions } from '../format/diff-options.ts'
import { type Graph, graphLines } from '../format/graph.ts'
import { nameItem, nameLine, wantsNames } from '../format/names.ts'
import type { Context } from '../interface.ts'
import { shownForm } from './form.ts'
import type { ShownPeople } from './shown-people.ts'

export async function printLog(
  context: Context,
  repo: Repository,
  commits: AsyncIterable<LoggedCommit>,
  shown: { readonly graph: Graph | null; readonly people: ShownPeople } & Pick<DiffOptions, 'paths'>,
): Promise<void> {
  const { graph, people, paths } = shown
  const { arguments: given, out, operation } = context
  const { lines: linesOf, spaced } = shownForm(context, people)
  const [hasStat, hasPatch, hasNames] = [given.flag('stat'), given.flag('patch'), wantsNames(given)]
  if (out.json && hasPatch) return printPatches(context, repo, commits, paths)
  if (out.json) {
    await out.items(summed(context, repo, commits, paths), () => {})
    return
  }
  const format = diffFormat(given)
  const lineOptions = diffLineOptions(given)
  let end: CommitInfo | null = null
  await out.items(commits, async (commit, index) => {
    if (commit.shallow === true) end = commit
    const ends = endsOf(commit, paths)
    const lines = linesOf(commit)
    if (hasStat && ends !== null) {
      const stats = await collect(repo.diffStat({ ...operation, ...ends, ...lineOptions }))
      lines.push(...(spaced ? [''] : []), ...statLines(stats, out))
    }
    if (hasNames && ends !== null) {
      const names = await collect(repo.diffPaths({ ...operation, ...ends, ...lineOptions }))
      lines.push(...(spaced ? [''] : []), ...names.map((change) => nameLine(change, given)))
    }
    if (graph === null && spaced && index > 0) out.line()
    const drawn = graph === null ? lines : graphLines(graph, commit, lines, { spaced })
    for (const line of drawn) out.line(line)
    if (!hasPatch || ends === null) return
    if (spaced) out.line()
    await printDiffs(out, repo.diff({ ...operation, ...ends, ...lineOptions }), format)
  })
  if (end !== null) out.hint(shallowHint(end))
}

/** null: against nothing, a commit whose parents were not fetched would look as if it had brought everything. */
function endsOf(
  { id, parents, paths: called, shallow }: LoggedCommit,
  named: DiffOptions['paths'],
): Pick<DiffOptions, 'from' | 'to' | 'paths'> | null {
  if (shallow === true) return null
  const paths = called ?? named
  return { from: parents[0] ?? emptyRevision, to: id, ...(paths === undefined ? {} : { paths }) }
}

interface Summed extends LoggedCommit {
  /** With --stat. */
  readonly stat?: readonly DiffStat[]
  /** With --name-only and --name-status. */
  readonly changed?: readonly (PathChange | string)[]
}

async function* summed(
  { arguments: given, operation }: Context,
  repo: Repository,
  commits: AsyncIterable<LoggedCommit>,
  paths: DiffOptions['paths'],
): AsyncIterable<Summed> {
  const lineOptions = diffLineOptions(given)
  for await (const commit of commits) {
    const ends = endsOf(commit, paths)
    const options = { ...operation, ...ends, ...lineOptions }
    const hasStat = given.flag('stat') && ends !== null
    const hasNames = wantsNames(given) && ends !== null
    const names = hasNames ? await collect(repo.diffPaths(options)) : []
    yield {
      ...commit,
      ...(hasStat ? { stat: await collect(repo.diffStat(options)) } : {}),
      ...(hasNames ? { changed: names.map((change) => nameItem(change, given)) } : {}),
    }
  }
}

/** As JSON, piece by piece: a commit's changes may be more than fits in memory. */
async function printPatches(
  context: Context,
  repo: Repository,
  commits: AsyncIterable<LoggedCommit>,
  paths: DiffOptions['paths'],
): Promise<void> {
  const { arguments: given, out, operation } = context
  let separator = '\n'
  out.raw('{"items":[')
  for await (const commit of summed(context, repo, commits, paths)) {
    const ends = endsOf(commit, paths)
    out.raw(
      separator + (ends === null ? toJson(commit) : `${toJson(commit).slice(0, -1)},"changes":{"items":[`),
    )
    separator = ',\n'
    if (ends === null) continue
    await listDiffs(out, repo.diff({ ...operation, ...ends, ...diffLineOptions(given) }))
    out.raw(']}}')
  }
  out.raw('\n]}\n')
}
