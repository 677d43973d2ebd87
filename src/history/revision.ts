// Names of revisions, as git spells them: HEAD, @, main, v1, origin/main, refs/heads/main, a (shortened) id,
// then any of ~N, ^N, ^{commit}, ^{/TEXT}, @{N}, @{upstream}; ':/TEXT'. 'REV:PATH', 'A..B' and 'A...B' are split off here too.
import { VarveError } from '../base/errors.ts'
import { didYouMean, nearest } from '../base/nearest.ts'
import { counted } from '../base/size.ts'
import { type Cid, type CommitCid, digestHex, parseCid, shortCid } from '../encoding/cid.ts'
import type { Manifest, Store } from '../store/interface.ts'
import { walkGraph } from './ancestry.ts'
import { graphOf } from './commit-graph.ts'
import { readCommit, readTag } from './commit.ts'
import { findByMessage } from './find-message.ts'
import { branchPrefix, noCommitsYet, remotePrefix, shortRefName, tagPrefix } from './refs.ts'

export interface ResolvedRevision {
  readonly commit: CommitCid
  /** The full ref that was named, if one was. */
  readonly ref: string | null
}

/** What names are looked up in. */
export type Revisions = Pick<
  Store,
  'get' | 'has' | 'getStored' | 'horizon' | 'cache' | 'manifest' | 'manifests'
> & {
  /** Each state of the past is a request: commits that only those name are not looked for. */
  readonly pastIsFar?: boolean
}

/** @throws VarveError VARVE_REF_NOT_FOUND, VARVE_USAGE */
export async function resolveRevision(
  store: Revisions,
  revision: string,
  manifest?: Manifest,
): Promise<ResolvedRevision> {
  const current = manifest ?? (await store.manifest())
  if (revision.startsWith(saying)) {
    const tips = await tipsOf(store, namedIn(current))
    return { commit: await sayingSo(store, tips, revision.slice(saying.length), revision), ref: null }
  }
  const [, name, steps] = /^(.*?)((?:~\d*|\^\{[^}]*\}|\^\d*|@\{[^}]*\})*)$/s.exec(revision)!
  // '@{1}' is of HEAD; nothing at all is what an unset variable leaves, and '~2' what it leaves of '$REV~2'.
  const isHead = name === '@' || (name === '' && steps!.startsWith('@{'))
  let { ref, target } = await resolveName(store, current, isHead ? 'HEAD' : name!, revision)
  for (const step of steps!.match(/~\d*|\^\{[^}]*\}|\^\d*|@\{[^}]*\}/g) ?? []) {
    if (step.startsWith('@{')) {
      ;({ ref, target } = await resolveAt(store, current, ref, step.slice(2, -1), revision))
    } else {
      const from = await peel(store, target, revision)
      target = step.startsWith('^{')
        ? await peelTo(store, from, step.slice(2, -1), revision)
        : await followParents(store, from, step, revision)
      ref = null
    }
  }
  return { commit: await peel(store, target, revision), ref }
}

/** What a tag stands for, or the newest commit before it that says a text. */
async function peelTo(store: Revisions, from: CommitCid, what: string, revision: string): Promise<CommitCid> {
  if (what === '' || what === 'commit') return from
  if (what.startsWith('/')) return sayingSo(store, [from], what.slice(1), revision)
  throw new VarveError('VARVE_USAGE', `'${revision}' is not a revision`, {
    hint: "'^{commit}' is the commit that a tag names, '^{/TEXT}' the newest one before it with TEXT in its message",
  })
}

async function sayingSo(
  store: Revisions,
  from: readonly CommitCid[],
  text: string,
  revision: string,
): Promise<CommitCid> {
  const found = text === '' ? null : await findByMessage(store, from, text)
  if (found !== null) return found
  throw notFound(revision, revision, `no commit there has '${text}' in its message`)
}

const saying = ':/'

/** Splits 'REV:PATH'; a text without ':' is a revision alone. */
export function splitRevisionPath(text: string): { revision: string; path: string | null } {
  const colon = text.startsWith(saying)
    ? -1
    : text.replaceAll(/\^\{\/[^}]*\}/g, (step) => '-'.repeat(step.length)).indexOf(':')
  return colon < 0
    ? { revision: text, path: null }
    : { revision: text.slice(0, colon), path: text.slice(colon + 1) }
}

