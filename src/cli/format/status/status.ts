// The state of the working folder in Git's words, and what to do next.
import type { BisectInfo } from '../../../api/bisect.ts'
import { termsOf } from '../bisect.ts'
import type { PathChange, Status } from '../../../api/interface.ts'
import { verbOf } from '../../../repo/merging/verb.ts'
import type { Output } from '../../output.ts'
import type { Colour } from '../../paint.ts'
import { visible } from '../../visible.ts'
import { shortId } from '../commit.ts'
import { counted } from '../../../base/size.ts'

/** `isWhole`: the status is of all paths, and new files were looked for. */
export function printStatus(
  out: Output,
  status: Status,
  { shown, isWhole }: { readonly shown: (path: string) => string; readonly isWhole: boolean },
): void {
  const rebased = status.merging?.rebase?.branch ?? null
  if (status.branch !== null) out.line(`on branch ${visible(status.branch)}`)
  else {
    const why = rebased === null ? '' : `, branch ${visible(rebased)} is being rebased`
    out.line(`HEAD detached at ${shortId(status.head ?? '')}${why}`)
  }
  if (status.upstream !== null) out.line(upstreamText(status.upstream))
  if (status.head === null) out.line('no commits yet')
  if (status.behindBranch && status.branch !== null) {
    out.line(
      `the branch has moved since these files were written: 'varve switch ${visible(status.branch)}' brings them up to date`,
    )
  }
  if (status.merging !== null) printMerging(out, status.merging)
  if (status.bisecting !== null) printBisecting(out, status.bisecting)
  printUnmerged(out, status.unmerged, shown)
  // What a merge has done to them so far is not what will be committed.
  const unmerged = new Set(status.unmerged.map(({ path }) => path))
  const staged = status.staged.filter(({ path }) => !unmerged.has(path))
  printChanges(
    out,
    { title: 'to be committed', advice: 'varve restore --staged PATH takes out', colour: 'green' },
    staged,
    shown,
  )
  const advice = 'varve add PATH, varve restore PATH'
  printChanges(out, { title: 'changed, not staged', advice, colour: 'red' }, status.unstaged, shown)
  if (status.untracked.length > 0) {
    out.line()
    out.line(`untracked  ${out.paint('dim', '(varve add PATH)')}`)
    for (const path of status.untracked) out.line(`  ${out.paint('red', visible(shown(path)))}`)
  }
  if (status.ignored.length > 0) {
    out.line()
    out.line(`ignored  ${out.paint('dim', '(by a line in .varveignore)')}`)
    for (const path of status.ignored) out.line(`  ${visible(shown(path))}`)
  }
  printSkipped(out, status.skipped, shown)
  if (
    status.staged.length + status.unstaged.length + status.untracked.length === 0 &&
    status.merging === null
  ) {
    out.line(
      isWhole ? 'nothing to commit, all files as committed' : 'nothing to commit among what was looked at',
    )
  }
}

const skippedToldMax = 5

function printSkipped(out: Output, skipped: Status['skipped'], shown: (path: string) => string): void {
  if (skipped.length === 0) return
  out.line()
  out.line(`left out  ${out.paint('dim', '(a line in .varveignore hides it)')}`)
  for (const { path, reason } of skipped.slice(0, skippedToldMax))
    out.line(`  ${visible(shown(path))}  (it ${visible(reason)})`)
  const more = skipped.length - skippedToldMax
  if (more > 0) out.line(`  and ${more} more`)
}

function printBisecting(out: Output, info: BisectInfo): void {
  const { bad, good, found, left, branch, start } = info
  const terms = termsOf(info)
  const from = branch === null ? shortId(start) : visible(branch)
  const [what, next] =
    found !== null
      ? [`the first ${terms.bad} commit is ${shortId(found)}`, 'varve bisect reset']
      : bad === null || good.length === 0
        ? [
            `a ${terms.good} and a ${terms.bad} commit have to be named`,
            `varve bisect ${terms.good} REV, varve bisect ${terms.bad} REV`,
          ]
        : [
            `up to ${counted(left, 'commit')} left after this`,
            `varve bisect ${terms.good}, ${terms.bad} or skip`,
          ]
  out.line(out.paint('yellow', `bisecting, begun at ${from}: ${what}`))
  out.line(out.paint('dim', `  (${next}${found === null ? ', varve bisect reset' : ''})`))
}

function upstreamText({ name, ahead, behind }: NonNullable<Status['upstream']>): string {
  if (ahead === 0 && behind === 0) return `up to date with ${visible(name)}`
  const parts: string[] = []
  if (ahead > 0) parts.push(`${counted(ahead, 'commit')} ahead of`)
  if (behind > 0) parts.push(`${counted(behind, 'commit')} behind`)
  return `${parts.join(', ')} ${visible(name)}`
}

function printMerging(
  out: Output,
  { kind, theirs, conflicts, waits, rebase, sequence }: NonNullable<Status['merging']>,
): void {
  const made = waits ? 'no conflicts left' : 'its commit is made'
  const left = conflicts === 0 ? made : `${counted(conflicts, 'conflict')} left`
  const steps = rebase ?? sequence
  const onto = rebase === undefined ? '' : ` onto ${visible(rebase.onto)}`
  const what =
    steps === undefined
      ? `${kind} of ${shortId(theirs)} under way`
      : `${kind}${onto} stopped at ${shortId(theirs)} (${steps.done + 1} of ${steps.total})`
  out.line(`${out.paint('yellow', what)}: ${left}`)
  const verb = verbOf(kind)
  const skip = verb === 'merge' ? '' : `, varve ${verb} --skip`
  const next = conflicts === 0 ? `varve ${verb} --continue` : 'varve conflicts, varve resolve'
  out.line(out.paint('dim', `  (${next}${skip}, varve ${verb} --abort)`))
}

function printUnmerged(out: Output, paths: Status['unmerged'], shown: (path: string) => string): void {
  if (paths.length === 0) return
  out.line()
  out.line(`conflicts  ${out.paint('dim', '(varve conflicts PATH, varve resolve PATH)')}`)
  for (const { path, conflicts } of paths) {
    out.line(`  ${out.paint('red', visible(shown(path)))}  (${counted(conflicts, 'conflict')})`)
  }
}

function printChanges(
  out: Output,
  { title, advice, colour }: { readonly title: string; readonly advice: string; readonly colour: Colour },
  changes: readonly PathChange[],
  shown: (path: string) => string,
): void {
  if (changes.length === 0) return
  out.line()
  out.line(`${title}  ${out.paint('dim', `(${advice})`)}`)
  for (const change of changes) {
    const name =
      change.from === undefined ? shown(change.path) : `${shown(change.from)} => ${shown(change.path)}`
    const kind = change.kind === 'file' ? '' : `  (${change.kind})`
    out.line(`  ${out.paint(colour, `${change.state.padEnd(10)} ${visible(name)}`)}${kind}`)
  }
}
