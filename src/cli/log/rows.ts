// `varve log --key`: what became of one row, or of one of its cells.
import type { RowChange } from '../../api/interface.ts'
import type { RowCommit } from '../../api/row-history.ts'
import type { Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { rowLine } from '../format/row-changes.ts'
import { keyText } from '../format/value.ts'
import type { Context } from '../interface.ts'
import type { Output } from '../output.ts'
import { toRepositoryPath } from '../paths.ts'
import { nameNames } from '../format/names.ts'
import { choice } from './choice.ts'
import { shownForm } from './form.ts'
import { authorsLookedFor, shownPeople } from './shown-people.ts'

export async function logRow(
  context: Context,
  repo: Repository,
  revisions: readonly string[],
  path: string | undefined,
): Promise<number> {
  const { arguments: given, out, operation } = context
  const contents = ['changing', 'changing-lines', 'pickaxe-regex'] as const
  for (const other of ['stat', 'patch', 'graph', 'reverse', ...contents, ...nameNames] as const)
    given.exclusive('key', other)
  if (path === undefined) throw usage('--key needs a table: varve log TABLE --key KEY')
  const column = given.text('column')
  const people = await shownPeople(context)
  const commits = repo.rowLog(toRepositoryPath(repo.root, path), {
    ...operation,
    ...choice(given, revisions),
    ...authorsLookedFor(people),
    key: { text: given.list('key') },
    ...(column === undefined ? {} : { column }),
  })
  const { lines, spaced } = shownForm(context, people)
  await out.items(commits, (commit, index) => {
    if (spaced && index > 0) out.line()
    for (const line of lines(commit)) out.line(line)
    if (spaced) out.line()
    out.line(`  ${changeLine(commit, column !== undefined, out)}`)
  })
  return 0
}

function changeLine({ change, keyColumns }: RowCommit, cellOnly: boolean, out: Output): string {
  // For a row that came or went, the cell asked about says enough.
  const cells = (side: 'before' | 'after'): RowChange['before'] =>
    Object.fromEntries(change.cells.map((cell) => [cell.column, cell[side]]))
  const shown: RowChange =
    cellOnly && change.kind !== 'changed'
      ? { ...change, before: cells('before'), after: cells('after') }
      : change
  return rowLine(shown, keyText(change.key, keyColumns), keyColumns, out.verbose, out.paint)
}
