// The part of fsck that knows what objects mean. The store checks bytes and links; here every tree that a ref's commit
// or the index holds is checked as a tree (sums, order, every cut), its paths as paths, its tables row by row.
import { isVarveError, throwIfAborted } from '../../base/errors.ts'
import { type Cid, codecOf } from '../../encoding/cid.ts'
import { linksOf } from '../../encoding/links.ts'
import { Tree } from '../../files/tree.ts'
import { verifyPaths } from '../../files/tree-check.ts'
import { readCommit } from '../../history/commit.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import { verifyTree } from '../../prolly/verify.ts'
import type { FsckProblem, ObjectReader } from '../../store/interface.ts'
import { ObjectQueue } from '../../store/object-queue.ts'
import { decodeKey } from '../../table/key.ts'
import { entrySlots } from '../../table/rows.ts'
import { Table } from '../../table/table.ts'
import { loadTable } from '../../table/table-object.ts'
import { peelToCommit } from '../head.ts'
import { type Repo, indexBaseRef, indexRef } from '../interface.ts'

export interface CheckOptions {
  /**
   * For a partial clone: tables that are not here in full are passed over. The store's own check tells what is lost
   * from what was left out.
   */
  readonly contents?: 'as far as they are here' | undefined
  readonly signal?: AbortSignal | undefined
}

export async function checkDatasets(repo: Repo, options: CheckOptions = {}): Promise<FsckProblem[]> {
  const problems: FsckProblem[] = []
  const manifest = await repo.store.manifest()
  const seen = new Set<Cid>()
  for (const [ref, cid] of manifest.refs) {
    await guarded(problems, ref, async () => {
      if (ref.startsWith('refs/') || ref === 'HEAD') {
        const commit = await readCommit(repo.store, await peelToCommit(repo.store, cid))
        await checkTree(repo, commit.tree, `tree of ${ref}`, { problems, seen }, options)
      } else if (ref === indexRef || ref === indexBaseRef) {
        await checkTree(repo, cid, `tree of ${ref}`, { problems, seen }, options)
      }
    })
  }
  return problems
}

interface Findings {
  readonly problems: FsckProblem[]
  readonly seen: Set<Cid>
}

/** Damage is a finding; anything else (no such file, no permission) is thrown. */
async function guarded(problems: FsckProblem[], where: string, check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT') && !isVarveError(error, 'VARVE_OBJECT_MISSING')) throw error
    problems.push({ where, what: error.message })
  }
}

async function checkTree(
  repo: Repo,
  root: Cid,
  where: string,
  findings: Findings,
  options: CheckOptions,
): Promise<void> {
  if (findings.seen.has(root)) return
  findings.seen.add(root)
  const fault = await verifyTree(repo.nodes, root, options)
  if (fault !== null) {
    findings.problems.push({ where: `${where}, node ${fault.cid}`, what: fault.what })
    return
  }
  const tree = await Tree.load(repo.nodes, root)
  await verifyPaths(tree, options)
  for await (const batch of tree.scan(options)) {
    throwIfAborted(options.signal)
    for (const { path, entry } of batch) {
      if (entry.kind !== 'table' || findings.seen.has(entry.table)) continue
      findings.seen.add(entry.table)
      if (options.contents !== undefined && !(await isHere(repo.store, entry.table))) continue
      await guarded(findings.problems, `${where}, table '${path}'`, () =>
        checkTable(repo, entry.table, `${where}, table '${path}'`, findings, options),
      )
    }
  }
}

/** Whether an object and all that it reaches are here. */
async function isHere(reader: ObjectReader, root: Cid): Promise<boolean> {
  const queue = new ObjectQueue([root])
  for (const batch of queue.batches()) {
    if ((await reader.has(batch)).includes(false)) return false
    const nodes = batch.filter((cid) => codecOf(cid) !== 'raw')
    const objects = await reader.get(nodes)
    for (const link of objects.flatMap((bytes, i) => linksOf(nodes[i]!, bytes))) queue.add(link)
  }
  return true
}

async function checkTable(
  repo: Repo,
  cid: Cid,
  where: string,
  findings: Findings,
  options: CheckOptions,
): Promise<void> {
  const object = await loadTable(repo.store, cid, options)
  for (const root of object.order === null ? [object.rows] : [object.rows, object.order]) {
    const fault = await verifyTree(repo.nodes, root, options)
    if (fault === null) continue
    findings.problems.push({ where: `${where}, node ${fault.cid}`, what: fault.what })
    return
  }
  const table = await Table.of(repo.nodes, object, options)
  for await (const batch of table.map.scan(options)) {
    for (let i = 0; i < batch.count; i++) {
      const entry = entryAt(batch, i)
      decodeKey(object.schema, entry.key)
      entrySlots(table.shape, entry)
    }
  }
}
