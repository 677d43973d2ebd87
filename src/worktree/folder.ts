// The worktree as history's operations see it (`Folder`): they check the files, publish the manifest, and then let the
// files follow. What is under way is noted on disk in between, so that a crash is rolled forward by the next command.
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { prefetchContents } from '../files/prefetch.ts'
import type { Path } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import type { Folder, FolderOptions, Io, PrepareOptions, Route, SnapshotChoice } from '../repo/interface.ts'
import { type CheckoutNote, removeNote, abandonNote, writeNote } from './checkout/note.ts'
import { awaitTurn } from './checkout/turn.ts'
import {
  type PlannedStep,
  type Step,
  checkPaths,
  forcedSteps,
  overwriting,
  planSteps,
  stepsBetween,
  unsettledSteps,
  uncommitted,
} from './checkout/plan.ts'
import { applySteps } from './checkout/write.ts'
import { refuseSameNames } from './case-folding.ts'
import { fileModesOf } from './file-modes.ts'
import type { Worktree } from './interface.ts'
import { PathLookup } from './native.ts'
import { snapshotTree } from './snapshot.ts'
import { StatCache, needOfSteps } from './stat-cache/stat-cache.ts'
import { removeTemporaries } from './checkout/temporaries.ts'

export function worktreeFolder(worktree: Worktree): Folder {
  return new WorktreeFolder(worktree)
}

interface Prepared {
  readonly note: CheckoutNote
  readonly route: Route
  /** null: everything is to be made as the target has it. */
  readonly steps: readonly PlannedStep[] | null
}

interface Planned {
  readonly steps: readonly PlannedStep[]
  /** The tree that the files show which are about to change. */
  readonly from: Cid
}

class WorktreeFolder implements Folder {
  readonly #worktree: Worktree
  #prepared: Prepared | null = null

  constructor(worktree: Worktree) {
    this.#worktree = worktree
  }

  async prepare(io: Io, route: Route, options: PrepareOptions): Promise<void> {
    const { from, to } = route
    await awaitTurn(this.#worktree, options)
    if (options.discard === true) await this.#checkForced(io, from, to, options)
    const planned = options.discard === true ? null : await this.#planned(io, from, to, options)
    const { sequence } = await this.#worktree.repo.store.manifest()
    const intent = { ...route, from: planned?.from ?? from, sequence }
    this.#prepared = { note: writeNote(this.#worktree, intent), route, steps: planned?.steps ?? null }
  }

  async apply(route: Route, options: FolderOptions): Promise<void> {
    const { from, to } = route
    const { nodes } = this.#worktree.repo
    const prepared = this.#prepared?.route === route ? this.#prepared : null
    const verified = prepared?.steps ?? null
    const occupied = verified === null || options.discard === 'touched' ? 'replace' : 'refuse'
    try {
      const steps = verified ?? (await this.#forced(from, await Tree.load(nodes, to), options))
      const cache = await StatCache.open(this.#worktree, needOfSteps(this.#worktree, steps))
      try {
        await applySteps(this.#worktree, steps, { cache, nodes, occupied }, options)
      } finally {
        await cache.close()
      }
    } catch (error) {
      // The note stays: the next opening rolls forward.
      this.leave()
      if (!isVarveError(error, 'VARVE_ABORTED')) throw error
      throw new VarveError('VARVE_ABORTED', 'stopped while files were written', {
        cause: error,
        hint: "history has moved, and the next command brings the other files; 'varve undo' goes back",
      })
    }
    this.#forget()
  }

  release(): void {
    this.#forget()
  }

  leave(): void {
    if (this.#prepared !== null) abandonNote(this.#worktree, this.#prepared.note)
    this.#prepared = null
  }

  removeTemporaries(): number {
    return removeTemporaries(this.#worktree.root)
  }

  snapshot(io: Io, index: Cid, options: FolderOptions & SnapshotChoice): Promise<Cid> {
    return snapshotTree(this.#worktree, io, index, options)
  }

  async #forced(from: Cid, target: Tree, options: FolderOptions): Promise<PlannedStep[]> {
    const index = await Tree.load(this.#worktree.repo.nodes, from)
    return forcedSteps(this.#worktree, index, target, { signal: options.signal })
  }

  async #planned(io: Io, from: Cid, to: Cid, options: PrepareOptions): Promise<Planned> {
    const { planned, lost } = await this.#looked(io, from, to, options)
    if (lost.length === 0) return { steps: planned, from }
    if (options.discard !== 'touched') throw uncommitted(lost)
    // What is overwritten is noted as it is: whoever finishes this after a crash knows it from what comes later.
    const given = new Set(lost)
    const edited = planned.filter(({ path, before }) => before !== null && given.has(path))
    const paths = edited.map(({ path }) => path).filter((path) => isFile(this.#worktree.root, path))
    return {
      steps: overwriting(this.#worktree, planned),
      from: paths.length === 0 ? from : await this.snapshot(io, from, { signal: options.signal, paths }),
    }
  }

  async #looked(
    io: Io,
    from: Cid,
    to: Cid,
    options: PrepareOptions,
  ): Promise<{ planned: PlannedStep[]; lost: Path[] }> {
    // The trees may be in the writer still.
    const worktree: Worktree = { ...this.#worktree, repo: { ...this.#worktree.repo, nodes: io.nodes } }
    const trees = { from: await Tree.load(io.nodes, from), to: await Tree.load(io.nodes, to) }
    const quiet = { signal: options.signal }
    const steps = await stepsBetween(worktree, trees.from, trees.to, quiet)
    if (fileModesOf(worktree).ignoreCase) await refuseSameNames(trees.to, newPaths(steps), quiet)
    const cache = await StatCache.open(worktree, needOfSteps(worktree, steps))
    try {
      const { planned, lost } = await planSteps(worktree, steps, cache, quiet)
      const still = await unsettledSteps(worktree, steps, trees.from, options.unsettled ?? [])
      lost.push(...(await planSteps(worktree, still, cache, quiet)).lost)
      if (lost.length > 0) return { planned, lost }
      const written = planned.filter(({ action }) => action === 'write').map(({ after }) => after)
      await prefetchContents(io.nodes.reader, written, options)
      return { planned, lost }
    } finally {
      await cache.close()
    }
  }

  async #checkForced(io: Io, from: Cid, to: Cid, options: FolderOptions): Promise<void> {
    const trees = { from: await Tree.load(io.nodes, from), to: await Tree.load(io.nodes, to) }
    const quiet = { signal: options.signal }
    await checkPaths(trees.from, trees.to, quiet)
    if (io.nodes.reader.prefetch === undefined) return
    const worktree: Worktree = { ...this.#worktree, repo: { ...this.#worktree.repo, nodes: io.nodes } }
    const steps = await stepsBetween(worktree, trees.from, trees.to, quiet)
    const written = steps.map(({ after }) => after)
    await prefetchContents(io.nodes.reader, written, options)
  }

  #forget(): void {
    if (this.#prepared !== null) removeNote(this.#worktree, this.#prepared.note)
    this.#prepared = null
  }
}

function newPaths(steps: readonly Step[]): Path[] {
  return steps.filter(({ before, after }) => before === null && after !== null).map(({ path }) => path)
}

function isFile(root: string, path: Path): boolean {
  const stat = new PathLookup(root).look(path)
  return stat !== null && (stat.isFile() || stat.isSymbolicLink())
}
