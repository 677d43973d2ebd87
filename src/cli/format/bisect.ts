// What a step of a bisection came to.
import type { BisectInfo, BisectResult, Verdict } from '../../api/bisect.ts'
import { counted } from '../../base/size.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { subjectOf } from '../../history/message.ts'
import type { Repository } from '../../index.ts'
import type { Output } from '../output.ts'
import { commitLine, commitLines, shortId } from './commit.ts'

export async function printBisect(out: Output, repo: Repository, result: BisectResult): Promise<void> {
  const { bad, found, good, left, steps, testing, untold } = result
  const terms = termsOf(result)
  if (found !== null) {
    out.say(out.paint('bold', `${found} is the first ${terms.bad} commit`))
    out.say('')
    for (const line of commitLines(await repo.commitInfo(found), out.paint)) out.say(line)
    out.hint("'varve bisect reset' goes back to where you were")
  } else if (testing !== null) {
    const roughly = steps === 0 ? '' : ` (about ${counted(steps, 'more test')} then)`
    out.say(`testing ${commitLine(testing, out.paint)}`)
    out.say(`up to ${counted(left, 'commit')} left after it${roughly}`)
  } else if (untold.length > 0) {
    out.say(`only skipped commits are left; the first ${terms.bad} one is one of`)
    for (const id of untold) out.say(`  ${commitLine(await repo.commitInfo(id), out.paint)}`)
  } else {
    const missing = [...(bad === null ? [terms.bad] : []), ...(good.length === 0 ? [terms.good] : [])]
    out.say(`a ${missing.join(' and a ')} commit still to be named: 'varve bisect ${missing[0]!} REV'`)
  }
}

/** What good and bad are called in it. */
export function termsOf({ terms }: BisectInfo): Readonly<Record<Verdict, string>> {
  return { good: 'good', bad: 'bad', ...terms, skip: 'skip' }
}

/** The search as commands that would repeat it. */
export async function logLines(repo: Repository, info: BisectInfo): Promise<string[]> {
  const { branch, start, log, paths, found } = info
  const terms = termsOf(info)
  const named = info.terms === undefined ? '' : ` --term-new '${terms.bad}' --term-old '${terms.good}'`
  const about = paths === undefined ? '' : ` -- ${paths.map(quotedPath).join(' ')}`
  const lines = [`# begun at ${branch ?? shortId(start)}`, `varve bisect start${named}${about}`]
  for (const { verdict, commit } of log) {
    const { message } = await repo.commitInfo(commit)
    lines.push(`# ${terms[verdict]}: [${shortId(commit)}] ${subjectOf(message)}`)
    lines.push(`varve bisect ${terms[verdict]} ${commit}`)
  }
  if (found !== null) {
    const { message } = await repo.commitInfo(found)
    lines.push(`# first ${terms.bad} commit: [${shortId(found)}] ${subjectOf(message)}`)
  }
  return lines
}

/** From the repository's folder, as its own shell word. */
function quotedPath(path: NamedPath): string {
  return `'${pathText(path).replaceAll("'", String.raw`'\''`)}'`
}

function pathText(path: NamedPath): string {
  if (typeof path === 'string') return `:(top,literal)${path}`
  const { folder, pattern, matching, ignoreCase, exclude } = path
  const marks = [
    'top',
    ...(exclude ? ['exclude'] : []),
    ...(ignoreCase ? ['icase'] : []),
    ...(matching === 'wildcard' ? [] : [matching]),
  ]
  return `:(${marks.join(',')})${folder}${pattern}`
}
