// Making a commit of the index. The branch may have moved since the index was laid over it (another process): the
// commit then merges the staged changes onto the newer tree instead of undoing the other's work.
import { VarveError } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { nextGeneration, readCommit } from '../history/commit.ts'
import type { Commit, Person, Signature } from '../history/interface.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { Tree } from '../files/tree.ts'
import { subjectOf } from '../history/message.ts'
import { shortRefName } from '../history/refs.ts'
import type { Manifest, ObjectWriter } from '../store/interface.ts'
import { operatorOf, signatureOf, withWriter } from './context.ts'
import { emptyTreeOf } from './empty.ts'
import { type Head, readHead } from './head.ts'
import { type Io, type MergeState, type Repo, indexBaseRef, indexRef, mergeRef } from './interface.ts'
import { readMergeState, stepsOf, withoutPick, writeMergeState } from './merging/merge-state.ts'
import { verbOf } from './merging/verb.ts'
import { type SignChoice, putCommit, signingAs } from './signing.ts'

export interface CommitOptions {
  readonly message?: string | undefined
  /** A signature keeps its date; else it is now. */
  readonly author?: Person | Signature | undefined
  readonly amend?: boolean | undefined
  readonly allowEmpty?: boolean | undefined
  /** Of these paths alone; what else is staged stays so. */
  readonly only?: ((path: Path) => boolean) | undefined
  /** Default: as the merge that it ends was asked to, else as the settings have it. */
  readonly sign?: SignChoice | undefined
  readonly signal?: AbortSignal | undefined
}

export async function commitIndex(repo: Repo, options: CommitOptions): Promise<Commit> {
  return withWriter(repo, async (writer, nodes) => {
    let made: Cid | null = null
    await repo.store.update(
      async (manifest) => {
        const plan = await planCommit(repo, manifest, { writer, nodes }, options)
        made = plan.commit
        return {
          refs: new Map<string, Cid | null>([
            [plan.ref, plan.commit],
            [indexRef, plan.index],
            [indexBaseRef, plan.base],
            [mergeRef, plan.merge],
          ]),
          operation: {
            name: options.amend === true ? 'commit (amend)' : plan.name,
            message: plan.subject,
            author: operatorOf(repo, manifest),
          },
        }
      },
      { writer, signal: options.signal },
    )
    return readCommit(repo.store, made!)
  })
}

export interface CommitPreview {
  /** The ref that would move. */
  readonly ref: string
  readonly parents: readonly Cid[]
  /** Tree of the first parent; the empty one where there is none. */
  readonly before: Cid
  readonly tree: Cid
}

/** What `commitIndex` would commit if `index` were staged. It is refused when the commit would be. */
export async function previewCommit(
  manifest: Manifest,
  io: Io,
  options: CommitOptions & { readonly index?: Cid },
): Promise<CommitPreview> {
  const { head, amended, merge, tree } = await nextTree(manifest, io, options)
  const parents = parentsOf(head.commit, amended, merge)
  const before = parents.length === 0 ? emptyTreeOf(io) : (await readCommit(io.writer, parents[0]!)).tree
  return { ref: head.ref, parents, before, tree }
}

interface Next {
  readonly head: Head
  readonly state: MergeState | null
  /** The merge that this commit ends. */
  readonly merge: MergeState | null
  readonly index: Cid
  /** As much of it as is committed. */
  readonly base: Cid
  readonly amended: Commit | null
  readonly tree: Cid
}

/** What a commit of the index holds, and on top of what. @throws VarveError VARVE_NOTHING_TO_COMMIT */
async function nextTree(
  manifest: Manifest,
  io: Io,
  options: CommitOptions & { readonly index?: Cid },
): Promise<Next> {
  const head = await readHead(io.writer, manifest)
  const state = await readMergeState(io.writer, manifest)
  refuseUnresolved(state)
  // A series whose commit is made already waits for other things; this is a commit like any.
  const merge = state !== null && stepsOf(state)?.waits === false ? null : state
  const headTree = head.commit?.tree ?? emptyTreeOf(io)
  // Where nothing was ever staged (commits came by the API or an import), the next commit holds what HEAD has.
  const index = options.index ?? manifest.refs.get(indexRef) ?? headTree
  const laidOver = manifest.refs.get(indexBaseRef) ?? headTree
  const { only, signal } = options
  if (only !== undefined && state !== null) throw partOfMerge(state.kind)
  const base = only === undefined ? index : await withPaths(io, laidOver, index, { only, signal })
  const tree = await ontoHead(io, { base: laidOver, headTree, index: base })
  const amended = amendedCommit(head.commit, options, merge)
  if (tree === (amended === null ? headTree : null) && merge === null && options.allowEmpty !== true) {
    throw nothingToCommit(shortRefName(head.ref))
  }
  return { head, state, merge, index, base, amended, tree }
}

interface Plan {
  readonly ref: string
  readonly commit: Cid
  readonly index: Cid
  /** What that is laid over. */
  readonly base: Cid
  readonly subject: string
  readonly name: string
  /** What is left of the merge: of a series the commits still to come. */
  readonly merge: Cid | null
}

