// The commits that refs reach, for fsck: each is one, and its numbers are what they may be. Walks over history trust
// generations, so a false one hides commits.
import { isVarveError, throwIfAborted } from '../../base/errors.ts'
import { yieldIfDue } from '../../base/turns.ts'
import type { CommitCid } from '../../encoding/cid.ts'
import { readCommits } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import type { FsckProblem, ObjectReader, ReadOptions } from '../../store/interface.ts'
import { ObjectQueue } from '../../store/object-queue.ts'

/** Commits that are not here are passed over: the store's own check tells those that are lost. */
export async function checkHistory(
  reader: ObjectReader,
  tips: readonly CommitCid[],
  options: ReadOptions = {},
): Promise<FsckProblem[]> {
  const problems: FsckProblem[] = []
  const known = new Map<CommitCid, Pick<Commit, 'generation' | 'parents'>>()
  const queue = new ObjectQueue<CommitCid>(tips)
  for (const batch of queue.batches()) {
    await yieldIfDue()
    throwIfAborted(options.signal)
    for (const commit of await readSound(reader, batch, problems)) {
      const { cid, generation, parents, author, committer } = commit
      known.set(cid, { generation, parents })
      for (const parent of parents) queue.add(parent)
      const numbers = [author, committer].flatMap(({ timeMs, zoneMinutes }) => [timeMs, zoneMinutes])
      if (!numbers.every(Number.isSafeInteger))
        problems.push({ where: `commit ${cid}`, what: 'a time or zone is no whole number' })
    }
  }
  for (const [cid, commit] of known)
    if (!isTrue(commit, known)) problems.push({ where: `commit ${cid}`, what: 'its generation is false' })
  return problems
}

function isTrue(
  { generation, parents }: Pick<Commit, 'generation' | 'parents'>,
  known: ReadonlyMap<CommitCid, { readonly generation: number }>,
): boolean {
  const below = parents.flatMap((parent) => known.get(parent)?.generation ?? [])
  const least = 1 + Math.max(0, ...below)
  return (
    Number.isSafeInteger(generation) &&
    (below.length === parents.length ? generation === least : generation >= least)
  )
}

async function readSound(
  reader: ObjectReader,
  cids: readonly CommitCid[],
  problems: FsckProblem[],
): Promise<Commit[]> {
  const isHere = await reader.has(cids)
  const here = cids.filter((_, i) => isHere[i])
  try {
    return await readCommits(reader, here)
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
    if (here.length > 1) {
      const each: Commit[] = []
      for (const cid of here) each.push(...(await readSound(reader, [cid], problems)))
      return each
    }
    problems.push({ where: `commit ${here[0]!}`, what: error.message })
    return []
  }
}
