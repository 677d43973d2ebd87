import { usage } from '../arguments.ts'
import { printCheckMarkdown } from '../format/check-markdown.ts'
import { printCheck } from '../format/check.ts'
import type { Command, Context } from '../interface.ts'
import { markdownAsked, textFormats } from '../output-format.ts'
import { requirePaths, revisionsAndPaths, toRepositoryPaths } from '../paths.ts'

/** As VARVE_RULE_VIOLATED. */
const exitViolated = 23

export const command: Command = {
  usage: ['check [--staged] [--changed-since REV] [--format FORMAT] [--limit N] [REV] [[--] PATH...]'],
  description:
    "Checks tables against the rules that varve.yaml has for them: required, unique, type, min, max, pattern, values,\nreferences, and how many rows there are. It looks at the files as they are now, with --staged at what the next commit\nwill hold, with REV at a revision, whose own varve.yaml counts. The exit code is 23 where a rule is broken whose level\nis 'error', as it is unless varve.yaml says 'level: warn'; violations are counted, and the first of each rule listed.\n\nWith --changed-since only rows that were added or changed since REV are looked at (since the commit where what is checked\nleft REV, as 'varve diff A...B' compares), and what their change breaks elsewhere: a second row with the same cell, rows\nthat refer to one that is gone. Tables whose rules or columns have\nchanged are checked whole.\n\nNo other command is held up by rules: put 'varve check' into CI, or before a push.",
  options: {
    staged: { type: 'flag', aliases: ['cached'], about: 'what the next commit will hold' },
    'changed-since': { type: 'text', value: 'REV', about: 'only rows that were added or changed since REV' },
    limit: {
      type: 'text',
      short: 'n',
      value: 'N',
      about: 'list at most N violations of a rule (default: 20)',
    },
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: textFormats,
      about: 'text (the default), or markdown for a pull request',
    },
  },
  examples: [
    ['varve check', 'are the files as they should be?'],
    ['varve check --staged', 'before a commit'],
    ['varve check --changed-since origin/main HEAD', 'for CI: what this branch brings in'],
    ['varve check --format markdown HEAD', 'a comment on a pull request'],
    ['varve check people.csv --limit 1000', 'one table, more of what is wrong with it'],
  ],
  json: "{ tables: { path: string; rows: number; checked: number; scope: 'all' | 'changes' }[]; broken: { path: string; column: string | null; rule: string; level: 'error' | 'warn'; expected: string; keyColumns: string[]; count: number; isAtLeast: boolean; violations: { key: Value[]; value: Value; sameAs?: Value[] }[] }[]; errors: number; warnings: number }",
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const isMarkdown = markdownAsked(given)
  const repo = await repository()
  const { revisions, paths } = await revisionsAndPaths(repo, given, 1)
  // A mistyped revision must not pass for a path without rules.
  if (repo.root !== null) await requirePaths(repo, given, paths)
  else if (revisions.length === 0 && paths.length > 0) await repo.commitInfo(paths[0]!)
  const [revision] = revisions
  const staged = given.flag('staged')
  if (staged && revision !== undefined) throw usage("'--staged' and REV exclude each other")
  const [changedSince, limit] = [given.text('changed-since'), given.number('limit')]
  const report = await repo.check({
    ...operation,
    staged,
    ...(revision === undefined ? {} : { revision }),
    ...(changedSince === undefined ? {} : { changedSince }),
    ...(limit === undefined ? {} : { limit }),
    ...(paths.length === 0 ? {} : { paths: toRepositoryPaths(repo.root, paths) }),
  })
  out.result(report, () => (isMarkdown ? printCheckMarkdown : printCheck)(out, report))
  if (report.tables.length + report.broken.length === 0 && !out.json)
    out.hint(
      "rules stand in varve.yaml: 'tables: {people.csv: {key: id, rules: {columns: {age: {min: 0}}}}}'",
    )
  return report.errors > 0 ? exitViolated : 0
}
