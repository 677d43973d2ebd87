// The part of fsck that knows what objects mean. The store checks bytes and links; here every commit is checked as one, and
// every tree that a ref's commit or the index holds is checked as a tree (sums, order, every cut), its paths as paths, its
// files as content of the size that they have, its tables row by row.
import { isVarveError, throwIfAborted } from '../../base/errors.ts'
import type { Cid, CommitCid } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import { verifyPaths } from '../../files/tree-check.ts'
import { orderedBatches } from '../../formats/order.ts'
import { readCommit } from '../../history/commit.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import { verifyTree } from '../../prolly/verify.ts'
import type { FsckProblem } from '../../store/interface.ts'
import { decodeKey } from '../../table/key.ts'
import { entrySlots } from '../../table/rows.ts'
import { Table } from '../../table/table.ts'
import { rendererOf } from '../../formats/render.ts'
import { loadTable } from '../../table/table-object.ts'
import { peelToCommit } from '../head.ts'
import { type Repo, indexBaseRef, indexRef } from '../interface.ts'
import { type FileAt, checkFiles } from './check-files.ts'
import { checkHistory } from './check-history.ts'
import { isHere } from './is-here.ts'

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
  const seen = new Set<string>()
  const tips: CommitCid[] = []
  for (const [ref, cid] of manifest.refs) {
    await guarded(problems, ref, async () => {
      if (ref.startsWith('refs/') || ref === 'HEAD') {
        const tip = await peelToCommit(repo.store, cid)
        const commit = await readCommit(repo.store, tip)
        tips.push(tip)
        await checkTree(repo, commit.tree, `tree of ${ref}`, { problems, seen }, options)
      } else if (ref === indexRef || ref === indexBaseRef) {
        await checkTree(repo, cid, `tree of ${ref}`, { problems, seen }, options)
      }
    })
  }
  problems.push(...(await checkHistory(repo.store, tips, options)))
  return problems
}

interface Findings {
  readonly problems: FsckProblem[]
  readonly seen: Set<string>
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
  if (!isNew(findings, root)) return
  const fault = await verifyTree(repo.nodes, root, options)
  if (fault !== null) {
    findings.problems.push({ where: `${where}, node ${fault.cid}`, what: fault.what })
    return
  }
  const tree = await Tree.load(repo.nodes, root)
  await verifyPaths(tree, options)
  for await (const batch of tree.scan(options)) {
    throwIfAborted(options.signal)
    const files: FileAt[] = []
    for (const { path, entry } of batch) {
      if (entry.kind === 'file' && isNew(findings, `${entry.content} ${entry.size}`))
        files.push({ path, file: entry })
      if (entry.kind !== 'table' || !isNew(findings, entry.table)) continue
      if (options.contents !== undefined && !(await isHere(repo.store, entry.table))) continue
      await guarded(findings.problems, `${where}, table '${path}'`, () =>
        checkTable(repo, entry.table, `${where}, table '${path}'`, findings, options),
      )
    }
    findings.problems.push(...(await checkFiles(repo, files, where, options)))
  }
}

function isNew({ seen }: Findings, content: string): boolean {
  if (seen.has(content)) return false
  seen.add(content)
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
  // What its file is written with ends in an error where it is not what a file of its format has.
  if (object.layout !== null) rendererOf(object)
  for (const root of object.order === null ? [object.rows] : [object.rows, object.order]) {
    const fault = await verifyTree(repo.nodes, root, options)
    if (fault === null) continue
    findings.problems.push({ where: `${where}, node ${fault.cid}`, what: fault.what })
    return
  }
  const table = await Table.of(repo.nodes, object, options)
  const { order } = object
  // The order has the keys of the rows, each once, or it ends in an error.
  const batches =
    order === null ? table.map.scan(options) : orderedBatches(repo.nodes, table.map, order, options)
  for await (const batch of batches) {
    for (let i = 0; i < batch.count; i++) {
      const entry = entryAt(batch, i)
      decodeKey(object.schema, entry.key)
      entrySlots(table.shape, entry)
    }
  }
}
