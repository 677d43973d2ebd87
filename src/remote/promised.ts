// What a partial clone may lack. Its settings say which remote keeps the contents it did not fetch (`partial.remote`);
// what the remote branches, tags and notes from there reach is *promised*: whatever of their contents is not here can be had.
// Commits and path trees are always here, and so is all that was made here and not pushed: if such an object is
// missing, it is lost, and fsck says so.
import { type Cid, type CommitCid, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import { readCommits } from '../history/commit.ts'
import { remoteNotesRef, remotePrefix, tagPrefix } from '../history/refs.ts'
import { promisedRef } from '../repo/interface.ts'
import type { Manifest, ObjectReader, Store } from '../store/interface.ts'
import { ObjectQueue } from '../store/object-queue.ts'
import { levelOf } from './frontier.ts'
import { peelAll } from './peel.ts'

export const promisorKey = 'partial.remote'

/** Name of the remote that keeps what was not fetched; null for a clone that has all. */
export function promisorOf(manifest: Manifest): string | null {
  return manifest.config.get(promisorKey) ?? null
}

/** Objects that are not here and may be so. Walks all that is promised, as far as it is here. */
export async function promisedObjects(
  store: Store,
  beyond: ReadonlySet<CommitCid>,
): Promise<ReadonlySet<Cid>> {
  const absent = new Set<Cid>()
  const newest = await store.manifest()
  const promisor = promisorOf(newest)
  if (promisor === null) return absent
  const tips = new Set(promisedTips(newest, promisor))
  for await (const manifest of store.manifests())
    for (const cid of promisedTips(manifest, promisor)) tips.add(cid)
  const here = await existing(store, [...tips])
  const contents = await contentsOf(store, await treesOf(store, here, beyond))
  await walk(store, contents, async (cids) => {
    const present = await existing(store, cids)
    const isHere = new Set(present)
    for (const cid of cids) if (!isHere.has(cid)) absent.add(cid)
    return present
  })
  return absent
}

function* promisedTips({ refs }: Manifest, promisor: string): Generator<Cid> {
  const named = new Set([promisedRef, remoteNotesRef(promisor)])
  for (const [ref, cid] of refs) {
    if (ref.startsWith(`${remotePrefix}${promisor}/`) || ref.startsWith(tagPrefix) || named.has(ref))
      yield cid
  }
}

async function treesOf(
  store: Store,
  tips: readonly Cid[],
  beyond: ReadonlySet<CommitCid>,
): Promise<Set<Cid>> {
  const trees = new Set<Cid>()
  const peeled = await peelAll(store, tips)
  const queue = new ObjectQueue([...peeled.values()].map(({ commit }) => commit))
  for (const batch of queue.batches())
    for (const commit of await readCommits(store, batch)) {
      trees.add(commit.tree)
      for (const parent of commit.parents) if (!beyond.has(parent)) queue.add(parent)
    }
  return trees
}

/** What the leaves of path trees link to: files' contents and table objects. */
async function contentsOf(store: Store, roots: ReadonlySet<Cid>): Promise<Set<Cid>> {
  const contents = new Set<Cid>()
  const queue = new ObjectQueue(roots)
  for (const batch of queue.batches()) {
    const objects = await store.get(batch)
    objects.forEach((bytes, i) => {
      const isLeaf = levelOf(bytes) === 0
      for (const link of linksOf(batch[i]!, bytes)) {
        if (isLeaf) contents.add(link)
        else queue.add(link)
      }
    })
  }
  return contents
}

async function walk(
  store: ObjectReader,
  roots: ReadonlySet<Cid>,
  present: (cids: readonly Cid[]) => Promise<readonly Cid[]>,
): Promise<void> {
  const queue = new ObjectQueue(roots)
  for (const batch of queue.batches()) {
    const here = await present(batch)
    const inner = here.filter((cid) => codecOf(cid) !== 'raw')
    const objects = await store.get(inner)
    objects.forEach((bytes, i) => {
      for (const link of linksOf(inner[i]!, bytes)) queue.add(link)
    })
  }
}

async function existing(store: ObjectReader, cids: readonly Cid[]): Promise<readonly Cid[]> {
  const isHere = await store.has(cids)
  return cids.filter((_, i) => isHere[i])
}
