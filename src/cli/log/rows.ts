// `varve log --key`: what became of one row, or of one of its cells.
import type { RowChange } from '../../api/interface.ts'
import type { RowCommit } from '../../api/row-history.ts'
import type { Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { commitLine, commitLines } from '../format/commit.ts'
import { rowLine } from '../format/row-changes.ts'
import { keyText } from '../format/value.ts'
import type { Context } from '../interface.ts'
import type { Output } from '../output.ts'
import { toRepositoryPath } from '../paths.ts'
import { choice } from './choice.ts'

export async function logRow(
  { arguments: given, out, operation }: Context,
  repo: Repository,
  revision: string | undefined,
  path: string | undefined,
): Promise<number> {
  for (const other of ['stat', 'patch', 'graph'] as const) given.exclusive('key', other)
  if (path === undefined) throw usage('--key needs a table: varve log TABLE --key KEY')
  const column = given.text('column')
  const commits = repo.rowLog(toRepositoryPath(repo.root, path), {
    ...operation,
    ...choice(given, revision),
    key: { text: given.list('key') },
    ...(column === undefined ? {} : { column }),
  })
  const oneline = given.flag('oneline')
  await out.items(commits, (commit, index) => {
    if (!oneline && index > 0) out.line()
    for (const line of oneline ? [commitLine(commit, out.paint)] : commitLines(commit, out.paint))
      out.line(line)
    if (!oneline) out.line()
    out.line(`  ${changeLine(commit, column !== undefined, out)}`)
  })
  return 0
}

function changeLine({ change, keyColumns }: RowCommit, cellOnly: boolean, out: Output): string {
  // Of a row that came or went, the cell asked about says enough.
  const cells = (side: 'before' | 'after'): RowChange['before'] =>
    Object.fromEntries(change.cells.map((cell) => [cell.column, cell[side]]))
  const shown: RowChange =
    cellOnly && change.kind !== 'changed'
      ? { ...change, before: cells('before'), after: cells('after') }
      : change
  return rowLine(shown, keyText(change.key, keyColumns), keyColumns, out.verbose, out.paint)
}
