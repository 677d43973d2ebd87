// What a checkout is going to do, before history moves: it is compared with the files, and noted on disk.
import type { Cid } from '../../encoding/cid.ts'
import { prefetchContents } from '../../files/prefetch.ts'
import type { Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import type { FolderOptions, Io, PrepareOptions, Route } from '../../repo/interface.ts'
import { refuseSameNames } from '../case-folding.ts'
import { fileModesOf } from '../file-modes.ts'
import type { Worktree } from '../interface.ts'
import { PathLookup } from '../native.ts'
import { snapshotTree } from '../snapshot.ts'
import { StatCache, needOfSteps } from '../stat-cache/stat-cache.ts'
import { type CheckoutNote, writeNote } from './note.ts'
import {
  type PlannedStep,
  type Step,
  checkPaths,
  overwriting,
  planSteps,
  stepsBetween,
  uncommitted,
  unsettledSteps,
} from './plan.ts'
import { awaitTurn } from './turn.ts'

export interface Prepared {
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

/** @throws VarveError VARVE_UNCOMMITTED when edits would be lost */
export async function prepareCheckout(
  worktree: Worktree,
  io: Io,
  route: Route,
  options: PrepareOptions,
): Promise<Prepared> {
  await awaitTurn(worktree, options)
  if (options.discard === true) await checkForced(worktree, io, route, options)
  const planned = options.discard === true ? null : await plannedFor(worktree, io, route, options)
  const { sequence } = await worktree.repo.store.manifest()
  const intent = { ...route, from: planned?.from ?? route.from, sequence }
  return { note: writeNote(worktree, intent), route, steps: planned?.steps ?? null }
}

async function plannedFor(
  worktree: Worktree,
  io: Io,
  route: Route,
  options: PrepareOptions,
): Promise<Planned> {
  const { from } = route
  const { planned, lost } = await lookedAt(worktree, io, route, options)
  if (lost.length === 0) return { steps: planned, from }
  if (options.discard !== 'touched') throw uncommitted(lost)
  // What is overwritten is noted as it is: whoever finishes this after a crash knows it from what comes later.
  const given = new Set(lost)
  const edited = planned.filter(({ path, before }) => before !== null && given.has(path))
  const paths = edited.map(({ path }) => path).filter((path) => isFile(worktree.root, path))
  const steps = overwriting(worktree, planned)
  if (paths.length === 0) return { steps, from }
  return { steps, from: await snapshotTree(worktree, io, from, { signal: options.signal, paths }) }
}

async function lookedAt(
  plain: Worktree,
  io: Io,
  { from, to }: Route,
  options: PrepareOptions,
): Promise<{ planned: PlannedStep[]; lost: Path[] }> {
  const worktree = seenThrough(plain, io)
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

async function checkForced(
  worktree: Worktree,
  io: Io,
  { from, to }: Route,
  options: FolderOptions,
): Promise<void> {
  const trees = { from: await Tree.load(io.nodes, from), to: await Tree.load(io.nodes, to) }
  const quiet = { signal: options.signal }
  await checkPaths(trees.from, trees.to, quiet)
  if (io.nodes.reader.prefetch === undefined) return
  const steps = await stepsBetween(seenThrough(worktree, io), trees.from, trees.to, quiet)
  const written = steps.map(({ after }) => after)
  await prefetchContents(io.nodes.reader, written, options)
}

/** The trees may be in the writer still. */
function seenThrough(worktree: Worktree, { nodes }: Io): Worktree {
  return { ...worktree, repo: { ...worktree.repo, nodes } }
}

function newPaths(steps: readonly Step[]): Path[] {
  return steps.filter(({ before, after }) => before === null && after !== null).map(({ path }) => path)
}

function isFile(root: string, path: Path): boolean {
  const stat = new PathLookup(root).look(path)
  return stat !== null && (stat.isFile() || stat.isSymbolicLink())
}
