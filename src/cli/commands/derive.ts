import { alignedRows } from '../format/columns.ts'
import { counted } from '../../base/size.ts'
import type { DerivedTable } from '../../index.ts'
import type { Command, Context } from '../interface.ts'
import { shortId } from '../format/commit.ts'
import { toRepositoryPaths } from '../paths.ts'
import { userFunctions } from '../user-functions.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['derive [PATH...] [--dry-run] [--force] [--functions FILE] [-m MESSAGE] [--branch BRANCH]'],
  description:
    "Brings the tables that varve.yaml declares as derived up to date with the tables they are made of, and commits them.\nEach is one SELECT in SQLite's words over other tables, which are read as they are committed; of tables that are known\nfrom the last time only what has changed is read, and of results that allow it only the rows that this touches are\ncomputed; -v says why a whole query was run. What a table was made of is kept in the commit: 'varve show' says it.\nA table is computed again when its inputs or its declaration have changed, or somebody has changed it by hand.\n\nOr a table is made by a function of yours, of rows or of groups of rows. The module that exports it is named by\n--functions, or by VARVE_FUNCTIONS in the environment: a repository never brings code that runs here.",
  options: {
    'dry-run': { type: 'flag', short: 'n', about: 'compute, say what would change, commit nothing' },
    force: { type: 'flag', short: 'f', about: 'compute all anew, as if nothing were known' },
    functions: { type: 'text', value: 'FILE', about: 'the module that exports the functions' },
    message: { type: 'text', short: 'm', value: 'MESSAGE', about: "the commit's message" },
    branch: { type: 'text', value: 'BRANCH', about: 'on this branch (default: the current one)' },
  },
  examples: [
    ['varve derive', 'bring all derived tables up to date'],
    ['varve derive reports/by-city --dry-run', 'see what would change in one, and those it is made of'],
    ['varve derive --functions ./derive.mjs', 'with tables that your functions make'],
    ['varve sync && varve derive', 'after rows came from a database'],
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
  const paths = toRepositoryPaths(repo.root, given.words)
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
