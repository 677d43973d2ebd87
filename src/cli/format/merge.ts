// What a merge, pull, revert or cherry-pick came to, and the way on when it stopped at conflicts.
import type { ConflictInfo, MergeResult } from '../../api/interface.ts'
import type { MergedPath } from '../../merge/interface.ts'
import { verbOf } from '../../repo/merging/verb.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'
import { printAutostash } from './autostash.ts'
import { alignedRows } from './columns.ts'
import { shortId } from './commit.ts'
import { printPathConflicts } from './conflicts.ts'
import { conflictsFirst, movesPaired, pathName, resultWord } from './merged-paths.ts'
import { policyLines, policySentence } from './policies.ts'
import { sumsText } from './row-changes.ts'
import { firstTold, moreTold } from './told.ts'
import { counted } from '../../base/size.ts'

/** Prints it and returns the exit code: 21 when there are conflicts. */
export function printMerge(
  out: Output,
  result: MergeResult,
  verb: 'merge' | 'squash' | 'revert' | 'cherry-pick' | 'pull' | 'rebase',
): number {
  const conflict = result.outcome === 'conflict'
  if (out.json) return conflict ? 21 : 0
  if (result.outcome === 'stopped') printStopped(out, result)
  else if (conflict) printConflict(out, result, verb)
  else out.say(outcomeText(result, verb))
  for (const line of pathLines(out, result)) out.say(line)
  printTold(out, result)
  printAutostash(out, result.autostash)
  if (conflict && result.conflicts !== undefined) {
    printFirstConflicts(out, result.conflicts, result.conflictCount)
    out.hint('nothing was changed, for without files there is nowhere to resolve them:')
    out.hint(`${verb} in a clone with a folder, resolve there, and push`)
  } else if (conflict && result.conflictCount === 0) {
    out.hint("look at them with 'varve conflicts --resolved', take one back with 'varve resolve --forget',")
    hintAtWays(out, verb)
  } else if (conflict) {
    out.hint("'varve conflicts' shows them, 'varve resolve PATH --ours|--theirs|--value V' settles them,")
    hintAtWays(out, verb)
  }
  return conflict ? 21 : 0
}

function hintAtWays(out: Output, kind: Parameters<typeof printMerge>[2]): void {
  const verb = verbOf(kind)
  if (verb === 'merge') out.hint("then 'varve merge --continue'; 'varve merge --abort' goes back")
  else out.hint(`then 'varve ${verb} --continue'; '--skip' leaves the commit out, '--abort' goes back`)
}

/** Prints notes about the merge, and what policies decided. */
export function printTold(out: Output, { paths, policies }: Pick<MergeResult, 'paths' | 'policies'>): void {
  for (const { path, notes = [] } of paths)
    for (const note of notes) out.line(`${out.paint('yellow', 'note')}: ${visible(path)}: ${visible(note)}`)
  const sentence = policySentence(policies)
  if (sentence === null) return
  out.line(`${sentence}:`)
  for (const line of policyLines(out, policies)) out.line(line)
}

/** Prints the conflicts that came with the result, path by path. */
export function printFirstConflicts(out: Output, conflicts: readonly ConflictInfo[], count: number): void {
  for (const ofPath of byPath(conflicts)) printPathConflicts(out, ofPath)
  if (count > conflicts.length) out.line(`and ${counted(count - conflicts.length, 'more conflict')}`)
}

/** Groups conflicts by path; they are sorted so already. */
function byPath(conflicts: readonly ConflictInfo[]): ConflictInfo[][] {
  const groups: ConflictInfo[][] = []
  for (const conflict of conflicts) {
    if (groups.at(-1)?.[0]!.path === conflict.path) groups.at(-1)!.push(conflict)
    else groups.push([conflict])
  }
  return groups
}

function printStopped(out: Output, { commit, rebase }: MergeResult): void {
  out.say(`stopped to edit ${shortId(commit)} (${rebase!.done + 1} of ${rebase!.total})`)
  out.hint("'varve rebase --continue' takes what is staged into it, 'varve commit' adds others after it")
  out.hint("before that; '--abort' goes back")
}

