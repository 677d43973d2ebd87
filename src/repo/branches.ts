// Branches: made, listed, renamed, deleted. All of it is one compare-and-set of the manifest.
import { VarveError } from '../base/errors.ts'
import { didYouMean, nearest } from '../base/nearest.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { divergence, isAncestor } from '../history/ancestry.ts'
import { readCommits } from '../history/commit.ts'
import { subjectOf } from '../history/message.ts'
import { branchPrefix, branchRef, remotePrefix, shortRefName } from '../history/refs.ts'
import { resolveStart } from '../history/revision-set.ts'
import { resolveRevision } from '../history/revision.ts'
import type { Manifest } from '../store/interface.ts'
import { operatorOf } from './context.ts'
import { peelToCommit, readHead } from './head.ts'
import type { Repo } from './interface.ts'
import { otherCheckouts } from './worktrees/checkouts.ts'
import { type RefFilter, hasName, isNarrow, passing } from './ref-filter.ts'
import { type RefDetails, sortRefs, sortsByDate } from './ref-sort.ts'

export interface Branch {
  readonly name: string
  readonly current: boolean
  /** Set where another checkout of this repository has it. */
  readonly elsewhere?: true
  readonly commit: CommitCid | null
  readonly upstream: string | null
  readonly subject: string
  /** Where it was asked for: how far it and its upstream have gone apart; null without one, or where that is gone. */
  readonly divergence?: { readonly ahead: number; readonly behind: number } | null
  /** Where they were asked for: of its commit; none before the first one. */
  readonly details?: RefDetails<Cid>
}

export interface BranchesOptions extends RefFilter {
  /** Remote branches alone. */
  readonly remotes?: boolean
  /** Remote branches too. */
  readonly all?: boolean
  /** Tell how far each branch and its upstream have gone apart. */
  readonly divergence?: boolean
  /** Tell what its commit says, too. */
  readonly details?: boolean
}

/** With `only`, these refs alone are listed. */
export async function listBranches(
  repo: Repo,
  options: BranchesOptions & { readonly only?: readonly string[] } = {},
): Promise<Branch[]> {
  sortsByDate(options)
  const manifest = await repo.store.manifest()
  const local = options.remotes !== true || options.all === true
  const remote = options.remotes === true || options.all === true
  const listed = (options.only ?? [...manifest.refs.keys()])
    .filter((ref) => (local && ref.startsWith(branchPrefix)) || (remote && ref.startsWith(remotePrefix)))
    .filter((ref) => hasName(shortRefName(ref), options))
    .sort()
  const tips = listed.map((ref) => manifest.refs.get(ref)!)
  const passed = await passing(repo.store, manifest, tips, options)
  const names = listed.filter((_, i) => passed.has(tips[i]!))
  const commits = await readCommits(
    repo.store,
    names.map((name) => manifest.refs.get(name)!),
  )
  const described = names.map((ref, i) => {
    const { cid: object, author, committer, message } = commits[i]!
    return { ref, object, author, committer, message, tagger: null }
  })
  const taken = new Set(otherCheckouts(manifest).map(({ head }) => head))
  const branches: Branch[] = sortRefs(described, options).map((details) => ({
    name: shortRefName(details.ref),
    current: manifest.head === details.ref,
    ...(taken.has(details.ref) ? { elsewhere: true } : {}),
    commit: details.object,
    upstream: upstreamOf(manifest, details.ref),
    subject: subjectOf(details.message),
    ...(options.details === true ? { details } : {}),
  }))
  const isWhole = options.only === undefined && !isNarrow(options)
  if (local && isWhole && manifest.head !== null && !manifest.refs.has(manifest.head)) {
    branches.unshift(unborn(manifest.head, manifest))
  }
  if (options.divergence !== true) return branches
  const apart: Branch[] = []
  for (const branch of branches)
    apart.push({ ...branch, divergence: await apartOf(repo, manifest, branch, options.signal) })
  return apart
}

async function apartOf(
  { store }: Repo,
  manifest: Manifest,
  { name, commit }: Branch,
  signal: AbortSignal | undefined,
): Promise<NonNullable<Branch['divergence']> | null> {
  const upstream = manifest.refs.get(manifest.config.get(`branch.${name}.upstream`) ?? '')
  if (commit === null || upstream === undefined) return null
  const { ahead, behind } = await divergence(store, commit, upstream, { signal })
  return { ahead, behind }
}

function unborn(ref: string, manifest: Manifest): Branch & { commit: CommitCid } {
  const branch = {
    name: shortRefName(ref),
    current: true,
    upstream: upstreamOf(manifest, ref),
    subject: '',
  }
  return { ...branch, commit: null } as unknown as Branch & { commit: CommitCid }
}

function upstreamOf(manifest: Manifest, ref: string): string | null {
  const upstream = manifest.config.get(`branch.${shortRefName(ref)}.upstream`)
  return upstream === undefined ? null : shortRefName(upstream)
}

export async function createBranch(
  repo: Repo,
  name: string,
  options: { startPoint?: string; force?: boolean; isBare?: boolean } = {},
): Promise<Branch> {
  const ref = branchRef(name)
  await repo.store.update(async (manifest) => {
    if (manifest.refs.has(ref) && options.force !== true) throw exists(name)
    // In a bare repository no files follow it.
    if (manifest.head === ref && manifest.refs.has(ref) && options.isBare !== true) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `cannot move branch '${name}': it is the current one`, {
        hint: "use 'varve reset'",
      })
    }
    const start = await resolveStart(repo.store, options.startPoint ?? 'HEAD', manifest)
    const upstream = start.ref?.startsWith(remotePrefix) ? start.ref : null
    return {
      refs: new Map([[ref, start.commit]]),
      config: upstream === null ? new Map() : new Map([[`branch.${name}.upstream`, upstream]]),
      operation: { name: 'branch', message: `create ${name}`, author: operatorOf(repo, manifest) },
    }
  })
  return (await listBranches(repo)).find((branch) => branch.name === name)!
}

