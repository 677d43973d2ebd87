// Names of commits by themselves, as Git looks them up: HEAD, refs in full or shortened, ids and their first digits.
import { VarveError } from '../base/errors.ts'
import { didYouMean, nearest } from '../base/nearest.ts'
import { type Cid, type CommitCid, digestHex, parseCid, shortCid } from '../encoding/cid.ts'
import type { Manifest, Store } from '../store/interface.ts'
import { walkGraph } from './ancestry.ts'
import { graphOf } from './commit-graph.ts'
import { readCommit, readTag } from './commit.ts'
import { branchPrefix, noCommitsYet, remotePrefix, shortRefName, tagPrefix } from './refs.ts'

/** What names are looked up in. */
export type Revisions = Pick<
  Store,
  'get' | 'has' | 'getStored' | 'horizon' | 'cache' | 'manifest' | 'manifests'
> & {
  /** Each state of the past is a request: commits that only those name are not looked for. */
  readonly pastIsFar?: boolean
}

/** What a name stands for, and the full ref that was named, if one was. */
export interface Target {
  readonly ref: string | null
  readonly target: Cid
}

/** @throws VarveError VARVE_REF_NOT_FOUND */
export async function resolveName(
  store: Revisions,
  manifest: Manifest,
  name: string,
  revision: string = name,
): Promise<Target> {
  if (name === 'HEAD') {
    const ref = manifest.head
    const target = manifest.refs.get(ref ?? 'HEAD')
    if (target !== undefined) return { ref: ref ?? 'HEAD', target }
    throw noCommitsYet(ref ?? 'HEAD', { revision })
  }
  for (const ref of [name, `refs/${name}`, tagPrefix + name, branchPrefix + name, remotePrefix + name]) {
    const target = manifest.refs.get(ref)
    if (target !== undefined) return { ref, target }
  }
  const whole = parseCid(name)
  if (whole !== null && (await store.has([whole]))[0]) return { ref: null, target: whole }
  const found = /^[0-9a-f]{4,63}$/.test(name) ? await findByPrefix(store, manifest, name) : []
  if (found.length === 1) return { ref: null, target: found[0]! }
  if (found.length > 1) {
    throw new VarveError('VARVE_REF_NOT_FOUND', `'${name}' is the beginning of several commits' ids`, {
      data: { revision, candidates: found.map(digestHex) },
      hint: `type more of it: ${found.map(shortCid).join(', ')}`,
    })
  }
  throw notFound(revision, name, undefined, branchOfRemote(manifest, name) ?? nearName(manifest, name))
}

/** `origin/topic` where somebody wrote `topic`, and has no branch of his own of that name. */
function branchOfRemote(manifest: Manifest, name: string): string | undefined {
  const found = [...manifest.refs.keys()].find(
    (ref) => ref.startsWith(remotePrefix) && ref.slice(ref.indexOf('/', remotePrefix.length) + 1) === name,
  )
  return found === undefined ? undefined : shortRefName(found)
}

/** A branch or tag whose name is spelt almost so. */
function nearName({ refs }: Manifest, name: string): string | undefined {
  const names = [...refs.keys()].filter((ref) => ref.startsWith(branchPrefix) || ref.startsWith(tagPrefix))
  return nearest(name, names.map(shortRefName)) ?? undefined
}

/** Among the commits that refs reach; where none of them is it, among those that they have left. */
async function findByPrefix(store: Revisions, manifest: Manifest, prefix: string): Promise<CommitCid[]> {
  const tips = await tipsOf(store, namedIn(manifest))
  const found = await matching(store, tips, [], prefix)
  if (found.length > 0 || store.pastIsFar === true) return found
  const past = new Set<Cid>()
  for await (const state of store.manifests()) for (const cid of namedIn(state)) past.add(cid)
  const all = [...past]
  // What is lost of the past is nobody's answer.
  const isThere = await store.has(all)
  const left = all.filter((_, i) => isThere[i])
  return matching(store, await tipsOf(store, left), tips, prefix)
}

export function namedIn({ refs }: Manifest): Cid[] {
  return [...refs].filter(([ref]) => ref === 'HEAD' || ref.startsWith('refs/')).map(([, cid]) => cid)
}

/** The commits of all refs. */
export async function tipsOf(store: Revisions, named: readonly Cid[]): Promise<CommitCid[]> {
  const tips: CommitCid[] = []
  for (const cid of named) tips.push(await peel(store, cid, shortCid(cid)))
  return tips
}

async function matching(
  store: Revisions,
  from: readonly CommitCid[],
  exclude: readonly CommitCid[],
  prefix: string,
): Promise<CommitCid[]> {
  const found: CommitCid[] = []
  const graph = graphOf(store)
  for await (const slot of walkGraph(graph, store, from, { exclude })) {
    const cid = graph.cidOf(slot)
    if (digestHex(cid).startsWith(prefix)) found.push(cid)
  }
  return found
}

/** The commit; an annotated tag stands for the commit that it names. */
export async function peel(store: Revisions, cid: Cid, revision: string): Promise<CommitCid> {
  const tag = await readTag(store, cid)
  if (tag !== null) return tag.target
  await readCommit(store, cid).catch((cause: unknown) => {
    throw new VarveError('VARVE_REF_NOT_FOUND', `'${revision}' is not a commit`, {
      cause,
      hint: "name a branch, a tag or a commit: 'varve log --oneline' lists commits",
    })
  })
  return cid
}

export function notFound(revision: string, name: string, why?: string, like?: string): VarveError {
  return new VarveError(
    'VARVE_REF_NOT_FOUND',
    `no revision '${name === '' ? revision : name}'${why === undefined ? '' : `: ${why}`}`,
    {
      data: like === undefined ? { revision } : { revision, near: like },
      hint: didYouMean(like, "see 'varve branch', 'varve tag' and 'varve log' for the names there are"),
    },
  )
}
