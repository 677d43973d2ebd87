// Three-way merge of path trees. Only paths that differ are looked at; what one side changed is taken as it is, and
// what both changed is merged by its kind (merge-entries.ts). A file that one side moved and the other edited is
// edited where it is now. The merged tree holds ours wherever there is a conflict, and nothing of theirs is lost:
// it stands in the stored conflicts.
import { compareBytes } from '../base/bytes.ts'
import { throwIfAborted } from '../base/errors.ts'
import { configFileName } from '../dataset/interface.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Path, TreeEntry, TreeThreeWayDifference } from '../files/interface.ts'
import { pathToBytes } from '../files/path.ts'
import { diffTrees, diffTreesThreeWay } from '../files/tree-diff.ts'
import { Tree } from '../files/tree.ts'
import { writeConflicts } from './conflicts/conflicts.ts'
import { DerivedPaths, isChangedTwice, keptDerived } from './derived-paths.ts'
import { followSettings } from './follow-settings.ts'
import { type FollowedRenames, followRenames, inPlace } from './follow-renames.ts'
import { noDecisions, reportDecisions } from './policies/decisions.ts'
import type { MergedPath, MergeOutcome } from './interface.ts'
import {
  type MergedEntry,
  fileConflict,
  isSameEntry,
  mergeRenameRename,
  mergeEntries,
} from './merge-entries.ts'
import type { MergeIo } from './merge-io.ts'
import { type GivenPolicies, PolicySource } from './policies/policy-source.ts'

export interface MergeTreesInput extends MergeIo {
  /** null: unrelated histories. */
  readonly base: Cid | null
  readonly ours: Cid
  readonly theirs: Cid
}

export interface MergeTreesOptions {
  /**
   * Lets policies decide: these, and those of varve.yaml, which also says what is derived and so need not be merged. Without
   * it none do: every clash is a conflict.
   */
  readonly policies?: GivenPolicies | undefined
  /** 'none': a path that is gone and one that is new are never taken for one that has moved. */
  readonly renames?: 'none'
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: MergeProgress) => void) | undefined
}

export interface MergeProgress {
  readonly phase: string
  readonly done: number
  readonly total: number
  readonly unit: 'files' | 'rows'
}

interface MergedAt extends MergedEntry {
  readonly path: Path
  readonly from?: Path
  readonly sides: Pick<TreeThreeWayDifference, 'base' | 'ours' | 'theirs'>
}

export async function mergeTrees(
  input: MergeTreesInput,
  options: MergeTreesOptions = {},
): Promise<MergeOutcome> {
  // Two sides that are alike may still have counted twice.
  const isAlike = input.theirs === input.ours && options.policies === undefined
  if (isAlike || input.theirs === input.base) return outcomeOf(input.ours, [])
  const { nodes, writer } = input
  const ours = await Tree.load(nodes, input.ours)
  const theirs = await Tree.load(nodes, input.theirs)
  if (input.base === input.ours) return takeTheirs(ours, theirs, options)
  const base = input.base === null ? Tree.empty(nodes, writer) : await Tree.load(nodes, input.base)
  const differences: TreeThreeWayDifference[] = []
  for await (const batch of diffTreesThreeWay(base, ours, theirs, { signal: options.signal })) {
    for (const difference of batch) differences.push(difference)
  }
  const followed =
    options.renames === 'none'
      ? inPlace(differences)
      : await followRenames(nodes.reader, { ours, theirs }, differences, options)
  const config = followed.cases.find(({ path }) => path === configFileName)
  const settings = config === undefined ? null : await mergedAt(input, config, options)
  const policies = await policySource(input, ours, settings, options)
  const derived = await derivedPaths(input, { ours, theirs }, followed, options)
  const merged: MergedAt[] = []
  for (const [done, { path, from, names, ...sides }] of followed.cases.entries()) {
    throwIfAborted(options.signal)
    const total = followed.cases.length
    options.onProgress?.({ phase: 'merging', done, total, unit: 'files' })
    const onRows = (rows: number): void =>
      options.onProgress?.({ phase: `merging '${path}'`, done: rows, total: 0, unit: 'rows' })
    const own = { signal: options.signal, onRows, policies: policies?.at(path, from) ?? null }
    const isDerived = names === undefined && derived?.has(path) === true && isChangedTwice(sides)
    const entry = isDerived
      ? keptDerived(sides)
      : names === undefined
        ? await mergeEntries(input, path, sides, own)
        : await mergeRenameRename(input, path, sides, names, own)
    merged.push({ ...entry, path, ...(from === undefined ? {} : { from }), sides })
    await writer.drained()
  }
  const outcome = await settle(input, ours, withoutClashes(merged), followed, options)
  const fault = policies?.fault ?? null
  return fault === null ? outcome : withFault(outcome, fault)
}

