// A survey of the worktree with the stat cache that it takes its knowledge from, and gives it back to.
import type { Tree } from '../files/tree.ts'
import { fileModesOf } from './file-modes.ts'
import { bytesOf } from './file-stat.ts'
import type { Worktree } from './interface.ts'
import { StatCache } from './stat-cache/stat-cache.ts'
import { wantedAmong, wantedPaths } from './partial-files.ts'
import { Survey, type SurveyOptions } from './survey.ts'
import type { TrackedFiles } from './stat-cache/tracked-files.ts'

export interface OpenSurvey {
  readonly survey: Survey
  /** What the index tracks; `survey` may know less of its stats. */
  readonly tracked: TrackedFiles
  /** To be closed. */
  readonly cache: StatCache
}

export async function openSurvey(
  worktree: Worktree,
  index: Tree,
  options: Omit<SurveyOptions, 'ignoreCase' | 'has'>,
): Promise<OpenSurvey> {
  const reading = { signal: options.signal }
  let cache = await StatCache.open(worktree, { paths: index.count, bytes: 0 })
  try {
    let tracked = await cache.tracked(index, reading)
    const { ignoreCase } = fileModesOf(worktree)
    const { spec } = options
    const has = spec.everything ? wantedPaths(worktree) : wantedAmong(worktree, (path) => spec.has(path))
    const survey = await Survey.of(worktree.root, tracked, { ...options, has, ignoreCase })
    if (!cache.isOpen) {
      // Whether few paths are worth a cache is told by how large their files are.
      const files = { paths: survey.files.size, bytes: bytesOf(survey.files) }
      cache = await StatCache.open(worktree, files)
      if (cache.isOpen) tracked = await cache.tracked(index, reading)
    }
    return { survey, tracked, cache }
  } catch (error) {
    await cache.close()
    throw error
  }
}
