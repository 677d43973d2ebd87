// The log of lines as the public API gives it.
import { VarveError } from '../base/errors.ts'
import { commitsLeftOut } from '../history/horizon.ts'
import type { Repo } from '../repo/interface.ts'
import { lineLog } from '../repo/log/line-log.ts'
import { commitInfoOf, refNames } from './info.ts'
import type { LineCommit, LineLogOptions } from './row-history.ts'

export async function* logOfLines(
  repo: Repo,
  path: string,
  options: LineLogOptions,
): AsyncGenerator<LineCommit> {
  if (options.lines.length === 0)
    throw new VarveError('VARVE_USAGE', 'no lines are named', { hint: "name a range: ['10,20']" })
  const names = await refNames(repo, await repo.store.manifest())
  const beyond = await commitsLeftOut(repo.store)
  for await (const { commit, path: known, from, hunks } of lineLog(repo, path, options)) {
    yield {
      ...commitInfoOf(commit, names, beyond),
      path: known,
      ...(from === null ? { isNew: true } : from === known ? {} : { from }),
      hunks,
    }
  }
}
