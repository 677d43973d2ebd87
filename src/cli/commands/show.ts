import { commitLines, shallowHint } from '../format/commit.ts'
import { printDiffs, statLines } from '../format/diff.ts'
import { emptyRevision } from '../../api/diff-ends.ts'
import type { CommitInfo } from '../../api/interface.ts'
import type { Repository } from '../../index.ts'
import { reportOf } from '../../merge/decisions.ts'
import { derivedLines } from '../format/derived.ts'
import { loggedLines } from '../format/receipt.ts'
import { policyLines, policySentence } from '../format/policies.ts'
import type { Command, Context } from '../interface.ts'
import type { Output } from '../output.ts'
import { pathInRevision } from '../paths.ts'
import { toJson } from '../../table/json.ts'
import { collect } from '../../base/iterables.ts'
import { splitRevisionPath } from '../../history/revision.ts'

export const command: Command = {
  usage: ['show [--stat] [REV]', 'show REV:PATH'],
  description:
    'Shows a commit (default: HEAD) and what it changed against its first parent, or prints PATH as it was in REV. Of a\nmerge it also tells what merge policies decided (all of it with -v), of a commit that a link left behind the receipts\nof the rounds after which the branch was there, of derived\ntables what they were made of.',
  options: {
    stat: { type: 'flag', about: 'the changed paths and how much of them, instead of the changes' },
  },
  examples: [
    ['varve show', 'the last commit'],
    ['varve show HEAD~2 --stat', 'what the one before the one before changed'],
    ['varve show v1:people.csv', 'a file as it was'],
  ],
  json: '{ commit: CommitInfo; changes: { items: FileDiff[] } | { items: DiffStat[] }; policies?: { items: PolicyDecision[] }; receipts?: { items: LoggedReceipt[] } } (REV:PATH prints the bytes)',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(0, 1, 'REV')
  const repo = await repository()
  const { revision, path } = splitRevisionPath(given.words[0] ?? 'HEAD')
  if (path !== null) {
    await out.bytes(repo.cat(revision || 'HEAD', pathInRevision(repo.root, path), operation))
    return 0
  }
  const commit = await repo.commitInfo(revision)
  const ends = { ...operation, from: commit.parents[0] ?? emptyRevision, to: commit.id }
  if (out.json) out.raw(`{"commit":${toJson(commit)},"changes":`)
  else {
    for (const line of commitLines(commit, out.paint)) out.line(line)
    out.line()
    await printDecisions(out, repo, commit)
    for (const line of derivedLines(commit)) out.line(line)
    for (const receipt of await repo.receiptsOf(commit)) {
      for (const line of loggedLines(receipt, out.paint)) out.line(line)
      out.line()
    }
  }
  if (commit.shallow === true) {
    // Against nothing, everything would look as if this commit had brought it.
    if (out.json) out.raw(toJson({ items: [] }))
    else out.hint(shallowHint(commit))
  } else if (given.flag('stat')) {
    const items = await collect(repo.diffStat(ends))
    if (out.json) out.raw(toJson({ items }))
    else for (const line of statLines(items, out)) out.line(line)
  } else await printDiffs(out, repo.diff(ends))
  if (out.json) {
    if (commit.extra['policies'] !== undefined) {
      const items = await collect(repo.policyDecisions(commit.id, operation))
      out.raw(`,"policies":${toJson({ items })}`)
    }
    const receipts = await repo.receiptsOf(commit)
    if (receipts.length > 0) out.raw(`,"receipts":${toJson({ items: receipts })}`)
    out.raw('}\n')
  }
  return 0
}

async function printDecisions(out: Output, repo: Repository, { id, extra }: CommitInfo): Promise<void> {
  if (extra['policies'] === undefined) return
  const report = reportOf(extra['policies'])
  const decisions = out.verbose ? await collect(repo.policyDecisions(id)) : report.decisions
  out.line(`${policySentence(report) ?? ''}:`)
  for (const line of policyLines(out, { ...report, decisions })) out.line(line)
  out.line()
}
