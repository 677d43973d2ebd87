// What picking a commit means: which two trees its change lies between, forwards (cherry-pick) or backwards (revert), what
// the new commit says, and which commits a list of revisions and ranges names.
import { VarveError } from '../../base/errors.ts'
import { type CommitCid, digestHex, shortCid } from '../../encoding/cid.ts'
import { walkCommits } from '../../history/ancestry.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { subjectOf } from '../../history/message.ts'
import { namesSet, resolveSet } from '../../history/revision-set.ts'
import { resolveRevision, splitRange } from '../../history/revision.ts'
import type { Manifest } from '../../store/interface.ts'
import { emptyTreeOf } from '../empty.ts'
import type { Io, Repo } from '../interface.ts'

export type PickKind = 'cherry-pick' | 'revert'

export interface PickChoice {
  readonly kind: PickKind
  /** Which parent of a merge commit its change is taken against, from 1. */
  readonly mainline?: number | null | undefined
  /** For a cherry-pick: its message names the commit that it was. */
  readonly nameOrigin?: boolean | undefined
}

export interface Change {
  readonly base: Commit['tree']
  readonly theirs: Commit['tree']
  readonly message: string
}

/** More would not fit into the object that remembers them. */
export const commitsMax = 50_000

/**
 * In the order in which they are picked. Single commits: as they are named. With a range or '^A' among them all the words name
 * one set, oldest first, or to be reverted newest first.
 */
export async function commitsNamed(
  repo: Repo,
  manifest: Manifest,
  revisions: readonly string[],
  { kind, signal }: { readonly kind: PickKind; readonly signal?: AbortSignal | undefined },
): Promise<CommitCid[]> {
  const commitOf = async (name: string): Promise<CommitCid> =>
    (await resolveRevision(repo.store, name, manifest)).commit
  const named: CommitCid[] = []
  if (!revisions.some(namesSet)) for (const revision of revisions) named.push(await commitOf(revision))
  else {
    const sided = revisions.find((revision) => splitRange(revision)?.symmetric === true)
    if (sided !== undefined)
      throw new VarveError('VARVE_USAGE', `'${sided}' has two sides, and ${kind} takes one`, {
        hint: `write it with two dots: '${sided.replace('...', '..')}'`,
      })
    const { from, exclude } = await resolveSet(repo.store, revisions, manifest)
    for await (const { cid } of walkCommits(repo.store, from, { exclude, signal })) {
      named.push(cid)
      if (named.length > commitsMax) break
    }
    if (kind === 'cherry-pick') named.reverse()
  }
  if (named.length > commitsMax) throw tooMany(kind)
  if (named.length > 0) return named
  throw new VarveError('VARVE_NOTHING_TO_COMMIT', `'${revisions.join(' ')}' has no commits`, {
    hint: "a range 'A..B' has those of B that A has not",
  })
}

export async function changeOf(io: Io, commit: Commit, choice: PickChoice): Promise<Change> {
  const parent = await parentOf(io, commit, choice)
  const before = parent?.tree ?? emptyTreeOf(io)
  if (choice.kind === 'revert') {
    const against = commit.parents.length > 1 ? `, reversing\nchanges made to ${idOf(parent!)}` : ''
    const message = `Revert "${subjectOf(commit.message)}"\n\nThis reverts commit ${idOf(commit)}${against}.`
    return { base: commit.tree, theirs: before, message }
  }
  const message = choice.nameOrigin === true ? withOrigin(commit) : commit.message
  return { base: before, theirs: commit.tree, message }
}

/** The tree of the parent that its change is against; the empty one of a first commit. */
export async function parentTree(
  io: Io,
  commit: Commit,
  choice: { readonly kind: string; readonly mainline?: number | null | undefined },
): Promise<Commit['tree']> {
  return (await parentOf(io, commit, choice))?.tree ?? emptyTreeOf(io)
}

async function parentOf(
  io: Io,
  { cid, parents }: Commit,
  { kind, mainline = null }: { readonly kind: string; readonly mainline?: number | null | undefined },
): Promise<Commit | null> {
  if (parents.length > 1 && mainline === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `cannot ${kind} the merge commit ${shortCid(cid)}`, {
      hint: `say which parent it is to be compared with: '-m 1' is the branch that was merged into; or ${kind} the commits that it brought in`,
    })
  }
  if (
    mainline !== null &&
    !(Number.isInteger(mainline) && mainline >= 1 && mainline <= Math.max(1, parents.length))
  )
    throw new VarveError('VARVE_NOT_POSSIBLE', `commit ${shortCid(cid)} has no parent ${mainline}`, {
      hint:
        parents.length > 1
          ? `its parents are numbered from 1 to ${parents.length}`
          : "it is not a merge commit: leave out '-m'",
    })
  const parent = parents[(mainline ?? 1) - 1]
  return parent === undefined ? null : readCommit(io.writer, parent)
}

/** As git's -x: in the last paragraph where that is made of such lines, else in one of its own. */
function withOrigin(commit: Commit): string {
  const text = commit.message.trimEnd()
  const [, ...paragraphs] = text.split(/\n\s*\n/)
  const isTrailer = (line: string): boolean => /^([A-Za-z0-9-]+: |\(cherry picked from commit )/.test(line)
  const gap = paragraphs.at(-1)?.split('\n').every(isTrailer) === true ? '\n' : '\n\n'
  return `${text}${gap}(cherry picked from commit ${idOf(commit)})\n`
}

function idOf({ cid }: Commit): string {
  return digestHex(cid)
}

/** `what` was to be done: 'revert of 3 commits'. */
export function changesNothing(what: string): VarveError {
  return new VarveError('VARVE_NOTHING_TO_COMMIT', `${what} changes nothing here`, {
    hint: 'this branch already has what it would change',
  })
}

function tooMany(kind: PickKind): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `there are more than ${commitsMax} commits to ${kind}`, {
    hint: 'do it in several steps, each with a part of the range',
  })
}
