// Staging: what the named files hold now becomes what the next commit will hold. All or nothing: a row that breaks a
// table's rules leaves the index as it was.
import { VarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { pathFault } from '../files/path.ts'
import { PathSelection, normalPath } from '../files/path-selection.ts'
import type { NamedPath } from '../files/pathspec.ts'
import { Tree } from '../files/tree.ts'
import { withWriter } from '../repo/context.ts'
import type { Manifest } from '../store/interface.ts'
import { awaitWholeFiles } from './checkout/turn.ts'
import { TrackedNames } from './case-folding.ts'
import { fileModesOf } from './file-modes.ts'
import { type FileStat, fileStatOf, sameStat } from './file-stat.ts'
import { readIndex, updateIndex } from './index-state.ts'
import type { StageResult, Worktree, WorktreeOptions } from './interface.ts'
import { PathLookup } from './native.ts'
import { unstableFile } from './read-file.ts'
import { openSurvey } from './open-survey.ts'
import { stageSurvey } from './stager.ts'
import type { Survey } from './survey.ts'
import { nearFile, whyUnmatched } from './unmatched.ts'
import { skipUnwanted } from './partial-files.ts'

/** What others keep changing is given up. */
const turnsMax = 5
const badNamesToldMax = 3

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
  paths: readonly NamedPath[],
  options: StageOptions = {},
): Promise<StageResult> {
  for (let turn = 1; ; turn++) {
    try {
      return await stageOnce(worktree, paths, options)
    } catch (error) {
      if (!(error instanceof Outrun)) throw error
      if (turn === turnsMax) throw unstableFile(error.path)
    }
  }
}

/** Another command has changed a file since it was read: what was read is nobody's change any more. */
class Outrun extends Error {
  readonly path: Path

  constructor(path: Path) {
    super(path)
    this.path = path
  }
}

async function stageOnce(
  worktree: Worktree,
  paths: readonly NamedPath[],
  options: StageOptions,
): Promise<StageResult> {
  const { index, manifest: surveyed } = await readIndex(worktree)
  const spec = new PathSelection(await spelledAsTracked(worktree, index, paths))
  await awaitWholeFiles(worktree, options)
  const { signal } = options
  const from = options.trackedOnly === true ? [] : spec.starts
  const opened = await openSurvey(worktree, index, { from, spec, signal })
  const { survey, tracked, cache } = opened
  try {
    refuseBadNames(survey)
    skipUnwanted(worktree, survey, spec)
    const others = [...survey.files.keys(), ...survey.skipped.map(({ path }) => path.replace(/\/$/, ''))]
    await spec.requireMatches(others, {
      isFound: (one) => survey.covers(one),
      why: (path) => whyUnmatched(worktree.root, path),
      near: (path) => nearFile(worktree.root, index, path),
    })
    return await withWriter(worktree.repo, async (writer, nodes) => {
      const stager = await stageSurvey(worktree, { writer, nodes }, opened, options)
      const verify = async ({ sequence }: Manifest): Promise<void> => {
        if (sequence === surveyed.sequence) return
        await awaitWholeFiles(worktree, options)
        const lookup = new PathLookup(worktree.root)
        for (const [path, stat] of stager.read) if (!isStill(lookup, path, stat)) throw new Outrun(path)
      }
      if (options.dryRun !== true && stager.edits.size > 0) {
        const { before, after } = await updateIndex(
          worktree,
          { writer, nodes, edits: stager.edits, operation: 'add', gcEpoch: stager.gcEpoch, verify },
          options,
        )
        if (before === tracked.tree || (before === undefined && index.count === 0))
          tracked.followEdits(after, stager.edits)
        else await tracked.follow(await Tree.load(worktree.repo.nodes, after), { signal })
      } else {
        await tracked.follow(index, { signal })
      }
      await cache.save(tracked)
      return { staged: stager.changes, notTables: stager.notTables, skipped: survey.skipped }
    })
  } finally {
    await cache.close()
  }
}

/** Where case makes no other path, what is named may be tracked in another spelling. */
async function spelledAsTracked(
  worktree: Worktree,
  index: Tree,
  named: readonly NamedPath[],
): Promise<readonly NamedPath[]> {
  const isAny = (one: NamedPath): boolean => typeof one !== 'string' || normalPath(one) === ''
  if (!fileModesOf(worktree).ignoreCase || named.every(isAny)) return named
  const paths: Path[] = []
  for await (const batch of index.scan()) for (const { path } of batch) paths.push(path)
  const names = new TrackedNames(paths)
  return named.map((one) => (typeof one !== 'string' || isAny(one) ? one : names.spelled(normalPath(one))))
}

function isStill(lookup: PathLookup, path: Path, stat: FileStat | null): boolean {
  const found = lookup.look(path)
  const now = found === null ? null : fileStatOf(found)
  return now === null || stat === null ? now === stat : sameStat(now, stat)
}

function refuseBadNames(survey: Survey): void {
  const bad = survey.skipped.filter(({ path }) => !path.endsWith('/') && pathFault(path) !== null)
  if (bad.length === 0) return
  const told = bad.slice(0, badNamesToldMax).map(({ path }) => `'${shownPath(path)}' ${pathFault(path)}`)
  const more = bad.length - told.length
  throw new VarveError(
    'VARVE_RULE_VIOLATED',
    `path ${told.join(', ')}${more === 0 ? '' : `, and ${more} more cannot be kept`}`,
    {
      data: { path: bad[0]!.path, paths: bad.map(({ path }) => path) },
      hint: `rename ${bad.length === 1 ? 'the file, or name it' : 'these files, or name them'} in .varveignore; 'varve status' lists what is left out`,
    },
  )
}

function shownPath(path: Path): string {
  return JSON.stringify(path).slice(1, -1)
}
