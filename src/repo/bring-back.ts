// Bringing a stash back, and taking that back: the changes are laid over what is there in one move, or nothing is changed.
import { VarveError } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { readCommit } from '../history/commit.ts'
import { mergeTrees } from '../merge/merge-trees.ts'
import type { Manifest } from '../store/interface.ts'
import { emptyTreeOf } from './empty.ts'
import { indexOf, readHead, refuseWhileMerging } from './head.ts'
import { type FileRoute, type Folder, type FolderOptions, type Io, type Repo, indexRef } from './interface.ts'
import { type Move, move } from './move.ts'
import { onlyParentTree } from './pick.ts'
import { beforeStash, stagedOf } from './stash-parts.ts'
import { type Stash, pushName, stashNamed } from './stash.ts'

/** Of the names of operations that leave the files other than the index. */
const withIndex = ' --index)'

export interface BringBackOptions extends FolderOptions {
  /** The stash stays. */
  readonly keep: boolean
  /** What had been staged alone is staged again. */
  readonly index?: boolean | undefined
}

/** Lays what was put aside over what is there and stages it, or changes nothing where both clash. */
export async function bringBack(
  repo: Repo,
  folder: Folder,
  name: string | undefined,
  options: BringBackOptions,
): Promise<Stash> {
  let found: Stash | null = null
  const moved = move(
    repo,
    folder,
    async (manifest, io) => {
      refuseWhileMerging(manifest, 'bring a stash back')
      found = await stashNamed(io.writer, manifest, name)
      const head = await readHead(io.writer, manifest)
      const { index, base: over } = indexOf(manifest)
      const ours = index ?? head.commit?.tree ?? emptyTreeOf(io)
      const laid = await layOver(io, found, ours, { ...options, index: options.index === true })
      const ref = `refs/${found.name}`
      const verb = options.keep ? 'apply' : 'pop'
      const move: Move = {
        refs: new Map(options.keep ? [] : [[ref, null]]),
        operation: { name: `stash (${verb})`, message: found.name },
        show: laid.index,
        over: over ?? head.commit?.tree ?? laid.index,
      }
      if (options.index !== true) return move
      return {
        ...move,
        operation: { name: `stash (${verb}${withIndex}`, message: found.name },
        files: { from: index ?? emptyTreeOf(io), to: laid.files, witness: options.keep ? null : [ref, null] },
      }
    },
    options,
  )
  await moved.catch(async (error: unknown) => {
    // A file that was edited meanwhile did not come back.
    if (found !== null) await keepStash(repo, found.name, found.commit.cid)
    throw error
  })
  return found!
}

/** What a stash laid over the index gives. */
interface Laid {
  /** The files then. */
  readonly files: Cid
  readonly index: Cid
}

async function layOver(
  io: Io,
  { name, commit }: Stash,
  ours: Cid,
  options: FolderOptions & { readonly index: boolean },
): Promise<Laid> {
  const base = await onlyParentTree(io, commit, 'bring back')
  const merged = await mergeTrees({ ...io, base, ours, theirs: commit.tree }, options)
  if (merged.conflictCount > 0) {
    const paths = merged.paths.filter(({ conflicts }) => conflicts > 0).map(({ path }) => path)
    throw clash(name, paths)
  }
  if (!options.index) return { files: merged.tree, index: merged.tree }
  const again = await mergeTrees({ ...io, base, ours, theirs: stagedOf(commit) ?? base }, options)
  if (again.conflictCount === 0) return { files: merged.tree, index: again.tree }
  throw new VarveError('VARVE_UNCOMMITTED', 'what had been staged clashes with what is staged', {
    hint: "nothing was changed; bring it back without '--index'",
  })
}

/** What the files showed before the operation that is taken back, and show now, where that was not the index. */
export async function filesOfUndone(io: Io, last: Manifest, before: Manifest): Promise<FileRoute | null> {
  const { name, message } = last.operation
  const isPush = name === pushName
  if (!isPush && !name.endsWith(withIndex)) return null
  const ref = `refs/${message}`
  const cid = (isPush ? last : before).refs.get(ref)
  const [{ index: now }, { index: then }] = [indexOf(last), indexOf(before)]
  if (cid === undefined || now === null || then === null) return null
  const commit = await readCommit(io.writer, cid as CommitCid)
  if (isPush) return { from: now, to: await beforeStash(io, now, commit), witness: [ref, null] }
  const { files } = await layOver(io, { name: message, commit }, then, { index: true })
  return { from: files, to: then, witness: [indexRef, then] }
}

/** Where `pushed` put changes aside, and they could not be brought back: the stash is there again. */
export async function keepPushed(
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
    `'${name}' clashes with what is here: ${paths.slice(0, 5).join(', ')}`,
    {
      data: { stash: name, paths },
      hint: `nothing was changed; commit what is here, then 'varve cherry-pick ${name}' keeps the conflicts for you to settle`,
    },
  )
}
