import { textFormats } from '../output-format.ts'
import { usage } from '../arguments.ts'
import { printCommitMarkdown } from '../format/commit-markdown.ts'
import { commitForm } from '../format/commit-format.ts'
import { shallowHint } from '../format/commit.ts'
import { dateOption, dateStyle } from '../format/dates.ts'
import { printDiffsMarkdown, printStatMarkdown } from '../format/diff-markdown.ts'
import { printDiffs, statLines } from '../format/diff.ts'
import { diffFormat, diffLineOptions, lineOptions } from '../format/diff-options.ts'
import { nameItem, nameLine, nameNames, nameOptions, wantsNames } from '../format/names.ts'
import { emptyRevision } from '../../api/diff-ends.ts'
import type { CommitInfo, DiffOptions } from '../../api/interface.ts'
import type { Repository } from '../../index.ts'
import { reportOf } from '../../merge/policies/decisions.ts'
import { derivedLines } from '../format/derived.ts'
import { loggedLines } from '../format/receipt.ts'
import { policyLines, policySentence } from '../format/policies.ts'
import { rekeyedLines } from '../format/rekeyed.ts'
import type { Command, Context } from '../interface.ts'
import type { Output } from '../output.ts'
import { noteOptions, wantsNotes } from '../log/form.ts'
import { mailmapOptions, shownPeople } from '../log/shown-people.ts'
import { showSignatureOption, wantsSignatures } from '../signing/shown.ts'
import { pathInRevision } from '../paths.ts'
import { toJson } from '../../table/json.ts'
import { collect } from '../../base/iterables.ts'
import { splitRevisionPath } from '../../history/revision.ts'

export const command: Command = {
  usage: [
    'show [--stat | --name-only | --name-status | -s] [--format FORMAT] [--date STYLE] [REV]',
    'show REV:PATH',
  ],
  description:
    'Shows a commit (default: HEAD) and what it changed against its first parent, or prints PATH as it\nwas in REV. For a merge it also shows what merge policies decided and which rows got new keys (all\nof them with -v). For a commit of a link it shows the receipts of the rounds that ended with it, and\nfor derived tables what they were made from.',
  options: {
    stat: {
      type: 'flag',
      about: 'the changed paths and how much has changed in each, instead of the changes',
    },
    ...nameOptions,
    ...lineOptions,
    'no-patch': { type: 'flag', short: 's', about: 'only the commit, without its changes' },
    format: {
      type: 'text',
      aliases: ['pretty'],
      value: 'FORMAT',
      choices: textFormats,
      about:
        "text (the default), markdown for a pull request, or with the placeholders of `varve log`: '%h %s'",
    },
    ...dateOption,
    ...showSignatureOption,
    ...noteOptions,
    ...mailmapOptions,
  },
  examples: [
    ['varve show', 'the last commit'],
    ['varve show --name-only v2', 'which paths a version changed'],
    ['varve show HEAD~2 --stat', 'what the commit two before HEAD changed'],
    ['varve show --format markdown HEAD', 'a commit as a comment'],
    ["varve show -s --format '%an, %ar' v1", 'who made a version, and when'],
    ['varve show v1:people.csv', 'a file as it was'],
  ],
  json: '{ commit: CommitInfo; changes (not with -s): { items: FileDiff[] } | { items: DiffStat[] } (with --stat) | { items: string[] } (with --name-only) | { items: PathChange[] } (with --name-status); policies?: { items: PolicyDecision[] }; receipts?: { items: LoggedReceipt[] } } ; of REV:PATH { path: string; bytes: string (base64) }',
  pages: () => true,
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.expectWords(0, 1, 'REV')
  given.exclusive('stat', ...nameNames, 'no-patch')
  const isMarkdown = given.text('format') === 'markdown'
  if (isMarkdown) for (const name of nameNames) given.exclusive(name, 'format')
  const signatures = wantsSignatures(given)
  const repo = await repository({ signatures })
  const { revision, path } = splitRevisionPath(given.words[0] ?? 'HEAD')
  if (path !== null) {
    if (given.text('format') !== undefined)
      throw usage("'--format' is for commits: REV:PATH prints the bytes")
    const file = pathInRevision(repo.root, path)
    await out.content(file, repo.cat(revision || 'HEAD', file, operation))
    return 0
  }
  const commit = await repo.commitInfo(revision, { notes: wantsNotes(given), signatures })
  const print = out.json ? printJson : isMarkdown ? printMarkdown : printText
  await print(context, repo, commit)
  return 0
}