/** Policies from varve.yaml as the merge makes it; from ours, when it is in conflict. */
async function policySource(
  input: MergeTreesInput,
  ours: Tree,
  merged: MergedEntry | null,
  options: MergeTreesOptions,
): Promise<PolicySource | null> {
  if (options.policies === undefined) return null
  const entry = merged === null ? await ours.get(configFileName, options) : merged.entry
  return PolicySource.load(input.nodes, options.policies, entry, options)
}

/** The derived tables; null when varve.yaml need not be asked. */
async function derivedPaths(
  { nodes }: MergeTreesInput,
  trees: { readonly ours: Tree; readonly theirs: Tree },
  { cases }: FollowedRenames,
  options: MergeTreesOptions,
): Promise<DerivedPaths | null> {
  if (options.policies === undefined || !cases.some(isChangedTwice)) return null
  return DerivedPaths.load(nodes, trees, options)
}

async function mergedAt(
  input: MergeTreesInput,
  { path, ...sides }: TreeThreeWayDifference,
  options: MergeTreesOptions,
): Promise<MergedEntry> {
  return mergeEntries(input, path, sides, { signal: options.signal })
}

function withFault(outcome: MergeOutcome, fault: string): MergeOutcome {
  const known = outcome.paths.find(({ path }) => path === configFileName)
  const told: MergedPath = { path: configFileName, result: 'ours', conflicts: 0, ...known, notes: [fault] }
  return { ...outcome, paths: sortedByPath([...outcome.paths.filter((path) => path !== known), told]) }
}

function outcomeOf(tree: Cid, paths: readonly MergedPath[]): MergeOutcome {
  return { tree, paths, conflicts: null, conflictCount: 0, policies: noDecisions }
}

async function takeTheirs(ours: Tree, theirs: Tree, options: MergeTreesOptions): Promise<MergeOutcome> {
  const paths: MergedPath[] = []
  for await (const batch of diffTrees(ours, theirs, { signal: options.signal })) {
    for (const { path, before, after } of batch)
      paths.push({ path, result: 'theirs', ...stateOf(before, after), conflicts: 0 })
  }
  return outcomeOf(theirs.cid, paths)
}

function stateOf(before: TreeEntry | null, after: TreeEntry | null): Pick<MergedPath, 'state'> {
  if (before === null) return { state: 'added' }
  return after === null ? { state: 'deleted' } : {}
}

async function settle(
  { nodes, writer }: MergeTreesInput,
  ours: Tree,
  merged: readonly MergedAt[],
  { moved, relocated }: Pick<FollowedRenames, 'moved' | 'relocated'>,
  options: MergeTreesOptions,
): Promise<MergeOutcome> {
  const before = await ours.getMany(
    merged.map(({ path }) => path),
    options,
  )
  const changes = new Map<Path, TreeEntry | null>(moved.map((path) => [path, null]))
  const paths: MergedPath[] = moved.map((path) => ({
    path,
    result: 'theirs',
    state: 'deleted',
    conflicts: 0,
  }))
  for (const [i, { path, entry, result, conflicts, sides: _, decisions, ...rows }] of merged.entries()) {
    const isChanged = !isSameEntry(entry, before[i]!)
    if (isChanged) changes.set(path, entry)
    const isTold = decisions !== undefined || rows.notes !== undefined
    if (!isChanged && conflicts.length === 0 && !isTold) continue
    const told = result === 'ours' && (isChanged || decisions !== undefined) ? 'merged' : result
    const state = told === 'theirs' && rows.from === undefined ? stateOf(before[i]!, entry) : {}
    paths.push({ path, result: told, ...state, ...rows, conflicts: conflicts.length })
  }
  const tree = await followSettings(writer, await ours.update(writer, changes, options), relocated, options)
  const inOrder = sortedByPath(merged)
  const { root, count } = await writeConflicts(
    nodes,
    writer,
    inOrder.map(({ conflicts }) => conflicts),
    options,
  )
  const decisions = inOrder.flatMap((one) => one.decisions ?? [])
  const policies = await reportDecisions(nodes, writer, decisions, options)
  return { tree: tree.cid, paths: sortedByPath(paths), conflicts: root, conflictCount: count, policies }
}

function sortedByPath<T extends { readonly path: Path }>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: pathToBytes(item.path) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ item }) => item)
}

/** Where the merge would make a path a file and a directory at once, ours stays and theirs waits. */
function withoutClashes(merged: readonly MergedAt[]): MergedAt[] {
  const held = new Map(merged.flatMap((one) => (one.entry === null ? [] : [[one.path, one] as const])))
  const waiting = new Set<MergedAt>()
  for (const [path, below] of held) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const above = held.get(path.slice(0, at))
      if (above !== undefined) waiting.add(above.sides.ours === null ? above : below)
    }
  }
  return merged.map((one) =>
    waiting.has(one)
      ? { ...fileConflict(one.path, 'type', one.sides), path: one.path, sides: one.sides }
      : one,
  )
}
