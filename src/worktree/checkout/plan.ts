// What a checkout will do, decided before anything is touched: which paths to remove and to write, and which changes
// of the user's stand in the way. A file that already holds what is wanted is kept as it is, so that a checkout that
// was cut short is finished by running it again.
import type { Buffer } from 'node:buffer'
import * as fs from 'node:fs'
import { VarveError } from '../../base/errors.ts'
import { isTurnOver, takeTurn } from '../../base/turns.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { storedPath } from '../../files/tree-check.ts'
import { diffTrees } from '../../files/tree-diff.ts'
import type { Tree } from '../../files/tree.ts'
import { folded } from '../case-folding.ts'
import { ContentCheck, type Match, isProven } from '../content-check.ts'
import { equalEntries } from '../../files/entry.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import { PathLookup, lstatOrNull, nativePath, withPathErrors } from '../native.ts'
import { fileModesOf } from '../file-modes.ts'
import { type FileStat, fileStatOf } from '../file-stat.ts'
import { filesAt } from '../files-at.ts'
import type { StatCache } from '../stat-cache/stat-cache.ts'
import type { KnownFile } from '../stat-cache/record.ts'
import { isCarried, unstagedChanges } from '../status.ts'
import { pathFromBytes } from '../../files/path.ts'
import { wantedPaths } from '../partial-files.ts'

/** A path whose file is to become `after`; null removes it. */
export interface Step {
  readonly path: Path
  readonly before: TreeEntry | null
  readonly after: TreeEntry | null
}

export interface PlannedStep extends Step {
  /** 'keep': the file holds `after` already. 'none': there is nothing to remove. */
  readonly action: 'write' | 'remove' | 'keep' | 'none'
  /** The stat at which the file was seen to hold `before`, byte for byte; null when nobody looked, or it does not. */
  readonly provenAt: FileStat | null
}

/** The steps that bring the files from one tree to another. */
export async function stepsBetween(
  worktree: Worktree,
  from: Tree,
  to: Tree,
  options: WorktreeOptions,
): Promise<Step[]> {
  const steps: Step[] = []
  const wanted = wantedPaths(worktree)
  for await (const batch of diffTrees(from, to, options)) {
    for (const step of batch) {
      if (isSafe(step) && wanted?.(step.path) !== false)
        steps.push(isTable(step) ? await carriedStep(worktree, step) : step)
    }
  }
  return steps
}

/**
 * Steps for paths in conflict whose files `steps` leave as they are: they are looked at like those that are
 * written.
 */
export async function unsettledSteps(
  worktree: Worktree,
  steps: readonly Step[],
  tree: Tree,
  paths: readonly Path[],
): Promise<Step[]> {
  const written = new Set(steps.map(({ path }) => path))
  const wanted = wantedPaths(worktree)
  const still = paths.filter((path) => !written.has(path) && wanted?.(path) !== false)
  const entries = await tree.getMany(still)
  const found: Step[] = []
  for (const [i, path] of still.entries()) {
    const entry = entries[i] ?? null
    const carried = entry?.kind === 'table' ? await carriedOrNull(worktree, entry) : entry
    if (carried !== null) found.push({ path, before: carried, after: carried })
  }
  return found
}

/** Refuses a way from tree to tree that would write where no file of a dataset may be. @throws VarveError VARVE_CORRUPT */
export async function checkPaths(from: Tree, to: Tree, options: WorktreeOptions): Promise<void> {
  for await (const batch of diffTrees(from, to, options)) for (const step of batch) isSafe(step)
}

/** Everything that makes the files those of the target, whatever they are now. */
export async function forcedSteps(
  worktree: Worktree,
  index: Tree,
  target: Tree,
  options: WorktreeOptions,
): Promise<PlannedStep[]> {
  const planned: PlannedStep[] = []
  const lookup = new PathLookup(worktree.root)
  const has = wantedPaths(worktree)
  for await (const batch of diffTrees(index, target, options)) {
    for (const step of batch) {
      if (!isSafe(step) || has?.(step.path) === false) continue
      const { path, before, after } = isTable(step) ? await carriedStep(worktree, step) : step
      const stat = after === null && before !== null ? lookup.look(path) : null
      if (stat !== null && !stat.isDirectory())
        planned.push({ path, before, after, action: 'remove', provenAt: null })
    }
  }
  const wanted = new Map<Path, TreeEntry>()
  for await (const batch of target.scan(options))
    for (const { path, entry } of batch) if (has?.(path) !== false) wanted.set(path, entry)
  const files = filesAt(worktree.root, wanted.keys(), options.signal)
  for (const { path } of await unstagedChanges(worktree, wanted, files, options)) {
    planned.push({ path, before: null, after: wanted.get(path)!, action: 'write', provenAt: null })
  }
  return planned
}

/** What a tree says of an unsafe path is not carried out: writing it is an error, removing it is passed over. */
function isSafe({ path, after }: Step): boolean {
  try {
    storedPath(path)
    return true
  } catch (error) {
    if (after !== null) throw error
    return false
  }
}

function isTable({ before, after }: Step): boolean {
  return before?.kind === 'table' || after?.kind === 'table'
}

/** The step as the worktree sees it: tables without a file are nothing there. */
async function carriedStep(worktree: Worktree, { path, before, after }: Step): Promise<Step> {
  return { path, before: await carriedOrNull(worktree, before), after: await carriedOrNull(worktree, after) }
}

