import { spawn } from 'node:child_process'
import { actionOf } from '../action-of.ts'
import type { BisectResult, BisectTerms, Verdict } from '../../api/bisect.ts'
import { VarveError, exitCodes } from '../../base/errors.ts'
import type { Repository } from '../../index.ts'
import { type Arguments, usage } from '../arguments.ts'
import { logLines, printBisect, termsOf } from '../format/bisect.ts'
import { commitLine } from '../format/commit.ts'
import { warnOfLeft } from '../format/left-behind.ts'
import type { Command, Context } from '../interface.ts'
import { readReplay } from '../bisect-replay.ts'
import { isRevision, requirePaths } from '../paths.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { readText } from '../read-text.ts'
import { visible, visibleLine } from '../visible.ts'

/** Exit codes of a test: this one is 'cannot be told'; these are a shell's for what could not be run at all. */
const exitSkip = 125
const exitNotRun: readonly number[] = [126, 127]
/** Varve's own for words that it does not understand, which say nothing of the commit. */
const exitUsage = exitCodes.VARVE_USAGE
/** Only skipped commits are left. */
const exitUntold = 1

export const command: Command = {
  usage: [
    'bisect start [--term-new TERM --term-old TERM] [BAD [GOOD...]] [-- PATH...]',
    'bisect bad | good | TERM | skip [REV...]',
    'bisect terms',
    'bisect run COMMAND...',
    'bisect log',
    'bisect replay FILE',
    'bisect reset [REV]',
  ],
  description:
    "Finds the commit that broke something, with the fewest tests. 'start' names a bad commit and good\nones before it ('bad' and 'good' can do this later, too). It then checks out the commit in the\nmiddle of the remaining ones, with HEAD detached. Given PATHs, it looks at commits alone that changed\nthose. Test it, and say 'good', 'bad', or 'skip' if it\ncannot be tested, until the first bad commit is found; 'new' and 'old' mean 'bad' and 'good',\nand so do words of your own that 'start' was told; 'terms' prints them.\n\n'run' does this with a command, in the repository's folder: exit code 0 means good, 125 skip, and\nany other up to 127 bad, such as those of `varve check`. If the command cannot be run, if it is a\ncommand of varve that is misspelt, or if a signal ends it, bisect stops.\n\n'reset' goes back to where you were, or to REV, and names commits that were made meanwhile. 'log'\nprints the answers so far, as commands, and 'replay' gives those of such a file ('-': standard input)\nagain: leave out a wrong one first. The state survives a crash, and `varve status` shows it. The exit code\nis 1 if only skipped commits are left.",
  options: {
    'term-new': {
      type: 'text',
      aliases: ['term-bad'],
      value: 'TERM',
      about: "start: what 'bad' is called",
    },
    'term-old': {
      type: 'text',
      aliases: ['term-good'],
      value: 'TERM',
      about: "start: what 'good' is called",
    },
  },
  examples: [
    ['varve bisect start HEAD v1', 'v1 was good, the current commit is bad'],
    ['varve bisect start HEAD v1 -- prices.csv', 'one of the commits that changed this table'],
    ['varve bisect start --term-old fast --term-new slow', "then say 'varve bisect slow' or 'fast'"],
    ['varve bisect run varve check', 'find the commit that broke a rule'],
    ['varve bisect good', 'the commit that is checked out is good'],
    ['varve bisect reset', 'go back to the branch'],
  ],
  json: 'BisectInfo & { testing: CommitInfo | null; steps: number; untold: string[] }; log: BisectInfo; terms: { good: string; bad: string }; reset: { reset: true; left: CommitInfo[] }',
  verbatimAfter: 'run',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository } = context
  const [verb, ...words] = given.words
  if (verb === undefined)
    throw usage('missing argument: start, good, bad, skip, run, log, terms, replay or reset')
  const repo = await repository()
  const action = (await ownTerm(repo, verb)) ?? actionOf('bisect', actions, verb)
  if (verb !== 'start' && termsGiven(given) !== undefined)
    throw usage("'--term-new' and '--term-old' are for 'bisect start'")
  const result = await action(context, repo, words)
  if (result === null) return 0
  if (out.json) out.result(result, () => {})
  else await printBisect(out, repo, result)
  return result.untold.length > 0 ? exitUntold : 0
}

/** null: it has printed all there is. */
type Action = (context: Context, repo: Repository, words: readonly string[]) => Promise<BisectResult | null>

const good: Action = async ({ operation }, repo, revisions) =>
  repo.bisect.mark('good', { ...operation, revisions })

const bad: Action = async ({ operation }, repo, revisions) => {
  if (revisions.length > 1) throw usage("'bisect bad' takes one revision")
  return repo.bisect.mark('bad', { ...operation, revisions })
}

/** A word of one's own for good or bad, where the search has it. */
async function ownTerm(repo: Repository, verb: string): Promise<Action | null> {
  if (actions[verb] !== undefined) return null
  const terms = (await repo.bisect.state())?.terms
  return verb === terms?.good ? good : verb === terms?.bad ? bad : null
}

function termsGiven(given: Arguments): Partial<BisectTerms> | undefined {
  const [fresh, old] = [given.text('term-new'), given.text('term-old')]
  if (fresh === undefined && old === undefined) return undefined
  return { ...(old === undefined ? {} : { good: old }), ...(fresh === undefined ? {} : { bad: fresh }) }
}

async function firstNoRevision(repo: Repository, words: readonly string[]): Promise<number> {
  for (const [at, word] of words.entries()) if (!(await isRevision(repo, word))) return at
  return words.length
}

