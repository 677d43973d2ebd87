// Objects of the house turned into the public API's plain data: ids as hex, refs as people write them.
import { digestHex, cidToText } from '../encoding/cid.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Commit } from '../history/interface.ts'
import { branchPrefix, remotePrefix, shortRefName, tagPrefix } from '../history/refs.ts'
import { peelToCommit } from '../repo/head.ts'
import type { Repo } from '../repo/interface.ts'
import type { Manifest } from '../store/interface.ts'
import type { CommitInfo } from './interface.ts'

/** Names by commit: 'HEAD -> main' first, then branches, tags, remote branches. */
export type RefNames = ReadonlyMap<Cid, readonly string[]>

export async function refNames(repo: Repo, manifest: Manifest): Promise<RefNames> {
  const names = new Map<Cid, string[]>()
  const add = (cid: Cid, name: string): void => void names.set(cid, [...(names.get(cid) ?? []), name])
  const headRef = manifest.head ?? 'HEAD'
  const head = manifest.refs.get(headRef)
  if (head !== undefined) add(head, manifest.head === null ? 'HEAD' : `HEAD -> ${shortRefName(headRef)}`)
  for (const prefix of [branchPrefix, tagPrefix, remotePrefix]) {
    for (const [ref, cid] of [...manifest.refs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!ref.startsWith(prefix) || ref === manifest.head) continue
      const target = prefix === tagPrefix ? await peelToCommit(repo.store, cid) : cid
      add(target, prefix === tagPrefix ? `tag: ${shortRefName(ref)}` : shortRefName(ref))
    }
  }
  return names
}

/** `beyond`: commits that were not fetched. */
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