async function carriedOrNull(worktree: Worktree, entry: TreeEntry | null): Promise<TreeEntry | null> {
  return entry !== null && (await isCarried(worktree.repo.nodes.reader, entry)) ? entry : null
}

/** Looks at every path that will be touched, and finds what would be lost. Those paths' actions are 'none'. */
export async function planSteps(
  worktree: Worktree,
  steps: readonly Step[],
  cache: StatCache,
  options: WorktreeOptions,
): Promise<{ planned: PlannedStep[]; lost: Path[] }> {
  const verifier = new Verifier(worktree, steps, options)
  const known = await cache.load(steps.map(({ path }) => path))
  const planned: PlannedStep[] = []
  for (const step of steps) {
    if (isTurnOver()) await takeTurn(options.signal)
    const decided = verifier.decide(step, known.get(step.path))
    planned.push(decided instanceof Promise ? await decided : decided)
  }
  return { planned, lost: [...verifier.lost].sort() }
}

/** The same steps, which overwrite whatever is in their way. */
export function overwriting({ root }: Worktree, planned: readonly PlannedStep[]): PlannedStep[] {
  return planned.map((step): PlannedStep => {
    if (step.after !== null) return { ...step, action: 'write', provenAt: null }
    const stat = lstatOrNull(root, step.path)
    return { ...step, action: stat === null || stat.isDirectory() ? 'none' : 'remove', provenAt: null }
  })
}

export function uncommitted(paths: readonly Path[]): VarveError {
  const [first] = paths
  const more = paths.length > 1 ? ` and ${paths.length - 1} more` : ''
  return new VarveError(
    'VARVE_UNCOMMITTED',
    `changes that are not committed would be lost: '${first}'${more}`,
    {
      data: { paths },
      hint: "commit them, put them aside with 'varve stash', or throw them away with 'varve restore'",
    },
  )
}

class Verifier {
  readonly lost = new Set<Path>()
  readonly #worktree: Worktree
  readonly #lookup: PathLookup
  readonly #check: ContentCheck
  readonly #removed: ReadonlySet<Path>
  /** Names that removals free, where case makes no other name. */
  readonly #freed: ReadonlySet<string>

  constructor(worktree: Worktree, steps: readonly Step[], options: WorktreeOptions) {
    this.#worktree = worktree
    this.#lookup = new PathLookup(worktree.root)
    this.#check = new ContentCheck(worktree, options)
    this.#removed = new Set(steps.filter(({ after }) => after === null).map(({ path }) => path))
    this.#freed = new Set(fileModesOf(worktree).ignoreCase ? [...this.#removed].map(folded) : [])
  }

  decide(step: Step, known: KnownFile | undefined): PlannedStep | Promise<PlannedStep> {
    const { path, before, after } = step
    const decided = (action: PlannedStep['action'], provenAt: FileStat | null = null): PlannedStep => ({
      ...step,
      action,
      provenAt,
    })
    const blocked = this.#lookup.blockedAt(path)
    if (blocked !== null) {
      if (after === null) return decided('none')
      // What is removed first is in nobody's way.
      if (this.#removed.has(blocked)) return decided('write')
      this.lost.add(blocked)
      return decided('none')
    }
    const stat = lstatOrNull(this.#worktree.root, path)
    if (stat === null) return decided(after === null ? 'none' : 'write')
    if (before === null && after !== null && this.#freed.has(folded(path))) return decided('write')
    if (stat.isDirectory()) {
      if (after === null) return decided('none')
      const inTheWay = filesBelow(this.#worktree.root, path).filter((file) => !this.#removed.has(file))
      for (const file of inTheWay) this.lost.add(file)
      return decided(inTheWay.length === 0 ? 'write' : 'none')
    }
    const file = fileStatOf(stat)
    if (file === null) {
      this.lost.add(path)
      return decided('none')
    }
    if (before !== null && isProven(known, file) && equalEntries(known.entry, before)) {
      return decided(after === null ? 'remove' : 'write', file)
    }
    return this.#compare(step, file, known)
  }

  async #compare(step: Step, file: FileStat, known: KnownFile | undefined): Promise<PlannedStep> {
    const { path, before, after } = step
    const heldAt = async (entry: TreeEntry): Promise<FileStat | null> => {
      const match: Match =
        this.#check.matchNow(path, file, entry) ?? (await this.#check.match(path, file, entry, known))
      return match.stat
    }
    const provenAt = before === null ? null : await heldAt(before)
    if (provenAt !== null) return { ...step, action: after === null ? 'remove' : 'write', provenAt }
    if (after !== null && (await heldAt(after)) !== null) return { ...step, action: 'keep', provenAt: null }
    // An untracked file that nobody wants to write or remove is nobody's business.
    if (before !== null || after !== null) this.lost.add(path)
    return { ...step, action: 'none', provenAt: null }
  }
}

/** All that lies below a folder and is not a folder, ignored or not. */
function filesBelow(root: string, folder: Path): Path[] {
  const files: Path[] = []
  const waiting = [folder]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const at = next
    const entries = withPathErrors(at, 'reading', () =>
      fs.readdirSync(nativePath(root, at), { encoding: 'buffer', withFileTypes: true }),
    ) as unknown as fs.Dirent<Buffer>[]
    for (const entry of entries) {
      const path = `${at}/${pathFromBytes(entry.name)}`
      if (entry.isDirectory()) waiting.push(path)
      else files.push(path)
    }
  }
  return files
}
