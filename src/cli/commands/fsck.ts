import { VarveError, exitCodes, isVarveError } from '../../base/errors.ts'
import { counted, sizeText } from '../../base/size.ts'
import type { FsckProblem, Repository, RepairReport } from '../../index.ts'
import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { openOptions } from '../session.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['fsck', 'fsck --repair [--from PATH|URL]... [--dry-run]'],
  description:
    "Reads every byte of the repository: it checks each object against its hash, each index against its\npack, and that everything is there that a branch, tag or kept operation needs. The exit code is 50\nif something is damaged.\n\nWith --repair it mends what it can. The index is made anew from the packs. Lost objects come back\nfrom wherever a whole copy is, as their hashes prove: another pack, --from, files of the working\nfolder that have not changed, the remotes. If the newest state cannot be read, the one before it\nbecomes the newest, and commits that only the lost one named become branches 'recovered/…'. Damaged\nfiles are moved to .varve/quarantine and never deleted, and undamaged files are not changed. What\nstays lost is listed by commit, branch and path. Run it when nobody else works in the repository.\nThe exit code is 0 if nothing is damaged or lost afterwards.",
  options: {
    repair: { type: 'flag', about: 'mend what is damaged' },
    from: {
      type: 'list',
      value: 'PATH|URL',
      about: 'repair: a repository or bundle that may have lost objects',
    },
    'dry-run': { type: 'flag', short: 'n', about: 'repair: only show what would be done' },
  },
  examples: [
    ['varve fsck', 'check everything'],
    ['varve fsck --repair --dry-run', 'see what can be mended, and what is lost'],
    ['varve fsck --repair --from /mnt/backup/sales', 'mend with the help of a backup'],
  ],
  json: '{ objects: number; bytes: number; problems: { where: string; what: string }[] }\nWith --repair also { done: { where: string; what: string }[]; lost: { path: string | null; what: string; commits: string[]; commitCount: number; refs: string[] }[]; unusable: { name: string; message: string }[]; quarantine: string | null }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.expectWords(0, 0, '')
  if (given.flag('repair')) return repair(context)
  if (given.flag('dry-run') || given.list('from').length > 0)
    throw usage("'--from' and '--dry-run' go with '--repair'")
  const repo = await opened(repository)
  const report = await repo.fsck(operation)
  out.result(report, () => {
    tell(context, report.problems)
    const sums = `${counted(report.objects, 'object')}, ${sizeText(report.bytes)}`
    if (report.problems.length === 0) out.say(`${sums}: all whole`)
    else out.line(`${sums}: ${counted(report.problems.length, 'problem')}`)
  })
  if (report.problems.length === 0) return 0
  out.hint("see what can be mended: 'varve fsck --repair --dry-run'")
  return exitCodes.VARVE_CORRUPT
}

/** Opens the repository. Where that fails, the error points out that it may still be repaired. */
async function opened(repository: Context['repository']): Promise<Repository> {
  try {
    return await repository()
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT') || error.hint !== undefined) throw error
    const hint = "see what can be mended: 'varve fsck --repair --dry-run'"
    throw new VarveError(error.code, error.message, { data: error.data, cause: error, hint })
  }
}

async function repair(context: Context): Promise<number> {
  const { arguments: given, out, environment, operation } = context
  const { Repository: Repairer } = await import('../../api/repository.ts')
  const dryRun = given.flag('dry-run')
  const options = { ...(await openOptions(environment)), ...operation, from: given.list('from'), dryRun }
  const report = await Repairer.repair('.', options)
  out.result(report, () => tellRepair(context, report, dryRun))
  for (const { name, message } of report.unusable) out.warn(visible(`${name} cannot be used: ${message}`))
  const isWhole = report.problems.length === 0 && report.lost.length === 0
  // What undo alone would need has its own hint.
  if (report.lost.some(({ path, refs }) => path !== null || refs.length > 0))
    out.hint(
      "if there is a whole copy elsewhere (a backup, a colleague's clone): 'varve fsck --repair --from PATH'; else take the paths back from a commit that has them ('varve restore --source REV PATH') or add the files anew",
    )
  if (
    !dryRun &&
    report.lost.some(({ path, commitCount, refs }) => path === null && commitCount > 0 && refs.length > 0)
  )
    out.hint(
      "where the newest commit is lost, 'varve reset HEAD@{1}' goes back to the one before it and leaves the files as they are",
    )
  return isWhole ? 0 : exitCodes.VARVE_CORRUPT
}

function tellRepair(context: Context, report: RepairReport, dryRun: boolean): void {
  const { out } = context
  const { done, lost, problems, quarantine } = report
  for (const { where, what } of done)
    out.say(`${dryRun ? 'would mend ' : ''}${visible(where)}: ${visible(what)}`)
  if (quarantine !== null) out.say(`damaged files are kept in '${visible(quarantine)}'`)
  for (const loss of lost) out.line(`${out.paint('red', 'lost')}: ${visible(lossText(loss))}`)
  // What is lost is told above, in better words than those of single objects.
  if (lost.length === 0) tell(context, problems)
  const sums = `${counted(report.objects, 'object')}, ${sizeText(report.bytes)}`
  if (lost.length > 0) out.line(`${sums}: ${counted(lost.length, 'loss', 'losses')}`)
  else if (problems.length > 0) out.line(`${sums}: ${counted(problems.length, 'problem')}`)
  else out.say(`${sums}: all whole${dryRun && done.length > 0 ? ' then' : ''}`)
}

function lossText({ path, what, commits, commitCount, refs }: RepairReport['lost'][number]): string {
  const where = path === null ? what : `${path}: ${what}`
  const ids = commits.slice(0, 3).map((id) => id.slice(0, 10))
  const more = commitCount > ids.length ? ` and ${commitCount - ids.length} more` : ''
  const inCommits = commitCount === 0 ? '' : `, in commit ${ids.join(', ')}${more}`
  return `${where}${inCommits}${refs.length === 0 ? '' : ` (reached by ${refs.join(', ')})`}`
}

function tell({ out }: Context, problems: readonly FsckProblem[]): void {
  for (const { where, what } of problems) out.line(`${out.paint('red', visible(where))}: ${visible(what)}`)
}