function printConflict(out: Output, result: MergeResult, verb: string): void {
  const { conflictCount, paths, reused } = result
  const steps = result.rebase ?? result.sequence
  const settled = conflictCount === 0 ? new Map<string, number>() : settledByPath(result)
  const files = paths.filter(({ path, conflicts }) => conflicts > (settled.get(path) ?? 0)).length
  const where = files === 0 ? '' : ` in ${counted(files, 'path')}`
  const at = steps?.stoppedAt ?? null
  const place = at === null ? '' : ` at ${shortId(at)} (${steps!.done + 1} of ${steps!.total})`
  const stopped = out.paint('red', `${verb} stopped${place}`)
  if (conflictCount === 0) {
    out.line(`${stopped}: ${counted(reused.length, 'conflict')}${where}, settled as in an earlier merge`)
    return
  }
  out.line(`${stopped}: ${counted(conflictCount, 'conflict')}${where}`)
  if (reused.length > 0) {
    const more = counted(reused.length, 'more conflict')
    out.line(`${more} settled as in an earlier merge: 'varve conflicts --resolved' shows how`)
  }
}

function outcomeText(result: MergeResult, verb: string): string {
  const { outcome, commit, reused, rebase, sequence } = result
  if (sequence !== undefined && outcome !== 'staged') return sequenceText(result, sequence, verb)
  if (outcome === 'merged' && reused.length > 0 && rebase === undefined) {
    const settled = `${counted(reused.length, 'conflict')} settled as in an earlier merge`
    return `${pastTense[verb] ?? verb} as ${shortId(commit)}, ${settled}`
  }
  if (outcome === 'up-to-date') return 'already up to date'
  if (outcome === 'fast-forward') return `fast-forward to ${shortId(commit)}`
  if (outcome === 'staged') return `staged, not committed: 'varve commit' records the ${verb}`
  if (rebase !== undefined) return `rebased ${counted(rebase.total, 'commit')}, now at ${shortId(commit)}`
  return `${pastTense[verb] ?? verb} as ${shortId(commit)}`
}

function sequenceText(
  { commit, outcome }: MergeResult,
  { total, leftOut }: NonNullable<MergeResult['sequence']>,
  verb: string,
): string {
  const left = leftOut.length === 0 ? '' : `, ${leftOut.length} of them changed nothing here`
  // Some may have been skipped on the way.
  const where = outcome === 'up-to-date' ? 'still at' : 'now at'
  return `${verb} of ${counted(total, 'commit')} done${left}, ${where} ${shortId(commit)}`
}

const pastTense: Readonly<Record<string, string>> = {
  merge: 'merged',
  pull: 'merged',
  revert: 'reverted',
  'cherry-pick': 'picked',
}

function pathLines(out: Output, result: MergeResult): string[] {
  const settled = settledByPath(result)
  const paths = movesPaired(result.paths)
  const told = firstTold(paths, out).length === paths.length ? paths : firstTold(conflictsFirst(paths), out)
  // What is not committed yet is seen there; else it is what HEAD was before.
  const isOpen = result.outcome === 'conflict' || result.outcome === 'staged'
  const command = isOpen ? 'varve status' : 'varve diff --stat HEAD@{1}'
  const lines = alignedRows(
    told.map((path) => {
      const already = settled.get(path.path) ?? 0
      const open = { ...path, conflicts: path.conflicts - already }
      const parts = [rowsText(open), already === 0 ? '' : `${already} settled as before`]
      const isOpen = path.result !== 'conflict' || open.conflicts > 0
      const what = isOpen ? resultWord(path) : 'settled'
      return [`  ${what}`, pathName(path), parts.filter((part) => part !== '').join(', ')]
    }),
  )
  return [...lines, ...moreTold(paths.length, told.length, command)]
}

/** How many conflicts of a path were settled as in an earlier merge. */
function settledByPath({ reused }: MergeResult): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { path } of reused) counts.set(path, (counts.get(path) ?? 0) + 1)
  return counts
}

export function rowsText({ rowsAdded, rowsRemoved, rowsChanged, basis, conflicts }: MergedPath): string {
  const parts: string[] = []
  if (rowsAdded !== undefined || rowsRemoved !== undefined || rowsChanged !== undefined) {
    const sums = { added: rowsAdded ?? 0, removed: rowsRemoved ?? 0, changed: rowsChanged ?? 0 }
    if (sums.added + sums.removed + sums.changed > 0) parts.push(sumsText(sums))
  }
  if (basis !== undefined) parts.push(visible(basis))
  if (conflicts > 0) parts.push(counted(conflicts, 'conflict'))
  return parts.join(', ')
}