async function planCommit(repo: Repo, manifest: Manifest, io: Io, options: CommitOptions): Promise<Plan> {
  const { head, state, merge, index, base, amended, tree } = await nextTree(manifest, io, options)
  const message = options.message ?? merge?.message ?? amended?.message
  if (message === undefined || message.trim() === '') {
    throw new VarveError('VARVE_USAGE', 'a commit needs a message', {
      hint: "say what changed: 'varve commit -m MESSAGE'",
    })
  }
  const committer = signatureOf(repo, manifest)
  const kept = options.author === undefined ? (merge?.author ?? null) : options.author
  const moment = options.author !== undefined && 'timeMs' in options.author ? options.author : committer
  const signed = signatureOf(repo, manifest, kept, moment)
  const parents = parentsOf(head.commit, amended, merge)
  const commit = await putCommit(signingAs(repo, options.sign ?? merge?.sign), manifest, io.writer, {
    tree,
    parents,
    author:
      options.author === undefined ? (amended?.author ?? (await pickedAuthor(io, merge)) ?? signed) : signed,
    committer,
    message,
    generation: await nextGeneration(io.writer, parents),
    extra: merge?.extra ?? amended?.extra ?? {},
  })
  return {
    ref: head.ref,
    commit,
    index,
    base,
    subject: subjectOf(message),
    name: merge?.kind ?? 'commit',
    merge: stateLeft(io, { state, merge, commit }),
  }
}

/** The tree `before` with some paths as the index has them. */
async function withPaths(
  io: Io,
  before: Cid,
  index: Cid,
  { only, signal }: { readonly only: (path: Path) => boolean; readonly signal?: AbortSignal | undefined },
): Promise<Cid> {
  const tree = await Tree.load(io.nodes, before)
  const edits = new Map<Path, TreeEntry | null>()
  for await (const batch of diffTrees(tree, await Tree.load(io.nodes, index), { signal }))
    for (const { path, after } of batch) if (only(path)) edits.set(path, after)
  return (await tree.update(io.writer, edits, { signal })).cid
}

export function partOfMerge(kind: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `a part of a ${kind} cannot be committed alone`, {
    hint: 'commit all of it: name no paths',
  })
}

/** A commit that is picked keeps its author and its date, as without conflicts. */
async function pickedAuthor(io: Pick<Io, 'nodes'>, merge: MergeState | null): Promise<Signature | null> {
  if (merge?.kind !== 'cherry-pick' && merge?.kind !== 'rebase') return null
  return (await readCommit(io.nodes.reader, merge.theirs)).author
}

/** HEAD is where a series of picks has brought it only while nothing else is committed on top. */
function stateLeft(
  io: { writer: ObjectWriter },
  { state, merge, commit }: { state: MergeState | null; merge: MergeState | null; commit: CommitCid },
): Cid | null {
  const left = state === null ? null : withoutPick(state, merge === null ? null : commit)
  return left === null ? null : writeMergeState(io.writer, left)
}

/** The index's changes on top of HEAD's tree, when HEAD is no longer what the index was laid over. */
async function ontoHead(io: Io, trees: { base: Cid; headTree: Cid; index: Cid }): Promise<Cid> {
  if (trees.base === trees.headTree) return trees.index
  const { mergeTrees } = await import('../merge/merge-trees.ts')
  const merged = await mergeTrees({ ...io, base: trees.base, ours: trees.headTree, theirs: trees.index })
  if (merged.conflictCount === 0) return merged.tree
  throw new VarveError(
    'VARVE_NOT_POSSIBLE',
    'the branch has moved, and its new commits conflict with what is staged',
    {
      data: { paths: merged.paths.filter((path) => path.conflicts > 0).map((path) => path.path) },
      hint: "keep your changes on a branch of their own: 'varve switch -c NAME', commit there, then merge",
    },
  )
}

export function refuseUnresolved(merge: MergeState | null): void {
  if (merge === null || merge.conflicts === null) return
  const verb = verbOf(merge.kind)
  throw new VarveError('VARVE_MERGE_CONFLICT', `the ${verb} still has conflicts`, {
    hint: `see them with 'varve conflicts', settle them with 'varve resolve', or give up with 'varve ${verb} --abort'`,
  })
}

function amendedCommit(head: Commit | null, options: CommitOptions, merge: MergeState | null): Commit | null {
  if (options.amend !== true) return null
  if (head !== null && merge === null) return head
  if (head === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'there is no commit to amend', {
      hint: "make the first one without '--amend'",
    })
  }
  const verb = verbOf(merge!.kind)
  throw new VarveError('VARVE_NOT_POSSIBLE', `cannot amend in the middle of a ${verb}`, {
    hint: `commit what it did with 'varve ${verb} --continue', or go back with 'varve ${verb} --abort'; then amend`,
  })
}

function parentsOf(head: Commit | null, amended: Commit | null, merge: MergeState | null): Cid[] {
  if (amended !== null) return [...amended.parents]
  const parents: Cid[] = head === null ? [] : [head.cid]
  if (merge?.kind === 'merge') parents.push(merge.theirs)
  return parents
}

function nothingToCommit(branch: string): VarveError {
  return new VarveError('VARVE_NOTHING_TO_COMMIT', `nothing to commit on '${branch}'`, {
    hint: "stage changes with 'varve add PATH', or commit all tracked changes with 'varve commit -a'",
  })
}
