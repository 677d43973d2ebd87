// Commits of a `varve log` one after the other, each with as much of its changes as was asked for.
import { emptyRevision } from '../../api/diff-ends.ts'
import type { CommitInfo, DiffOptions, DiffStat, LoggedCommit } from '../../api/interface.ts'
import { collect } from '../../base/iterables.ts'
import type { Repository } from '../../index.ts'
import { toJson } from '../../table/json.ts'
import { shallowHint } from '../format/commit.ts'
import { listDiffs, printDiffs, statLines } from '../format/diff.ts'
import { type Graph, graphLines } from '../format/graph.ts'
import type { Context } from '../interface.ts'
import { shownForm } from './form.ts'

export async function printLog(
  context: Context,
  repo: Repository,
  commits: AsyncIterable<LoggedCommit>,
  graph: Graph | null,
): Promise<void> {
  const { arguments: given, out, operation } = context
  const { lines: linesOf, spaced } = shownForm(context)
  const [hasStat, hasPatch] = [given.flag('stat'), given.flag('patch')]
  if (out.json && hasPatch) return printPatches(context, repo, commits)
  if (out.json) {
    await out.items(hasStat ? withStats(context, repo, commits) : commits, () => {})
    return
  }
  let end: CommitInfo | null = null
  await out.items(commits, async (commit, index) => {
    if (commit.shallow === true) end = commit
    const ends = endsOf(commit)
    const lines = linesOf(commit)
    if (hasStat && ends !== null) {
      const stats = await collect(repo.diffStat({ ...operation, ...ends }))
      lines.push(...(spaced ? [''] : []), ...statLines(stats, out))
    }
    if (graph === null && spaced && index > 0) out.line()
    const drawn = graph === null ? lines : graphLines(graph, commit, lines, { spaced })
    for (const line of drawn) out.line(line)
    if (!hasPatch || ends === null) return
    if (spaced) out.line()
    await printDiffs(out, repo.diff({ ...operation, ...ends }), { lines: given.flag('lines') })
  })
  if (end !== null) out.hint(shallowHint(end))
}

/** null: against nothing, a commit whose parents were not fetched would look as if it had brought everything. */
function endsOf({
  id,
  parents,
  paths,
  shallow,
}: LoggedCommit): Pick<DiffOptions, 'from' | 'to' | 'paths'> | null {
  if (shallow === true) return null
  return { from: parents[0] ?? emptyRevision, to: id, ...(paths === undefined ? {} : { paths }) }
}

async function* withStats(
  { operation }: Context,
  repo: Repository,
  commits: AsyncIterable<LoggedCommit>,
): AsyncIterable<LoggedCommit & { stat?: readonly DiffStat[] }> {
  for await (const commit of commits) {
    const ends = endsOf(commit)
    if (ends === null) yield commit
    else yield { ...commit, stat: await collect(repo.diffStat({ ...operation, ...ends })) }
  }
}

/** As JSON, piece by piece: a commit's changes may be more than fits in memory. */
async function printPatches(
  context: Context,
  repo: Repository,
  commits: AsyncIterable<LoggedCommit>,
): Promise<void> {
  const { arguments: given, out, operation } = context
  let separator = '\n'
  out.raw('{"items":[')
  for await (const commit of given.flag('stat') ? withStats(context, repo, commits) : commits) {
    const ends = endsOf(commit)
    out.raw(
      separator + (ends === null ? toJson(commit) : `${toJson(commit).slice(0, -1)},"changes":{"items":[`),
    )
    separator = ',\n'
    if (ends === null) continue
    await listDiffs(out, repo.diff({ ...operation, ...ends }))
    out.raw(']}}')
  }
  out.raw('\n]}\n')
}
