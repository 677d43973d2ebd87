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
import { indexOf, readHead, refuseWhileMerging, requireHead } from './head.ts'
import { type Folder, type FolderOptions, type Io, type Repo, indexRef } from './interface.ts'
import { move } from './move.ts'
import { onlyParentTree } from './pick.ts'
import { type PathChoice, stagedExtra, stagedOf, stashParts } from './stash-parts.ts'

const stashPrefix = 'refs/stash/'

export interface Stash {
  /** 'stash/3': a revision as any other. */
  readonly name: string
  readonly commit: Commit
}

export interface StashOptions extends FolderOptions {
  readonly message?: string | undefined
  /** Of these paths alone; null: of all. */
  readonly has?: PathChoice | undefined
  /** The index as it was before all that is put aside was staged; default: nothing had been. */
  readonly staged?: Cid | null | undefined
  /** What had been staged stays, staged. */
  readonly keepIndex?: boolean | undefined
}

/** @throws VarveError VARVE_NOT_POSSIBLE, VARVE_REF_NOT_FOUND where nothing can be put aside now */
export async function checkStash(repo: Repo): Promise<Manifest> {
  const manifest = await repo.store.manifest()
  refuseWhileMerging(manifest, 'stash')
  await requireHead(repo.store, manifest)
  return manifest
}

/** Puts what is staged aside, and makes the files as HEAD has them. null: nothing was staged. */
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
      const parts = await stashParts(
        io,
        { head: head.tree, staged: options.staged ?? head.tree, changed: index },
        { has: options.has ?? null, keepIndex: options.keepIndex === true },
      )
      if (parts.tree === head.tree) return null
      const signature = signatureOf(repo, manifest)
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
        operation: { name: 'stash', message: name },
        show: parts.left,
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
  let staging: Staging | null = null
  await move(
    repo,
    folder,
    async (manifest, io) => {
      refuseWhileMerging(manifest, 'bring a stash back')
      found = await stashNamed(io.writer, manifest, name)
      const { commit } = found
      const head = await readHead(io.writer, manifest)
      const base = await onlyParentTree(io, commit, 'bring back')
      const { index, base: over } = indexOf(manifest)
      const ours = index ?? head.commit?.tree ?? base
      const merged = await mergeTrees({ ...io, base, ours, theirs: commit.tree }, options)
      if (merged.conflictCount > 0) {
        const paths = merged.paths.filter(({ conflicts }) => conflicts > 0).map(({ path }) => path)
        throw clash(found.name, paths)
      }
      const ref = `refs/${found.name}`
      staging =
        options.index === true ? { base, ours, staged: stagedOf(commit) ?? base, all: merged.tree } : null
      if (staging !== null) await stagedAgain(io, staging)
      // Until what was staged is staged again, the stash is all that knows it.
      return {
        refs: new Map(options.keep || staging !== null ? [] : [[ref, null]]),
        operation: { name: options.keep ? 'stash (apply)' : 'stash (pop)', message: found.name },
        show: merged.tree,
        over: over ?? head.commit?.tree ?? merged.tree,
      }
    },
    options,
  )
  if (staging !== null) await stageAgain(repo, found!, staging, options)
  return found!
}

/** The index as it is to be, when the files are back: what had been staged, on top of what was. */
interface Staging {
  readonly base: Cid
  readonly ours: Cid
  readonly staged: Cid
  /** The index meanwhile, which holds all that was put aside. */
  readonly all: Cid
}

async function stagedAgain(io: Io, { base, ours, staged }: Staging): Promise<Cid> {
  const merged = await mergeTrees({ ...io, base, ours, theirs: staged })
  if (merged.conflictCount === 0) return merged.tree
  throw new VarveError('VARVE_UNCOMMITTED', 'what had been staged clashes with what is staged', {
    hint: "nothing was changed; bring it back without '--index'",
  })
}

/** The files stay: what is not staged again is a change of theirs. */
async function stageAgain(
  repo: Repo,
  { name }: Stash,
  staging: Staging,
  { keep }: BringBackOptions,
): Promise<void> {
  await move(repo, null, async (manifest, io) => {
    const refs = new Map<string, Cid | null>(keep ? [] : [[`refs/${name}`, null]])
    // Somebody else may have staged something in between.
    if (manifest.refs.get(indexRef) === staging.all) refs.set(indexRef, await stagedAgain(io, staging))
    return { refs, operation: { name: 'restore (staged)', message: `as ${name} had it` }, show: null }
  })
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
