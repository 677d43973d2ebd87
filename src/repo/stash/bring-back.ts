// Bringing a stash back, and taking that back: the changes are laid over what is there in one move, or nothing is changed.
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import { readCommit } from '../../history/commit.ts'
import { branchRef } from '../../history/refs.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { Manifest } from '../../store/interface.ts'
import { refuseTaken } from '../branches.ts'
import { carryStaged } from '../carry-staged.ts'
import { emptyTreeOf } from '../empty.ts'
import { indexOf, readHead } from '../head.ts'
import { refuseWhileMerging } from '../merging/refuse.ts'
import {
  type FileRoute,
  type Folder,
  type FolderOptions,
  type Io,
  type Repo,
  indexRef,
} from '../interface.ts'
import { move } from '../move.ts'
import { parentTree } from '../merging/pick-change.ts'
import { chosenOf } from './chosen-parts.ts'
import { beforeStash, stagedOf } from './stash-parts.ts'
import { refuseHidden, withTables } from './stash-corners.ts'
import { type Stash, pushName, stashNamed } from './stash.ts'

/** Ends of the names of operations that leave the files other than the index. */
const withIndex = ' --index)'
const inPart = ', staged in part)'

export interface BringBackOptions extends FolderOptions {
  /** The stash stays. */
  readonly keep: boolean
  /** What had been staged alone is staged again. */
  readonly index?: boolean | undefined
  /** Begins this branch where the changes were put aside, and goes there. */
  readonly branch?: string | undefined
}

/** Lays what was put aside over what is there and stages it, or changes nothing where both clash. */
export async function bringBack(
  repo: Repo,
  folder: Folder,
  name: string | undefined,
  options: BringBackOptions,
): Promise<Stash> {
  const { keep, branch, index: byIndex = false } = options
  let found: Stash | null = null
  const moved = move(
    repo,
    folder,
    async (manifest, io) => {
      await refuseWhileMerging(io.writer, manifest, 'bring a stash back')
      if (branch !== undefined) refuseTaken(manifest, branch)
      found = await stashNamed(io.writer, manifest, name)
      const head = await readHead(io.writer, manifest)
      const { index, base: over } = indexOf(manifest)
      const from = index ?? emptyTreeOf(io)
      const start = branch === undefined ? null : await parentTree(io, found.commit, { kind: 'bring back' })
      const ours =
        start === null ? (index ?? head.commit?.tree ?? from) : await carryStaged(manifest, io, start)
      const laid = await layOver(io, found, ours, { ...options, index: byIndex })
      if (!keep) await refuseHidden(io, folder, found, { from, to: laid.files })
      const ref = `refs/${found.name}`
      const verb = branch !== undefined ? 'branch' : keep ? 'apply' : 'pop'
      const ending = byIndex ? withIndex : laid.files === laid.index ? ')' : inPart
      const away: readonly [string, Cid | null][] =
        branch === undefined ? [] : leaving(manifest, branch, found)
      return {
        refs: new Map([...away, ...(keep ? [] : [[ref, null] as const])]),
        ...(branch === undefined ? {} : { head: branchRef(branch) }),
        operation: { name: `stash (${verb}${ending}`, message: found.name },
        show: laid.index,
        over: start ?? over ?? head.commit?.tree ?? laid.index,
        files: { from, to: laid.files, witness: keep ? null : [ref, null] },
      }
    },
    options,
  )
  await moved.catch(async (error: unknown) => {
    // A file that was edited meanwhile did not come back. What failed first is what is told: on a full disk this fails too.
    if (found !== null) await keepStash(repo, found.name, found.commit.cid).catch(() => undefined)
    throw error
  })
  return found!
}

/** The refs that leave where HEAD is for a new branch at the stash's parent. */
function leaving(manifest: Manifest, branch: string, { commit }: Stash): [string, Cid | null][] {
  const detached: [string, Cid | null][] = manifest.head === null ? [['HEAD', null]] : []
  return [...detached, [branchRef(branch), commit.parents[0]!]]
}

