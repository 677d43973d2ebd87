// The search for the first bad commit, with the files at the commit to be tested: HEAD is detached there, and goes back
// where it was at the end. Each step moves HEAD, files and state at once.
import { VarveError } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import type { NamedPath } from '../files/pathspec.ts'
import { type BisectStep, nextToTest } from '../history/bisect.ts'
import { readCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { subjectOf } from '../history/message.ts'
import { branchPrefix, shortRefName } from '../history/refs.ts'
import { resolveRevision } from '../history/revision.ts'
import type { Manifest } from '../store/interface.ts'
import {
  type BisectEntry,
  type BisectState,
  type BisectTerms,
  type Verdict,
  bisectRef,
  usualTerms,
  readBisectState,
  writeBisectState,
} from './bisect-state.ts'
import { requireHead } from './head.ts'
import { refuseWhileMerging } from './merging/refuse.ts'
import type { Folder, FolderOptions, Io, Repo } from './interface.ts'
import { commitsLeftBehind, detachedAt } from './left-behind.ts'
import { touching } from './log/selection-history.ts'
import { refuseStaged } from './merging/merge.ts'
import { type Move, move } from './move.ts'

export interface Bisected {
  readonly state: BisectState
  /** null: a good and a bad commit have to be named first. */
  readonly step: BisectStep | null
}

export interface BisectBeginning {
  /** What is known already, in this order. */
  readonly said?: readonly { readonly verdict: Verdict; readonly revision: string }[]
  /** The first bad commit is one that touched what these stand for. */
  readonly paths?: readonly NamedPath[] | undefined
  readonly terms?: Partial<BisectTerms> | undefined
}

/** Begins a search. One that is under way has to be ended first. */
export async function startBisect(
  repo: Repo,
  folder: Folder | null,
  { said = [], paths, terms }: BisectBeginning,
  options: FolderOptions = {},
): Promise<Bisected> {
  return stepped(repo, folder, 'start', options, async (manifest, io) => {
    if (manifest.refs.has(bisectRef)) {
      throw new VarveError('VARVE_NOT_POSSIBLE', 'a bisection is under way already', {
        hint: "end it with 'varve bisect reset', or go on: 'varve bisect good' or 'varve bisect bad'",
      })
    }
    const { commit } = await requireHead(io.writer, manifest)
    const { head: branch } = manifest
    const began: BisectState = {
      branch,
      start: commit.cid,
      bad: null,
      good: [],
      skipped: [],
      checked: false,
      found: null,
      left: 0,
      paths: paths ?? null,
      terms: checkedTerms(terms),
      log: [],
    }
    const entries: BisectEntry[] = []
    for (const { verdict, revision } of said)
      entries.push({ verdict, commit: (await resolveRevision(repo.store, revision, manifest)).commit })
    return entries.reduce(withEntry, began)
  })
}

const termWord = /^[a-z][a-z0-9_-]{0,49}$/i
/** What is said to a bisection beside good and bad. */
const taken = 'start skip next run log replay reset terms help view visualize'.split(' ')

/** @throws VarveError VARVE_USAGE where a word has another meaning, or none */
function checkedTerms(terms: Partial<BisectTerms> | undefined): BisectTerms {
  if (terms === undefined) return usualTerms
  const { good = 'good', bad = 'bad' } = terms
  const swapped = ['bad', 'new'].includes(good) ? good : ['good', 'old'].includes(bad) ? bad : null
  const wrong = [good, bad].find((word) => !termWord.test(word) || taken.includes(word)) ?? swapped
  if (wrong === null && good !== bad) return { good, bad }
  throw new VarveError(
    'VARVE_USAGE',
    `'${wrong ?? good}' cannot be the word for ${wrong === bad ? 'bad' : 'good'} in a bisection`,
    { hint: "two words that mean nothing else there, as '--term-old fast --term-new slow'" },
  )
}

/** Marks revisions, or HEAD, as good, bad or skipped. */
export async function markBisect(
  repo: Repo,
  folder: Folder | null,
  verdict: Verdict,
  revisions: readonly string[],
  options: FolderOptions = {},
): Promise<Bisected> {
  return stepped(repo, folder, verdict, options, async (manifest, io) => {
    let state = await requireBisect(io, manifest)
    for (const revision of revisions.length === 0 ? ['HEAD'] : revisions) {
      const { commit } = await resolveRevision(repo.store, revision, manifest)
      state = withEntry(state, { verdict, commit })
    }
    return state
  })
}

/** Goes to the commit that is to be tested next, wherever HEAD is now. */
export async function nextOfBisect(
  repo: Repo,
  folder: Folder | null,
  options: FolderOptions = {},
): Promise<Bisected> {
  return stepped(repo, folder, 'next', options, (manifest, io) => requireBisect(io, manifest))
}

/** Ends it: HEAD is where it was, or at the commit or branch `to`. Returns the commits that were made meanwhile, and that no branch has. */
export async function resetBisect(
  repo: Repo,
  folder: Folder | null,
  { to, ...options }: FolderOptions & { readonly to?: string | undefined } = {},
): Promise<Commit[]> {
  let left: CommitCid | null = null
  const manifest = await move(
    repo,
    folder,
    async (manifest, io) => {
      const { branch, start } = await requireBisect(io, manifest)
      await refuseWhileMerging(io.writer, manifest, 'end a bisection')
      refuseStaged(manifest, 'end a bisection')
      left = detachedAt(manifest)
      const goal =
        to === undefined
          ? { ref: branch, commit: (branch === null ? undefined : manifest.refs.get(branch)) ?? start }
          : await resolveRevision(repo.store, to, manifest)
      const back = goal.commit
      // A branch that is gone meanwhile is not made again.
      const ref = goal.ref?.startsWith(branchPrefix) && manifest.refs.has(goal.ref) ? goal.ref : null
      const refs = new Map<string, Cid | null>([[bisectRef, null]])
      refs.set('HEAD', ref === null ? back : null)
      const operation = { name: 'bisect (reset)', message: ref === null ? '' : `to ${shortRefName(ref)}` }
      const { tree } = await readCommit(io.writer, back)
      return { refs, head: ref, operation, show: tree }
    },
    options,
  )
  return commitsLeftBehind(repo, left, manifest)
}

function withEntry(state: BisectState, entry: BisectEntry): BisectState {
  const { verdict, commit } = entry
  const without = (cids: readonly CommitCid[]): CommitCid[] => cids.filter((cid) => cid !== commit)
  const told = { ...state, good: without(state.good), skipped: without(state.skipped) }
  const log = [...state.log, entry]
  if (verdict === 'bad') return { ...told, bad: commit, log }
  if (verdict === 'good') return { ...told, good: [...told.good, commit], log }
  return { ...told, skipped: [...told.skipped, commit], log }
}

async function stepped(
  repo: Repo,
  folder: Folder | null,
  name: string,
  options: FolderOptions,
  change: (manifest: Manifest, io: Io) => Promise<BisectState>,
): Promise<Bisected> {
  let result: Bisected | null = null
  await move(
    repo,
    folder,
    async (manifest, io) => {
      await refuseWhileMerging(io.writer, manifest, 'bisect')
      refuseStaged(manifest, 'bisect')
      const marked = await change(manifest, io)
      const { bad, good, skipped, checked, paths } = marked
      const counts = paths === null ? undefined : touching(repo, paths, options)
      const step =
        bad === null || good.length === 0
          ? null
          : await nextToTest(
              io.writer,
              { bad, good, skipped: new Set(skipped), checked },
              { ...options, counts },
            )
      const state: BisectState = {
        ...marked,
        checked: checked || (step !== null && !isBaseTest(step)),
        found: step?.kind === 'found' ? step.commit : null,
        left: step?.kind === 'test' ? step.left : 0,
      }
      result = { state, step }
      return stepMove(manifest, io, state, step, name)
    },
    options,
  )
  return result!
}

function isBaseTest(step: BisectStep): boolean {
  return step.kind === 'test' && step.isBase
}

async function stepMove(
  manifest: Manifest,
  io: Io,
  state: BisectState,
  step: BisectStep | null,
  name: string,
): Promise<Move> {
  const refs = new Map<string, Cid | null>([[bisectRef, writeBisectState(io.writer, state)]])
  const operation = { name: `bisect (${name})`, message: '' }
  if (step?.kind !== 'test' || manifest.refs.get('HEAD') === step.commit)
    return { refs, operation, show: null }
  const commit = await readCommit(io.writer, step.commit)
  refs.set('HEAD', commit.cid)
  return {
    refs,
    head: null,
    operation: { ...operation, message: subjectOf(commit.message) },
    show: commit.tree,
  }
}

async function requireBisect(io: Io, manifest: Manifest): Promise<BisectState> {
  const state = await readBisectState(io.writer, manifest)
  if (state !== null) return state
  throw new VarveError('VARVE_NOT_POSSIBLE', 'no bisection is under way', {
    hint: "begin one: 'varve bisect start BAD GOOD'",
  })
}
