// The search for the commit that broke something: `Repository.bisect`, which keeps its state and moves the files, and
// `findFirstBad`, which asks a function and touches nothing.
import { digestHex } from '../encoding/cid.ts'
import type { NamedPath } from '../files/pathspec.ts'
import type { BisectStep } from '../history/bisect.ts'
import { readCommit } from '../history/commit.ts'
import { resolveRevision } from '../history/revision.ts'
import type { Bisected } from '../repo/bisect.ts'
import {
  type BisectState,
  type BisectTerms,
  type Verdict,
  readBisectState,
  usualTerms,
} from '../repo/bisect-state.ts'
import type { Folder, Repo } from '../repo/interface.ts'
import { shortRefName } from '../history/refs.ts'
import { commitInfoOf, idOf } from './info.ts'
import type { CommitInfo, OperationOptions } from './interface.ts'

export type { BisectTerms, Verdict }

export interface BisectInfo {
  /** The branch that HEAD was at when the search began; null when it was detached. */
  readonly branch: string | null
  /** The commit that HEAD was at then. */
  readonly start: string
  readonly bad: string | null
  readonly good: readonly string[]
  readonly skipped: readonly string[]
  /** The first bad commit. */
  readonly found: string | null
  /** How many commits may still have to be tested after the one that is checked out. */
  readonly left: number
  readonly log: readonly { readonly verdict: Verdict; readonly commit: string }[]
  /** What good and bad are called, where that was said. */
  readonly terms?: BisectTerms
  /** Set where only commits that touched these are looked at. */
  readonly paths?: readonly NamedPath[]
}

export interface BisectResult extends BisectInfo {
  /** The commit to be tested, which is checked out; null when there is none. */
  readonly testing: CommitInfo | null
  /** About so many more tests. */
  readonly steps: number
  /** When only skipped commits are left: the first bad one is among these. */
  readonly untold: readonly string[]
}

export class Bisect {
  readonly #repo: Repo
  readonly #folder: Folder | null

  constructor(repo: Repo, folder: Folder | null) {
    this.#repo = repo
    this.#folder = folder
  }