/** Against nothing, everything would look as if a commit whose parents are not here had brought it. */
function changesOf(commit: CommitInfo, { arguments: given, operation }: Context): DiffOptions | null {
  if (commit.shallow === true) return null
  return { ...operation, ...diffLineOptions(given), from: commit.parents[0] ?? emptyRevision, to: commit.id }
}

async function printText(context: Context, repo: Repository, commit: CommitInfo): Promise<void> {
  const { arguments: given, out } = context
  const format = given.text('format')
  const isNamed = format === undefined || format === 'text'
  const form = commitForm(isNamed ? undefined : format, {
    paint: out.paint,
    dates: dateStyle(given.text('date')),
    people: await shownPeople(context),
  })
  for (const line of form(commit)) out.line(line)
  if (given.flag('no-patch')) return
  out.line()
  if (isNamed) await printFacts(out, repo, commit)
  const ends = changesOf(commit, context)
  if (ends === null) out.hint(shallowHint(commit))
  else if (given.flag('stat')) {
    for (const line of statLines(await collect(repo.diffStat(ends)), out)) out.line(line)
  } else if (wantsNames(given)) {
    for await (const change of repo.diffPaths(ends)) out.line(nameLine(change, given))
  } else await printDiffs(out, repo.diff(ends), diffFormat(given))
}

async function printFacts(out: Output, repo: Repository, commit: CommitInfo): Promise<void> {
  await printDecisions(out, repo, commit)
  for (const line of rekeyedLines(commit, out.verbose)) out.line(line)
  for (const line of derivedLines(commit)) out.line(line)
  for (const receipt of await repo.receiptsOf(commit)) {
    for (const line of loggedLines(receipt, out.paint)) out.line(line)
    out.line()
  }
}

async function printMarkdown(context: Context, repo: Repository, commit: CommitInfo): Promise<void> {
  const { arguments: given, out } = context
  const policies = commit.extra['policies'] === undefined ? null : reportOf(commit.extra['policies'])
  printCommitMarkdown(out, commit, policies, await repo.receiptsOf(commit))
  const ends = changesOf(commit, context)
  if (given.flag('no-patch')) return
  if (ends === null) out.hint(shallowHint(commit))
  else if (given.flag('stat')) printStatMarkdown(out, await collect(repo.diffStat(ends)))
  else await printDiffsMarkdown(out, repo.diff(ends), diffFormat(given))
}

async function printJson(context: Context, repo: Repository, commit: CommitInfo): Promise<void> {
  const { arguments: given, out, operation } = context
  if (!['text', 'markdown', undefined].includes(given.text('format')))
    throw usage("'--json' and '--format' exclude each other")
  out.raw(`{"commit":${toJson(commit)}`)
  if (!given.flag('no-patch')) {
    out.raw(',"changes":')
    const ends = changesOf(commit, context)
    if (ends === null) out.raw(toJson({ items: [] }))
    else if (given.flag('stat')) out.raw(toJson({ items: await collect(repo.diffStat(ends)) }))
    else if (wantsNames(given)) {
      const changes = await collect(repo.diffPaths(ends))
      out.raw(toJson({ items: changes.map((change) => nameItem(change, given)) }))
    } else await printDiffs(out, repo.diff(ends), diffFormat(given))
  }
  if (commit.extra['policies'] !== undefined) {
    const items = await collect(repo.policyDecisions(commit.id, operation))
    out.raw(`,"policies":${toJson({ items })}`)
  }
  const receipts = await repo.receiptsOf(commit)
  if (receipts.length > 0) out.raw(`,"receipts":${toJson({ items: receipts })}`)
  out.raw('}\n')
}

async function printDecisions(out: Output, repo: Repository, { id, extra }: CommitInfo): Promise<void> {
  if (extra['policies'] === undefined) return
  const report = reportOf(extra['policies'])
  const decisions = out.verbose ? await collect(repo.policyDecisions(id)) : report.decisions
  out.line(`${policySentence(report) ?? ''}:`)
  for (const line of policyLines(out, { ...report, decisions })) out.line(line)
  out.line()
}
