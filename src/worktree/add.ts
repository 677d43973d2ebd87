// Staging: what the named files hold now becomes what the next commit will hold. All or nothing: a row that breaks a
// table's rules leaves the index as it was.
import { VarveError } from '../base/errors.ts'
import { pathFault } from '../files/path.ts'
import { withWriter } from '../repo/context.ts'
import { entriesOf, readIndex, updateIndex } from './index-state.ts'
import type { StageResult, Worktree, WorktreeOptions } from './interface.ts'
import { PathSpec } from './pathspec.ts'
import { type Scan, scanWorktree } from './scan.ts'
import { stageScan } from './stager.ts'
import { passOverUnwanted, wantedAmong } from './wanted.ts'

export interface StageOptions extends WorktreeOptions {
  /** Tables are kept as plain bytes this time. */
  readonly asFile?: boolean | undefined
  readonly dryRun?: boolean | undefined
  /** Only what the index has already, as `commit -a` wants it. */
  readonly trackedOnly?: boolean | undefined
}

/**
 * Stages the named files and folders, deletions included; '.' names everything.
 * @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_RULE_VIOLATED (nothing is staged then), VARVE_NOT_POSSIBLE
 */
export async function stage(
  worktree: Worktree,
  paths: readonly string[],
  options: StageOptions = {},
): Promise<StageResult> {
  const spec = new PathSpec(paths)
  const { index } = await readIndex(worktree)
  const selected = wantedAmong(worktree, (path) => spec.has(path))
  const tracked = await entriesOf(index, selected, { signal: options.signal })
  const from = options.trackedOnly === true ? [] : spec.paths
  const scan = scanWorktree(worktree.root, { from, tracked: tracked.keys(), signal: options.signal })
  refuseBadNames(scan)
  passOverUnwanted(worktree, scan, spec.paths)
  spec.requireMatches([
    ...tracked.keys(),
    ...scan.files.keys(),
    ...scan.skipped.map(({ path }) => path.replace(/\/$/, '')),
  ])
  return withWriter(worktree.repo, async (writer, nodes) => {
    const stager = await stageScan(worktree, { writer, nodes }, { scan, tracked }, options)
    if (options.dryRun !== true && stager.edits.size > 0) {
      await updateIndex(worktree, { writer, nodes, edits: stager.edits, operation: 'add' }, options)
    }
    return { staged: stager.changes, notTables: stager.notTables, skipped: scan.skipped }
  })
}

function refuseBadNames(scan: Scan): void {
  for (const { path } of scan.skipped) {
    const fault = path.endsWith('/') ? null : pathFault(path)
    if (fault === null) continue
    throw new VarveError('VARVE_RULE_VIOLATED', `path '${JSON.stringify(path).slice(1, -1)}' ${fault}`, {
      data: { path },
      hint: 'rename the file, or name it in .varveignore',
    })
  }
}