  /** The search under way; null when there is none. */
  async state(): Promise<BisectInfo | null> {
    return readBisecting(this.#repo)
  }

  /**
   * Begins a search. As soon as one commit is known to be bad and one to be good, it goes to the one in the middle. With
   * `paths` only commits that touched these are looked at. `said`: answers of another search, which are given again. `terms`:
   * what good and bad are called, as `varve bisect log` and people see it; `mark` knows them as good and bad.
   */
  async start(
    options: OperationOptions & {
      bad?: string
      good?: readonly string[]
      said?: readonly { readonly verdict: Verdict; readonly revision: string }[]
      paths?: readonly NamedPath[]
      terms?: Partial<BisectTerms>
    } = {},
  ): Promise<BisectResult> {
    const { startBisect } = await import('../repo/bisect.ts')
    const { bad, good = [], said: more = [], paths, terms, ...rest } = options
    const verdicts = [
      ...(bad === undefined ? [] : [{ verdict: 'bad', revision: bad } as const]),
      ...good.map((revision) => ({ verdict: 'good', revision }) as const),
    ]
    const beginning = { said: [...verdicts, ...more], paths, terms }
    return this.#resultOf(await startBisect(this.#repo, this.#folder, beginning, rest))
  }

  /** Marks HEAD, or the named revisions, and goes to the next commit. */
  async mark(
    verdict: Verdict,
    options: OperationOptions & { revisions?: readonly string[] } = {},
  ): Promise<BisectResult> {
    const { markBisect } = await import('../repo/bisect.ts')
    const { revisions = [], ...rest } = options
    return this.#resultOf(await markBisect(this.#repo, this.#folder, verdict, revisions, rest))
  }

  /** Goes to the commit to be tested next, wherever HEAD is now. */
  async next(options: OperationOptions = {}): Promise<BisectResult> {
    const { nextOfBisect } = await import('../repo/bisect.ts')
    return this.#resultOf(await nextOfBisect(this.#repo, this.#folder, options))
  }

  /**
   * Ends the search, and goes back to where HEAD was. `left` has the commits made meanwhile that are on no branch,
   * newest first. `to`: a branch or commit to go to instead.
   */
  async reset(options: OperationOptions & { to?: string } = {}): Promise<{ left: readonly CommitInfo[] }> {
    const { resetBisect } = await import('../repo/bisect.ts')
    const left = await resetBisect(this.#repo, this.#folder, options)
    return { left: left.map((commit) => commitInfoOf(commit, new Map())) }
  }

  async #resultOf({ state, step }: Bisected): Promise<BisectResult> {
    const testing = step?.kind === 'test' ? step.commit : null
    return {
      ...bisectInfoOf(state),
      testing: testing === null ? null : commitInfoOf(await readCommit(this.#repo.store, testing), new Map()),
      steps: step?.kind === 'test' ? step.steps : 0,
      untold: step?.kind === 'untold' ? step.commits.map(digestHex) : [],
    }
  }
}

export async function readBisecting(repo: Repo): Promise<BisectInfo | null> {
  const state = await readBisectState(repo.store, await repo.store.manifest())
  return state === null ? null : bisectInfoOf(state)
}

function bisectInfoOf(state: BisectState): BisectInfo {
  const { branch, start, bad, good, skipped, found, left, log, paths, terms } = state
  return {
    branch: branch === null ? null : shortRefName(branch),
    start: idOf(start),
    bad: idOf(bad),
    good: good.map(digestHex),
    skipped: skipped.map(digestHex),
    found: idOf(found),
    left,
    log: log.map(({ verdict, commit }) => ({ verdict, commit: idOf(commit) })),
    ...(terms === usualTerms ? {} : { terms }),
    ...(paths === null ? {} : { paths }),
  }
}

export interface FirstBadOptions extends OperationOptions {
  /** Default: HEAD. */
  readonly bad?: string
  readonly good: string | readonly string[]
  /** Says whether a commit is good or bad; 'skip' when that cannot be told. */
  readonly test: (commit: CommitInfo) => Promise<Verdict> | Verdict
}

export interface FirstBad {
  /** The first bad commit; null when only skipped commits were left: then it is one of `untold`. */
  readonly commit: CommitInfo | null
  readonly untold: readonly string[]
  readonly tested: number
}

export async function findFirstBad(repo: Repo, options: FirstBadOptions): Promise<FirstBad> {
  const { nextToTest } = await import('../history/bisect.ts')
  const manifest = await repo.store.manifest()
  const { signal } = options
  const named = async (revision: string): Promise<BisectState['start']> =>
    (await resolveRevision(repo.store, revision, manifest)).commit
  let bad = await named(options.bad ?? 'HEAD')
  const good = await Promise.all([options.good].flat().map(named))
  if (good.length === 0) throw new TypeError('findFirstBad needs a good revision')
  const skipped = new Set<BisectState['start']>()
  const infoOf = async (cid: BisectState['start']): Promise<CommitInfo> =>
    commitInfoOf(await readCommit(repo.store, cid), new Map())
  let checked = false
  for (let tested = 0; ; tested++) {
    const step: BisectStep = await nextToTest(repo.store, { bad, good, skipped, checked }, { signal })
    checked ||= step.kind !== 'test' || !step.isBase
    if (step.kind === 'found') return { commit: await infoOf(step.commit), untold: [], tested }
    if (step.kind === 'untold') return { commit: null, untold: step.commits.map(digestHex), tested }
    options.onProgress?.({
      phase: 'bisecting',
      done: tested,
      total: tested + step.steps + 1,
      unit: 'commits',
    })
    const verdict = await options.test(await infoOf(step.commit))
    if (verdict === 'bad') bad = step.commit
    else if (verdict === 'good') good.push(step.commit)
    else if (verdict === 'skip') skipped.add(step.commit)
    else throw new TypeError("test says 'good', 'bad' or 'skip'")
  }
}
