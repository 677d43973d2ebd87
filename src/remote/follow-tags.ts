// `push --follow-tags`: the annotated tags of what is pushed that the remote has not.
import type { Cid } from '../encoding/cid.ts'
import { readTags } from '../history/commit.ts'
import { tagPrefix } from '../history/refs.ts'
import { reachedFrom } from '../history/reach.ts'
import type { Manifest, Store } from '../store/interface.ts'
import { peelToCommit } from '../repo/head.ts'
import type { PushTarget } from './refspec.ts'

const tagsAtOnce = 256

export async function tagsToFollow(
  local: Store,
  { localManifest, remoteManifest }: { readonly localManifest: Manifest; readonly remoteManifest: Manifest },
  named: readonly PushTarget[],
): Promise<PushTarget[]> {
  const taken = new Set(named.map(({ ref }) => ref))
  const refs = [...localManifest.refs.keys()].filter(
    (ref) => ref.startsWith(tagPrefix) && !taken.has(ref) && !remoteManifest.refs.has(ref),
  )
  const tips: Cid[] = []
  for (const { target } of named) if (target !== null) tips.push(await peelToCommit(local, target))
  const followed: PushTarget[] = []
  for (let at = 0; at < refs.length; at += tagsAtOnce) {
    const some = refs.slice(at, at + tagsAtOnce)
    const objects = some.map((ref) => localManifest.refs.get(ref)!)
    const tags = await readTags(local, objects)
    const commits = tags.flatMap((tag) => tag?.target ?? [])
    const reached = await reachedFrom(local, tips, commits)
    for (const [i, tag] of tags.entries())
      if (tag !== null && reached.has(tag.target))
        followed.push({ ref: some[i]!, target: objects[i]!, source: some[i]!, force: false })
  }
  return followed
}