const actions: Readonly<Record<string, Action>> = {
  start: async ({ arguments: given, operation }, repo, words) => {
    const before = given.wordsBeforeDashes - 1
    let [revisions, typed] = [words.slice(0, before), words.slice(before)]
    if (typed.length === 0) {
      // As in Git, what names no revision is a path then.
      const end = await firstNoRevision(repo, words)
      ;[revisions, typed] = [words.slice(0, end), words.slice(end)]
      await requirePaths(repo, given, typed)
    }
    const [bad, ...good] = revisions
    const terms = termsGiven(given)
    return repo.bisect.start({
      ...operation,
      ...(terms === undefined ? {} : { terms }),
      ...(bad === undefined ? {} : { bad, good }),
      ...(typed.length === 0 ? {} : { paths: toPathspecs(given, repo.root, typed) }),
    })
  },
  good,
  old: good,
  bad,
  new: bad,
  skip: async ({ operation }, repo, revisions) => repo.bisect.mark('skip', { ...operation, revisions }),
  run: runTests,
  terms: async ({ out }, repo, words) => {
    if (words.length > 0) throw usage(`unexpected argument '${words[0]!}'`)
    const terms = termsOf(await requireState(repo))
    out.result({ good: terms.good, bad: terms.bad }, () => {
      out.line(`'${terms.good}' is what the older commits are,`)
      out.line(`'${terms.bad}' what the newer ones are`)
    })
    return null
  },
  log: async ({ out }, repo, words) => {
    if (words.length > 0) throw usage(`unexpected argument '${words[0]!}'`)
    const state = await requireState(repo)
    const lines = out.json ? [] : await logLines(repo, state)
    out.result(state, () => {
      for (const line of lines) out.line(visibleLine(line))
    })
    return null
  },
  replay: async ({ arguments: given, operation }, repo, words) => {
    const [file] = words
    if (file === undefined || words.length > 1) throw usage('name one file: bisect replay FILE')
    const { said, paths, terms } = readReplay(await readText(file, 'the log'))
    if ((await repo.bisect.state()) !== null) await repo.bisect.reset(operation)
    const about = paths.length === 0 ? {} : { paths: toPathspecs(given, repo.root, paths) }
    return repo.bisect.start({ ...operation, said, ...about, ...(terms === undefined ? {} : { terms }) })
  },
  reset: async ({ out, operation }, repo, words) => {
    if (words.length > 1) throw usage(`unexpected argument '${words[1]!}'`)
    const [to] = words
    const { left } = await repo.bisect.reset({ ...operation, ...(to === undefined ? {} : { to }) })
    out.result({ reset: true, left }, () => {
      out.say(
        to === undefined ? 'as before the bisection' : `the bisection is over; HEAD is at ${visible(to)}`,
      )
      warnOfLeft(out, left)
    })
    return null
  },
}

async function requireState(
  repo: Repository,
): Promise<NonNullable<Awaited<ReturnType<Repository['bisect']['state']>>>> {
  const state = await repo.bisect.state()
  if (state !== null) return state
  throw new VarveError('VARVE_NOT_POSSIBLE', 'no bisection is under way', {
    hint: "begin one: 'varve bisect start BAD GOOD'",
  })
}

async function runTests(context: Context, repo: Repository, words: readonly string[]): Promise<BisectResult> {
  const { out, operation } = context
  if (words.length === 0) throw usage('missing argument: COMMAND')
  const state = await requireState(repo)
  const { bad, good } = state
  const terms = termsOf(state)
  if (bad === null || good.length === 0) {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `a ${terms.good} and a ${terms.bad} commit have to be named first`,
      {
        hint: `'varve bisect ${terms.good} REV', 'varve bisect ${terms.bad} REV'`,
      },
    )
  }
  let result = await repo.bisect.next(operation)
  while (result.testing !== null) {
    out.say(`testing ${commitLine(result.testing, out.paint)}`)
    const verdict = await verdictOf(context, repo, words)
    out.say(`  ${terms[verdict]}`)
    result = await repo.bisect.mark(verdict, { ...operation, revisions: [result.testing.id] })
  }
  return result
}

async function verdictOf(context: Context, repo: Repository, words: readonly string[]): Promise<Verdict> {
  const { environment, handOver, out } = context
  const [program, ...args] = words
  const child = (): Promise<number | string> =>
    new Promise((resolve) => {
      const running = spawn(program!, args, {
        cwd: repo.root ?? undefined,
        env: { ...environment },
        // Only the answer may come on our own standard output.
        stdio: ['inherit', out.json ? process.stderr : 'inherit', 'inherit'],
      })
      running.once('error', (error) => resolve(error.message))
      running.once('close', (code, signal) => resolve(code ?? `ended by ${signal}`))
    })
  const code = await handOver(child)
  const isUnknown = code === exitUsage && /(^|[/\\])varve(\.cmd|\.js)?$/.test(program!)
  if (typeof code === 'string' || isUnknown || exitNotRun.includes(code) || code > 127) {
    const why = typeof code === 'string' ? code : `exit code ${code}`
    throw new VarveError('VARVE_NOT_POSSIBLE', `the test '${words.join(' ')}' could not be run: ${why}`, {
      data: { command: words },
      hint: "what was found out so far is kept: go on with 'varve bisect run', or end with 'varve bisect reset'",
    })
  }
  return code === 0 ? 'good' : code === exitSkip ? 'skip' : 'bad'
}
