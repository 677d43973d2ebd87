import { alignedRows } from '../format/columns.ts'
import { counted } from '../../base/size.ts'
import type { DerivedTable } from '../../index.ts'
import type { Command, Context } from '../interface.ts'
import { shortId } from '../format/commit.ts'
import { toRepositoryPath } from '../paths.ts'
import { userFunctions } from '../user-functions.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['derive [PATH...] [--dry-run] [--force] [--functions FILE] [-m MESSAGE] [--branch BRANCH]'],
  description:
    "Updates the tables that varve.yaml declares as derived from the tables they are made from, and\ncommits them. Each is one SELECT in SQLite's dialect over other tables, which are read as they are\ncommitted. If a table was derived before, only what has changed is read, and if the query allows it,\nonly the rows that this affects are computed; -v says why a whole query was run. The commit records\nwhat a table was made from: 'varve show' prints it. A table is computed again if its inputs or its\ndeclaration have changed, or if somebody has changed it by hand.\n\nA table can also be made by a function of yours, from rows or from groups of rows. --functions, or\nVARVE_FUNCTIONS in the environment, names the module that exports it: a repository never brings code\nthat runs here.",
  options: {
    'dry-run': { type: 'flag', short: 'n', about: 'compute, show what would change, commit nothing' },
    force: { type: 'flag', short: 'f', about: 'compute everything anew' },
    functions: { type: 'text', value: 'FILE', about: 'the module that exports the functions' },
    message: { type: 'text', short: 'm', value: 'MESSAGE', about: "the commit's message" },
    branch: { type: 'text', value: 'BRANCH', about: 'commit to this branch (default: the current one)' },
  },
  examples: [
    ['varve derive', 'bring all derived tables up to date'],
    [
      'varve derive reports/by-city --dry-run',
      'see what would change in one table and those it is made from',
    ],
    ['varve derive --functions ./derive.mjs', 'also tables that your functions make'],
    ['varve sync && varve derive', 'after a round brought rows from a database'],
  ],
  json: '{ tables: { path: string; outcome: "unchanged" | "same" | "changed"; rows: number; rowsRead: number; rowsAnew: number; whole: string | null; from: string[] }[]; commit: string | null }',
  run,
}

function costOf({ outcome, rows, rowsRead, rowsAnew, whole }: DerivedTable): string {
  if (outcome === 'unchanged') return ''
  const anew = whole === null ? `${rowsAnew} of ${counted(rows, 'row')} anew` : 'all rows anew'
  return `read ${counted(rowsRead, 'row')}, ${anew}`
}

async function run({ arguments: given, out, repository, operation, environment }: Context): Promise<number> {
  const repo = await repository({ commits: true })
  const paths = given.words.map((typed) => toRepositoryPath(repo.root, typed))
  const [message, branch] = [given.text('message'), given.text('branch')]
  const dryRun = given.flag('dry-run')
  const module = userFunctions(given.text('functions'), environment)
  const report = await repo.derive({
    ...operation,
    dryRun,
    force: given.flag('force'),
    ...(paths.length === 0 ? {} : { paths }),
    ...(module === undefined ? {} : { module }),
    ...(message === undefined ? {} : { message }),
    ...(branch === undefined ? {} : { branch }),
  })
  out.result(report, () => {
    const lines = report.tables.map((table) => [
      table.path,
      table.outcome === 'changed' ? (dryRun ? 'would change' : 'changed') : table.outcome,
      counted(table.rows, 'row'),
      costOf(table),
      out.verbose && table.whole !== null ? `whole query: ${table.whole}` : '',
    ])
    for (const line of alignedRows(lines.map((cells) => cells.map(visible)))) out.line(line)
    if (report.commit !== null) out.say(`committed as ${shortId(report.commit)}`)
  })
  return 0
}
