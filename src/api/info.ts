// Internal objects as the public API's plain data: ids as hex, refs as people write them.
import { digestHex, cidToText } from '../encoding/cid.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { readTags } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { branchPrefix, remotePrefix, shortRefName, tagPrefix } from '../history/refs.ts'
import type { Repo } from '../repo/interface.ts'
import type { Manifest, Store } from '../store/interface.ts'
import type { CommitInfo } from './interface.ts'

/** Names by commit: 'HEAD -> main' first, then branches, tags, remote branches. */
export type RefNames = ReadonlyMap<Cid, readonly string[]>

/** Kept for as long as the refs are as they are: of many thousand tags each is an object to read. */
const known = new WeakMap<
  Manifest['refs'],
  { readonly head: string | null; readonly names: Promise<RefNames> }
>()
const tagsAtOnce = 256

export async function refNames({ store }: Repo, manifest: Manifest): Promise<RefNames> {
  const found = known.get(manifest.refs)
  if (found !== undefined && found.head === manifest.head) return found.names
  const names = namesOf(store, manifest)
  known.set(manifest.refs, { head: manifest.head, names })
  try {
    return await names
  } catch (error) {
    known.delete(manifest.refs)
    throw error
  }
}

async function namesOf(store: Store, manifest: Manifest): Promise<RefNames> {
  const names = new Map<Cid, string[]>()
  const add = (cid: Cid, name: string): void => {
    const all = names.get(cid)
    if (all === undefined) names.set(cid, [name])
    else all.push(name)
  }
  const headRef = manifest.head ?? 'HEAD'
  const head = manifest.refs.get(headRef)
  if (head !== undefined) add(head, manifest.head === null ? 'HEAD' : `HEAD -> ${shortRefName(headRef)}`)
  const refs = [...manifest.refs.keys()].filter((ref) => ref !== manifest.head).sort()
  const below = (prefix: string): readonly (readonly [string, Cid])[] =>
    refs.filter((ref) => ref.startsWith(prefix)).map((ref) => [shortRefName(ref), manifest.refs.get(ref)!])
  for (const [name, cid] of below(branchPrefix)) add(cid, name)
  const tags = below(tagPrefix)
  for (let at = 0; at < tags.length; at += tagsAtOnce) {
    const part = tags.slice(at, at + tagsAtOnce)
    const targets = await peeled(
      store,
      part.map(([, cid]) => cid),
    )
    for (const [i, [name]] of part.entries()) add(targets[i]!, `tag: ${name}`)
  }
  for (const [name, cid] of below(remotePrefix)) add(cid, name)
  return names
}

/** Tags never change: what they stand for is kept, as long as there are not too many. */
const targets = new WeakMap<Store, Map<Cid, CommitCid>>()
const targetsMax = 100_000

async function peeled(store: Store, cids: readonly Cid[]): Promise<readonly CommitCid[]> {
  let kept = targets.get(store)
  if (kept === undefined || kept.size > targetsMax) targets.set(store, (kept = new Map()))
  const missing = cids.filter((cid) => !kept.has(cid))
  const tags = missing.length === 0 ? [] : await readTags(store, missing)
  for (const [i, cid] of missing.entries()) kept.set(cid, tags[i]?.target ?? cid)
  return cids.map((cid) => kept.get(cid)!)
}

/** `beyond` holds commits that were left out of a shallow clone. */
export function commitInfoOf(
  commit: Commit,
  names: RefNames,
  beyond: ReadonlySet<Cid> = new Set(),
): CommitInfo {
  return {
    id: digestHex(commit.cid),
    cid: cidToText(commit.cid),
    tree: digestHex(commit.tree),
    parents: commit.parents.map(digestHex),
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    refs: names.get(commit.cid) ?? [],
    extra: commit.extra,
    ...(commit.parents.some((parent) => beyond.has(parent)) ? { shallow: true } : {}),
  }
}

export function idOf(cid: Cid): string
export function idOf(cid: Cid | null): string | null
export function idOf(cid: Cid | null): string | null {
  return cid === null ? null : digestHex(cid)
}
