// What came over hashes right and is whole; this asks whether its path trees are fit to be checked out: no path that
// leaves the folder or means something to a file system, no path that is a file and a directory at once, no entry
// that cannot be read. Each new commit is judged by what it changed, so the cost follows the changes.
import { type VarveError, corrupt, isVarveError, throwIfAborted } from '../base/errors.ts'
import { type CommitCid, shortCid } from '../encoding/cid.ts'
import { checkClashes } from '../files/clash.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { safePath } from '../files/path.ts'
import { verifyPaths } from '../files/tree-check.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { Tree } from '../files/tree.ts'
import { readCommit } from '../history/commit.ts'
import { NodeStore } from '../prolly/node-store.ts'
import type { ObjectReader } from '../store/interface.ts'

/** From here on it is cheaper in memory to read the whole tree than to hold what changed. */
const changesMax = 100_000

/** `commits` come parents first; parents `beyond` are not there to compare with. @throws VarveError VARVE_CORRUPT */
export async function verifyReceived(
  reader: ObjectReader,
  commits: Iterable<CommitCid>,
  beyond: ReadonlySet<CommitCid>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const nodes = new NodeStore(reader)
  for (const cid of commits) {
    throwIfAborted(signal)
    const commit = await readCommit(reader, cid)
    const tree = await Tree.load(nodes, commit.tree)
    const [parent] = commit.parents
    try {
      if (parent === undefined || beyond.has(parent)) {
        await verifyPaths(tree, { signal })
        continue
      }
      const before = (await readCommit(reader, parent)).tree
      if (before !== commit.tree) await verifyChanges(await Tree.load(nodes, before), tree, signal)
    } catch (cause) {
      throw isVarveError(cause, 'VARVE_RULE_VIOLATED') ? unfit(cid, cause) : cause
    }
  }
}

async function verifyChanges(before: Tree, after: Tree, signal: AbortSignal | undefined): Promise<void> {
  const changes = new Map<Path, TreeEntry | null>()
  for await (const batch of diffTrees(before, after, { signal })) {
    for (const difference of batch) {
      if (difference.after !== null) safePath(difference.path)
      changes.set(difference.path, difference.after)
    }
    if (changes.size > changesMax) return verifyPaths(after, { signal })
  }
  await checkClashes(before.map, changes, { signal })
}

function unfit(cid: CommitCid, cause: VarveError): VarveError {
  return corrupt(
    `commit '${shortCid(cid)}' holds what no commit may hold: ${cause.message}`,
    cause.data,
    cause,
  )
}