export async function deleteBranch(
  repo: Repo,
  name: string,
  options: { force?: boolean } = {},
): Promise<void> {
  const ref = branchRef(name)
  await repo.store.update(async (manifest) => {
    const target = manifest.refs.get(ref)
    if (target === undefined) throw noBranch(name, manifest)
    if (manifest.head === ref) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `cannot delete '${name}': it is the current branch`, {
        hint: "change to another one first: 'varve switch NAME'",
      })
    }
    const reference = await referenceOf(repo, manifest, name)
    if (options.force !== true && !(await isIn(repo, target, reference.commit)))
      throw new VarveError(
        'VARVE_NOT_POSSIBLE',
        `branch '${name}' has commits that ${reference.name} has not`,
        {
          hint: `merge it first, or delete it all the same with 'varve branch -D ${name}'`,
        },
      )
    return {
      refs: new Map([[ref, null]]),
      config: new Map([[`branch.${name}.upstream`, null]]),
      operation: { name: 'branch', message: `delete ${name}`, author: operatorOf(repo, manifest) },
    }
  })
}

/** Into what a branch must be merged before it may go, as in Git: its upstream where that is there, else HEAD. */
async function referenceOf(
  repo: Repo,
  manifest: Manifest,
  branch: string,
): Promise<{ name: string; commit: Cid | null }> {
  const upstream = manifest.config.get(`branch.${branch}.upstream`)
  const followed = upstream === undefined ? undefined : manifest.refs.get(upstream)
  if (followed !== undefined) return { name: `'${shortRefName(upstream!)}'`, commit: followed }
  const { commit } = await readHead(repo.store, manifest)
  const head = manifest.head === null ? 'HEAD' : `'${shortRefName(manifest.head)}'`
  return { name: head, commit: commit?.cid ?? null }
}

async function isIn(repo: Repo, target: Cid, reference: Cid | null): Promise<boolean> {
  return reference !== null && isAncestor(repo.store, target, await peelToCommit(repo.store, reference))
}

/** Lets the branch follow `upstream`, a branch of a remote; null ends that. */
export async function followBranch(repo: Repo, name: string, upstream: string | null): Promise<void> {
  const ref = branchRef(name)
  await repo.store.update(async (manifest) => {
    if (!manifest.refs.has(ref) && manifest.head !== ref) throw noBranch(name, manifest)
    const key = `branch.${name}.upstream`
    if (upstream === null && !manifest.config.has(key))
      throw new VarveError('VARVE_REF_NOT_FOUND', `branch '${name}' has no upstream`, {
        hint: "'varve branch -u REMOTE/BRANCH' sets one",
      })
    const followed = upstream === null ? null : await remoteBranch(repo, manifest, upstream)
    const message = followed === null ? `${name} follows none` : `${name} follows ${shortRefName(followed)}`
    return {
      config: new Map([[key, followed]]),
      operation: { name: 'branch', message, author: operatorOf(repo, manifest) },
    }
  })
}

async function remoteBranch(repo: Repo, manifest: Manifest, name: string): Promise<string> {
  const { ref } = await resolveRevision(repo.store, name, manifest)
  if (ref?.startsWith(remotePrefix) === true) return ref
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${name}' is not a remote branch`, {
    hint: "'varve branch -r' lists them; 'varve push -u REMOTE BRANCH' makes a new one and sets it as upstream",
  })
}

export async function renameBranch(repo: Repo, from: string, to: string): Promise<void> {
  const [old, fresh] = [branchRef(from), branchRef(to)]
  await repo.store.update(async (manifest) => {
    const target = manifest.refs.get(old)
    if (target === undefined && manifest.head !== old) throw noBranch(from, manifest)
    if (old === fresh) return null
    if (manifest.refs.has(fresh)) throw exists(to)
    const upstream = manifest.config.get(`branch.${from}.upstream`)
    const refs = new Map<string, Cid | null>()
    if (target !== undefined) refs.set(old, null).set(fresh, target)
    return {
      refs,
      config: new Map([
        [`branch.${from}.upstream`, null],
        ...(upstream === undefined ? [] : ([[`branch.${to}.upstream`, upstream]] as const)),
      ]),
      ...(manifest.head === old ? { head: fresh } : {}),
      operation: { name: 'branch', message: `rename ${from} to ${to}`, author: operatorOf(repo, manifest) },
    }
  })
}

/** @throws VarveError VARVE_NOT_POSSIBLE where the branch exists */
export function refuseTaken({ refs }: Manifest, name: string): void {
  if (refs.has(branchRef(name))) throw exists(name)
}

function exists(name: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `branch '${name}' exists already`, {
    hint: `go to it with 'varve switch ${name}', or choose another name`,
  })
}

export function noBranch(name: string, { refs }: Manifest): VarveError {
  const names = [...refs.keys()].filter((ref) => ref.startsWith(branchPrefix)).map(shortRefName)
  return new VarveError('VARVE_REF_NOT_FOUND', `no branch '${name}'`, {
    hint: didYouMean(nearest(name, names), "see 'varve branch' for the names"),
  })
}
