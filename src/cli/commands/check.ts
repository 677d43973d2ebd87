import { usage } from '../arguments.ts'
import { printCheckMarkdown } from '../format/check-markdown.ts'
import { printCheck } from '../format/check.ts'
import type { Command, Context } from '../interface.ts'
import { markdownAsked, textFormats } from '../output-format.ts'
import { requirePaths, revisionsAndPaths } from '../paths.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'

/** As VARVE_RULE_VIOLATED. */
const exitViolated = 23

export const command: Command = {
  usage: ['check [--staged] [--changed-since REV] [--format FORMAT] [--limit N] [REV] [[--] PATH...]'],
  description:
    "Checks tables against the rules that varve.yaml has for them: required, unique, type, min, max,\npattern, values, references, and the number of rows. It checks the files as they are now, with\n--staged what the next commit will hold, and with REV a revision by its own varve.yaml. The exit\ncode is 23 if a rule of level 'error' is broken; this is the level of a rule unless varve.yaml says\n'level: warn'. Violations are counted, and the first of each rule are listed.\n\nWith --changed-since, only rows are checked that were added or changed since the merge base with\nREV, as 'varve diff A...B' compares, and what they break elsewhere: a second row with the same cell,\nor rows that refer to a row that is gone. Tables whose rules or columns have changed are checked\nwhole.\n\nRules stop no other command: run 'varve check' in CI, or before a push.",
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
    ['varve check', 'check the files as they are now'],
    ['varve check --staged', 'what the next commit would hold'],
    ['varve check --changed-since origin/main HEAD', 'for CI: what this branch brings in'],
    ['varve check --format markdown HEAD', 'a comment on a pull request'],
    ['varve check people.csv --limit 1000', 'one table, with up to 1000 violations of each rule'],
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
    ...(paths.length === 0 ? {} : { paths: toPathspecs(given, repo.root, paths) }),
  })
  out.result(report, () => (isMarkdown ? printCheckMarkdown : printCheck)(out, report))
  if (report.tables.length + report.broken.length === 0 && !out.json)
    out.hint(
      "rules are written in varve.yaml: 'tables: {people.csv: {key: id, rules: {columns: {age: {min: 0}}}}}'",
    )
  return report.errors > 0 ? exitViolated : 0
}
