// The stash: changes put aside, each a commit under 'refs/stash/N' whose parent is the commit that they were made on. It
// is the newest that has the largest number.
import { VarveError } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { nextGeneration, readCommit, writeCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { shortRefName } from '../history/refs.ts'
import { mergeTrees } from '../merge/merge-trees.ts'
import type { Manifest, ObjectReader } from '../store/interface.ts'
import { signatureOf } from './context.ts'
import { emptyTreeOf } from './empty.ts'
import { indexOf, readHead, refuseWhileMerging, requireHead } from './head.ts'
import { type FileRoute, type Folder, type FolderOptions, type Io, type Repo, indexRef } from './interface.ts'
import { type Move, move } from './move.ts'
import { onlyParentTree } from './pick.ts'
import { type PathChoice, beforeStash, stagedExtra, stagedOf, stashParts } from './stash-parts.ts'

const stashPrefix = 'refs/stash/'
const pushName = 'stash'
/** Of the names of operations that leave the files other than the index. */
const withIndex = ' --index)'

export interface Stash {
  /** 'stash/3': a revision as any other. */
  readonly name: string
  readonly commit: Commit
}

export interface StashOptions extends FolderOptions {
  readonly message?: string | undefined
  /** Of these paths alone, which `has` tells; default: of all. */
  readonly paths?: readonly string[] | undefined
  readonly has?: PathChoice | undefined
  /** Also files that are not versioned. */
  readonly untracked?: boolean | undefined
  /** What had been staged stays, staged. */
  readonly keepIndex?: boolean | undefined
}

/**
 * Puts changes aside, staged or not, and makes the files as HEAD has them, in one move of the manifest. null: there were none.
 * @throws VarveError VARVE_NOT_POSSIBLE, VARVE_REF_NOT_FOUND where nothing can be put aside now
 */
export async function putAside(
  repo: Repo,
  folder: Folder,
  options: StashOptions = {},
): Promise<Stash | null> {
  let made: Stash | null = null
  await move(
    repo,
    folder,
    async (manifest, io) => {
      made = null
      refuseWhileMerging(manifest, 'stash')
      const { ref, commit: head } = await requireHead(io.writer, manifest)
      const { index, base } = indexOf(manifest)
      if (index === null) return null
      const signature = signatureOf(repo, manifest)
      const changed = await folder.snapshot(io, index, { ...options, strict: true })
      const parts = await stashParts(
        io,
        { head: head.tree, staged: index, changed },
        { has: options.has ?? null, keepIndex: options.keepIndex === true },
      )
      if (parts.tree === head.tree && parts.staged === head.tree) return null
      const branch = manifest.head === null ? 'no branch' : shortRefName(ref)
      const commit = writeCommit(io.writer, {
        tree: parts.tree,
        parents: [head.cid],
        author: signature,
        committer: signature,
        message: options.message ?? `Changes on ${branch}, at "${head.message.split('\n')[0]!}"`,
        generation: await nextGeneration(io.writer, [head.cid]),
        extra: stagedExtra(parts, head.tree),
      })
      const name = `stash/${1 + Math.max(0, ...numbersIn(manifest))}`
      made = { name, commit: await readCommit(io.writer, commit) }
      return {
        refs: new Map([[`refs/${name}`, commit]]),
        operation: { name: pushName, message: name },
        show: parts.left,
        files: { from: changed, to: parts.left, witness: [`refs/${name}`, commit] },
        // What stays was laid over what the index was, whatever the branch is by now.
        over: parts.left === head.tree ? head.tree : (base ?? head.tree),
      }
    },
    options,
  )
  return made
}

/** Newest first. */
export async function listStashes(repo: Repo): Promise<Stash[]> {
  const manifest = await repo.store.manifest()
  const numbers = numbersIn(manifest).sort((a, b) => b - a)
  return Promise.all(
    numbers.map(async (number) => ({
      name: `stash/${number}`,
      commit: await readCommit(repo.store, manifest.refs.get(`${stashPrefix}${number}`)! as CommitCid),
    })),
  )
}

/** As below; default: the newest. @throws VarveError VARVE_REF_NOT_FOUND */
export async function findStash(repo: Repo, name: string | undefined): Promise<Stash> {
  return stashNamed(repo.store, await repo.store.manifest(), name)
}

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

export async function dropStash(repo: Repo, name: string | undefined): Promise<Stash> {
  let found: Stash | null = null
  await move(repo, null, async (manifest, io) => {
    found = await stashNamed(io.writer, manifest, name)
    return {
      refs: new Map([[`refs/${found.name}`, null]]),
      operation: { name: 'stash (drop)', message: found.name },
      show: null,
    }
  })
  return found!
}

/** 'stash/3', '3', 'stash@{0}' counted from the newest, or the newest itself. */
async function stashNamed(
  reader: ObjectReader,
  manifest: Manifest,
  name: string | undefined,
): Promise<Stash> {
  const numbers = numbersIn(manifest).sort((a, b) => b - a)
  const counted = /^stash@\{(\d{1,9})\}$/.exec(name ?? 'stash@{0}')
  const number =
    counted === null ? Number(/^(?:stash\/)?(\d{1,9})$/.exec(name!)?.[1]) : numbers[Number(counted[1])]
  const cid = number === undefined ? undefined : manifest.refs.get(`${stashPrefix}${number}`)
  if (cid === undefined) {
    throw new VarveError(
      'VARVE_REF_NOT_FOUND',
      name === undefined ? 'nothing is stashed' : `no stash '${name}'`,
      {
        data: { stash: name ?? null },
        hint: "'varve stash list' shows what there is",
      },
    )
  }
  return { name: `stash/${number}`, commit: await readCommit(reader, cid as CommitCid) }
}

function numbersIn({ refs }: Manifest): number[] {
  return [...refs.keys()]
    .filter((ref) => /^refs\/stash\/[1-9]\d{0,8}$/.test(ref))
    .map((ref) => Number(ref.slice(stashPrefix.length)))
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
