// What has come about since a link's last round ended: its receipt says how things were then, not how they are.
import { type CommitCid, cidOfDigest } from '../encoding/cid.ts'
import { fromHex } from '../base/bytes.ts'
import { Tree } from '../files/tree.ts'
import { readCommit } from '../history/commit.ts'
import { branchRef } from '../history/refs.ts'
import { withWriter } from '../repo/context.ts'
import { readBranch } from '../repo/head.ts'
import type { Repo } from '../repo/interface.ts'
import type { Link, Receipt, SinceSync } from './interface.ts'
import { readLinkState } from './state.ts'

export async function sinceSync(repo: Repo, link: Link, receipt: Receipt): Promise<SinceSync> {
  const manifest = await repo.store.manifest()
  const { intent, written } = readLinkState(manifest, link.name)
  const isCut = intent !== null && intent !== written
  // Where no branch is checked out nothing goes out, and what was is said all the same.
  const ref = link.branch === null ? manifest.head : branchRef(link.branch)
  if (link.mode === 'capture' || ref === null) return { isCut, changed: [] }
  return withWriter(repo, async (_, nodes) => {
    const tip = await readBranch(nodes.reader, manifest, ref)
    if (tip === null || receipt.commit === null) return { isCut, changed: [] }
    const then = cidOfDigest('dag-cbor', fromHex(receipt.commit)) as CommitCid
    if (tip.cid === then || (await nodes.reader.has([then]))[0] !== true) return { isCut, changed: [] }
    const paths = receipt.tables.map(({ path }) => path)
    const entries = async (tree: Tree): Promise<string[]> =>
      (await tree.getMany(paths)).map((entry) => (entry?.kind === 'table' ? entry.table : ''))
    const before = await entries(await Tree.load(nodes, (await readCommit(nodes.reader, then)).tree))
    const now = await entries(await Tree.load(nodes, tip.tree))
    return { isCut, changed: paths.filter((_path, i) => before[i] !== now[i]) }
  })
}