/** 'A..B' and 'A...B'; a missing side is HEAD. null when it is no range. */
export function splitRange(text: string): { from: string; to: string; symmetric: boolean } | null {
  const match = text.startsWith(saying) ? null : /^(.*?)(\.\.\.?)(.*)$/s.exec(text)
  if (match === null) return null
  return { from: match[1] || 'HEAD', to: match[3] || 'HEAD', symmetric: match[2] === '...' }
}

type Target = { ref: string | null; target: Cid }

async function resolveName(
  store: Revisions,
  manifest: Manifest,
  name: string,
  revision: string,
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

function namedIn({ refs }: Manifest): Cid[] {
  return [...refs].filter(([ref]) => ref === 'HEAD' || ref.startsWith('refs/')).map(([, cid]) => cid)
}

async function tipsOf(store: Revisions, named: readonly Cid[]): Promise<CommitCid[]> {
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

async function resolveAt(
  store: Revisions,
  manifest: Manifest,
  ref: string | null,
  what: string,
  revision: string,
): Promise<Target> {
  const usage = new VarveError('VARVE_USAGE', `'${revision}' is not a revision`, {
    hint: "write 'main@{1}' or '@{upstream}'",
  })
  if (ref === null) throw usage
  if (what === 'upstream' || what === 'u') {
    const branch = shortRefName(ref)
    const upstream = manifest.config.get(`branch.${branch}.upstream`)
    const target = upstream === undefined ? undefined : manifest.refs.get(upstream)
    if (target !== undefined) return { ref: upstream!, target }
    throw new VarveError('VARVE_REF_NOT_FOUND', `branch '${branch}' has no upstream`, {
      hint: `set one with 'varve push -u origin ${branch}'`,
    })
  }
  if (!/^\d{1,9}$/.test(what)) throw usage
  let left = Number(what)
  let last: Cid | undefined
  for await (const state of newestFirst(store, manifest)) {
    const target = ref === 'HEAD' ? state.refs.get(state.head ?? 'HEAD') : state.refs.get(ref)
    if (target === undefined || target === last) continue
    if (left-- === 0) return { ref, target }
    last = target
  }
  throw new VarveError(
    'VARVE_REF_NOT_FOUND',
    `'${shortRefName(ref)}' has not moved ${counted(Number(what), 'time')}`,
    {
      data: { revision },
      hint: `see where it was with 'varve reflog ${shortRefName(ref)}'`,
    },
  )
}

async function* newestFirst(store: Revisions, newest: Manifest): AsyncGenerator<Manifest> {
  yield newest
  yield* store.manifests()
}

async function followParents(
  store: Revisions,
  from: CommitCid,
  step: string,
  revision: string,
): Promise<CommitCid> {
  const number = step.length === 1 ? 1 : Number(step.slice(1))
  if (step[0] === '^') {
    if (number === 0) return from
    const parent = (await readCommit(store, from)).parents[number - 1]
    if (parent === undefined)
      throw notFound(revision, revision, `commit ${shortCid(from)} has no parent ${number}`)
    return parent
  }
  const graph = graphOf(store)
  let at = graph.slotOf(from)
  for (let i = 0; i < number; i++) {
    await graph.learn(store, [at])
    const parent = graph.parentsOf(at)[0]
    if (parent === undefined) {
      const why =
        i === 0 ? `commit ${shortCid(from)} has no parent` : `history ends ${counted(i, 'commit')} back`
      throw notFound(revision, revision, why)
    }
    at = parent
  }
  graph.keep()
  return graph.cidOf(at)
}

/** The commit; an annotated tag stands for the commit that it names. */
async function peel(store: Revisions, cid: Cid, revision: string): Promise<CommitCid> {
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

function notFound(revision: string, name: string, why?: string, like?: string): VarveError {
  return new VarveError(
    'VARVE_REF_NOT_FOUND',
    `no revision '${name === '' ? revision : name}'${why === undefined ? '' : `: ${why}`}`,
    {
      data: like === undefined ? { revision } : { revision, near: like },
      hint: didYouMean(like, "see 'varve branch', 'varve tag' and 'varve log' for the names there are"),
    },
  )
}
