// Brings derived tables up to date with what they are made of, and commits them with a record of it. The branch moves by
// compare-and-set; when another process was faster, what has changed is computed again.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { type Cid, digestHex } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { nextGeneration } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { branchRef, shortRefName } from '../history/refs.ts'
import { requireAuthor, signatureOf, withWriter } from '../repo/context.ts'
import { readBranch } from '../repo/head.ts'
import { refuseWhileMerging } from '../repo/merging/refuse.ts'
import type { Folder, Io, Repo } from '../repo/interface.ts'
import { refuseStaged } from '../repo/merging/merge.ts'
import { type Move, move } from '../repo/move.ts'
import { putCommit } from '../repo/signing.ts'
import type { Manifest } from '../store/interface.ts'
import { type Computed, computeAll } from './compute.ts'
import { withFunction } from './declared-function.ts'
import type { AnyDerivation, DeclaredDerivation, DeriveOptions, DeriveReport } from './interface.ts'
import { derivationOrder } from './order.ts'
import { workspaceFailure } from './workspace-failure.ts'
import { Workspace } from './workspace.ts'

export interface DeriveWork {
  readonly repo: Repo
  readonly folder: Folder | null
  /** The derivations that varve.yaml declares. */
  readonly derivations: ReadonlyMap<Path, DeclaredDerivation>
  /** null: the branch that is checked out. */
  readonly branch: string | null
  /** Where inputs are kept for the next time; null: nowhere. */
  readonly cacheDir: string | null
  readonly options: DeriveOptions
}

/** @throws VarveError VARVE_RULE_VIOLATED, VARVE_PATH_NOT_FOUND, VARVE_NOT_POSSIBLE, VARVE_IO */
export async function derive(work: DeriveWork): Promise<DeriveReport> {
  try {
    return await deriveInWorkspace(work)
  } catch (error) {
    throw workspaceFailure(error) ?? error
  }
}

async function deriveInWorkspace(work: DeriveWork): Promise<DeriveReport> {
  const { cacheDir, options } = work
  const all = allOf(work)
  const order = derivationOrder(all, options.paths ?? [...all.keys()]).map((one) =>
    withFunction(one, options.module),
  )
  const workspace = await Workspace.open(options.force === true ? null : cacheDir)
  try {
    const report = await deriveIn(work, order, workspace)
    await workspace.keep()
    return report
  } catch (error) {
    await workspace.drop()
    throw error
  }
}

function allOf({ derivations, options }: DeriveWork): ReadonlyMap<Path, DeclaredDerivation> {
  const all = new Map<Path, DeclaredDerivation>(derivations)
  for (const one of options.functions ?? []) {
    if (all.has(one.path)) throw new TypeError(`'${one.path}' is derived twice`)
    all.set(one.path, one)
  }
  return all
}

async function deriveIn(
  work: DeriveWork,
  order: readonly AnyDerivation[],
  workspace: Workspace,
): Promise<DeriveReport> {
  const { repo, folder, options } = work
  if (options.dryRun === true) {
    return withWriter(repo, async (writer, nodes) => {
      const manifest = await repo.store.manifest()
      const { tables } = await computeOn(work, order, workspace, { writer, nodes }, manifest)
      return { tables, commit: null }
    })
  }
  let report: DeriveReport = { tables: [], commit: null }
  await move(
    repo,
    folder,
    async (manifest, io) => {
      throwIfAborted(options.signal)
      const computed = await computeOn(work, order, workspace, io, manifest)
      const planned = await planMove(work, io, manifest, computed)
      report = { tables: computed.tables, commit: planned.commit === null ? null : digestHex(planned.commit) }
      return planned.move
    },
    { signal: options.signal },
  )
  return report
}

async function computeOn(
  work: DeriveWork,
  order: readonly AnyDerivation[],
  workspace: Workspace,
  io: Io,
  manifest: Manifest,
): Promise<Computed & { tip: Commit }> {
  const ref = refOf(work, manifest)
  const tip = await readBranch(io.nodes.reader, manifest, ref)
  if (tip === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `branch '${shortRefName(ref)}' has no commits yet`, {
      hint: 'tables are derived from what is committed',
    })
  }
  const tree = await Tree.load(io.nodes, tip.tree)
  const { options } = work
  const beforeWork = async (): Promise<void> => {
    if (options.dryRun !== true) await refuseEarly(work, io, manifest)
  }
  return { ...(await computeAll({ io, manifest, tree, order, workspace, options, beforeWork })), tip }
}

/** Refuses early what would keep the result from being committed. */
async function refuseEarly(work: DeriveWork, io: Io, manifest: Manifest): Promise<void> {
  if (refOf(work, manifest) === manifest.head) {
    await refuseWhileMerging(io.writer, manifest, 'derive')
    refuseStaged(manifest, 'derive')
  }
  requireAuthor(work.repo, manifest)
}

async function planMove(
  work: DeriveWork,
  io: Io,
  manifest: Manifest,
  { tree, tip, origins, memos, tables }: Computed & { tip: Commit },
): Promise<{ move: Move | null; commit: Cid | null }> {
  const { repo, options } = work
  const ref = refOf(work, manifest)
  const operation = { name: 'derive', message: `on ${shortRefName(ref)}` }
  const known = [...memos].every(([name, memo]) => (manifest.refs.get(name) ?? null) === memo)
  if (tree.cid === tip.tree)
    return { move: known ? null : { refs: memos, operation, show: null }, commit: null }
  const committer = signatureOf(repo, manifest)
  const changed = tables.filter(({ outcome }) => outcome === 'changed').map(({ path }) => path)
  const commit = await putCommit(repo, manifest, io.writer, {
    tree: tree.cid,
    parents: [tip.cid],
    author: committer,
    committer,
    message: options.message ?? `Derive ${changed.join(', ')}`,
    generation: await nextGeneration(io.writer, [tip.cid]),
    extra: { derived: Object.fromEntries(origins) },
  })
  const refs = new Map<string, Cid | null>([...memos, [ref, commit]])
  return { move: { refs, operation, show: ref === manifest.head ? tree.cid : null }, commit }
}

function refOf({ branch }: DeriveWork, manifest: Manifest): string {
  if (branch !== null) return branchRef(branch)
  if (manifest.head !== null) return manifest.head
  throw new VarveError('VARVE_NOT_POSSIBLE', 'no branch is checked out to derive tables on', {
    hint: "switch to one: 'varve switch BRANCH'",
  })
}
