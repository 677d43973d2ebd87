// The stash: changes put aside, each a commit under 'refs/stash/N' whose parent is the commit that they were made on. It
// is the newest that has the largest number.
import { VarveError } from '../../base/errors.ts'
import type { CommitCid } from '../../encoding/cid.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { nextGeneration, readCommit, writeCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { shortRefName } from '../../history/refs.ts'
import type { Manifest, ObjectReader } from '../../store/interface.ts'
import { signatureOf } from '../context.ts'
import { indexOf, requireHead } from '../head.ts'
import { refuseWhileMerging } from '../merging/refuse.ts'
import { subjectOf } from '../../history/message.ts'
import type { Folder, FolderOptions, Io, Repo } from '../interface.ts'
import { move } from '../move.ts'
import { type ChosenParts, chosenExtra, chosenStash } from './chosen-parts.ts'
import { withRemoved } from './removed-paths.ts'
import { type PathChoice, type StashParts, stagedExtra, stashParts } from './stash-parts.ts'

const stashPrefix = 'refs/stash/'
/** In the log of operations. */
export const pushName = 'stash'

export interface Stash {
  /** 'stash/3': a revision as any other. */
  readonly name: string
  readonly commit: Commit
}

export interface StashOptions extends FolderOptions {
  readonly message?: string | undefined
  /** Stash these paths alone, which `has` tells; default: all. */
  readonly paths?: readonly NamedPath[] | undefined
  readonly has?: PathChoice | undefined
  /** Of each of `paths`, which of its changes. */
  readonly chosen?: ChosenParts | undefined
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
      await refuseWhileMerging(io.writer, manifest, 'stash')
      const { commit: head } = await requireHead(io.writer, manifest)
      const { index, base } = indexOf(manifest)
      if (index === null) return null
      const known = await withRemoved(io, index, head.tree)
      const changed = await folder.snapshot(io, known, { ...options, inTurn: true })
      const trees = { head: head.tree, staged: index, changed }
      const { chosen, has = null, keepIndex = false } = options
      const parts = await (chosen === undefined
        ? stashParts(io, trees, { has, keepIndex })
        : chosenStash(io, trees, chosen, options))
      if (parts.tree === head.tree && parts.staged === head.tree) return null
      const route = chosen === undefined ? {} : chosenExtra(changed, parts.left)
      made = await writeStash(repo, manifest, io, { head, parts, message: options.message, extra: route })
      const { name, commit } = made
      return {
        refs: new Map([[`refs/${name}`, commit.cid]]),
        operation: { name: pushName, message: name },
        show: parts.index,
        files: { from: changed, to: parts.left, witness: [`refs/${name}`, commit.cid] },
        // What stays was laid over what the index was, whatever the branch is by now.
        over: parts.index === head.tree ? head.tree : (base ?? head.tree),
      }
    },
    options,
  )
  return made
}

/** Makes the commit of a stash, which is the next one. */
export async function writeStash(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  stash: {
    readonly head: Commit
    readonly parts: Pick<StashParts, 'tree' | 'staged'>
    readonly message?: string | undefined
    readonly extra?: Commit['extra']
  },
): Promise<Stash> {
  const { head, parts, extra = {} } = stash
  const signature = signatureOf(repo, manifest)
  const branch = manifest.head === null ? 'no branch' : shortRefName(manifest.head)
  const commit = writeCommit(io.writer, {
    tree: parts.tree,
    parents: [head.cid],
    author: signature,
    committer: signature,
    message: stash.message ?? `Changes on ${branch}, at "${subjectOf(head.message)}"`,
    generation: await nextGeneration(io.writer, [head.cid]),
    extra: { ...stagedExtra(parts, head.tree), ...extra },
  })
  return { name: nextStash(manifest), commit: await readCommit(io.writer, commit) }
}

export function nextStash(manifest: Manifest): string {
  return `stash/${1 + Math.max(0, ...numbersIn(manifest))}`
}

/** All stashes, newest first. */
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

/** The stash of that name; without a name the newest. @throws VarveError VARVE_REF_NOT_FOUND */
export async function findStash(repo: Repo, name: string | undefined): Promise<Stash> {
  return stashNamed(repo.store, await repo.store.manifest(), name)
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

/** `name` is 'stash/3', '3', 'stash@{0}' (counted from the newest), or undefined for the newest. */
export async function stashNamed(
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
  return { name: `stash/${number}`, commit: await readCommit(reader, cid) }
}

function numbersIn({ refs }: Manifest): number[] {
  return [...refs.keys()]
    .filter((ref) => /^refs\/stash\/[1-9]\d{0,8}$/.test(ref))
    .map((ref) => Number(ref.slice(stashPrefix.length)))
}