/** What a stash laid over the index gives. */
interface Laid {
  /** The files then. */
  readonly files: Cid
  readonly index: Cid
}

async function layOver(
  io: Io,
  stash: Stash,
  ours: Cid,
  options: FolderOptions & { readonly index: boolean },
): Promise<Laid> {
  const { commit } = stash
  const base = await parentTree(io, commit, { kind: 'bring back' })
  const files = await filesOver(io, stash, ours, options)
  if (!options.index) return { files, index: await withTables(io, files, ours, { base, commit }) }
  const again = await mergeTrees({ ...io, base, ours, theirs: stagedOf(commit) ?? base }, options)
  if (again.conflictCount === 0) return { files, index: again.tree }
  throw new VarveError('VARVE_UNCOMMITTED', 'what had been staged conflicts with what is staged', {
    hint: "nothing was changed; bring it back without '--index'",
  })
}

async function filesOver(
  io: Io,
  { name, commit }: Stash,
  ours: Cid,
  options: FolderOptions = {},
): Promise<Cid> {
  const base = await parentTree(io, commit, { kind: 'bring back' })
  const merged = await mergeTrees({ ...io, base, ours, theirs: commit.tree }, options)
  if (merged.conflictCount === 0) return merged.tree
  const paths = merged.paths.filter(({ conflicts }) => conflicts > 0).map(({ path }) => path)
  throw clash(name, paths)
}

/** What the files showed before the operation that is taken back, and show now, where that was not the index. */
export async function filesOfUndone(
  io: Io,
  folder: Folder | null,
  last: Manifest,
  before: Manifest,
): Promise<FileRoute | null> {
  const { name } = last.operation
  // A merge over changes that it could not keep in the files made a stash, too: of all of them.
  const made = [...last.refs.keys()].find((one) => one.startsWith('refs/stash/') && !before.refs.has(one))
  const isPush = made !== undefined
  if (!isPush && ![withIndex, inPart].some((ending) => name.endsWith(ending))) return null
  const message = isPush ? made.slice('refs/'.length) : last.operation.message
  const ref = `refs/${message}`
  const cid = (isPush ? last : before).refs.get(ref)
  const [{ index: now }, { index: then }] = [indexOf(last), indexOf(before)]
  if (cid === undefined || now === null || then === null) return null
  const commit = await readCommit(io.writer, cid)
  if (isPush) {
    const route = chosenOf(commit)
    if (route !== null) return { from: route.after, to: route.before, witness: [ref, null] }
    const to = name === pushName ? await beforeStash(io, now, commit) : commit.tree
    if (folder !== null) await refuseHidden(io, folder, { name: message, commit }, { from: now, to })
    return { from: now, to, witness: [ref, null] }
  }
  const isBranch = name.startsWith('stash (branch')
  const ours = isBranch
    ? await carryStaged(before, io, await parentTree(io, commit, { kind: 'bring back' }))
    : then
  const from = await filesOver(io, { name: message, commit }, ours)
  return { from, to: then, witness: [indexRef, then] }
}

/** Where `pushed` put changes aside, and they could not be brought back: the stash is there again. */
export async function restoreStash(
  repo: Repo,
  { operation: { name, message }, refs }: Manifest,
): Promise<void> {
  const cid = refs.get(`refs/${message}`)
  if (name === pushName && cid !== undefined) await keepStash(repo, message, cid)
}

async function keepStash(repo: Repo, name: string, cid: Cid): Promise<void> {
  const ref = `refs/${name}`
  // Undone, it is tried again to bring it back.
  const operation = { name: pushName, message: name }
  await move(repo, null, async ({ refs }) =>
    refs.has(ref) ? null : { refs: new Map([[ref, cid]]), operation, show: null },
  )
}

function clash(name: string, paths: readonly string[]): VarveError {
  return new VarveError(
    'VARVE_UNCOMMITTED',
    `'${name}' conflicts with what is here: ${paths.slice(0, 5).join(', ')}`,
    {
      data: { stash: name, paths },
      hint: `nothing was changed; commit what is here, then 'varve cherry-pick ${name}' stores the conflicts for you to resolve`,
    },
  )
}
