// Results of merges as plain data. Conflicts that no folder keeps, of a dry run or a merge in a repository without
// files, are read while the writer that holds them lives, and handed over as values: up to a bound, for there may be a
// million of them.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { MergeOutcome } from '../merge/interface.ts'
import { diffDatasets } from '../repo/diff/diff.ts'
import { shortRefName } from '../history/refs.ts'
import type { Io, Repo } from '../repo/interface.ts'
import type { MergeOptions, Merged } from '../repo/merging/merge.ts'
import { type Preview, type PreviewOptions, previewMerge } from '../repo/merging/preview.ts'
import { conflictInfos } from './conflicts/conflicts.ts'
import { diffStatOf } from './diff-stat.ts'
import { idOf } from './info.ts'
import { policyDecisionsOf } from './policy-decisions.ts'
import type { ConflictInfo, DiffStat, MergePreview, MergeResult } from './interface.ts'

const conflictsMaxDefault = 1000

/** Runs a merge that may stop at conflicts which cannot be stored. */
export async function withConflicts(
  run: (onUnstored: NonNullable<MergeOptions['onUnstored']>) => Promise<Merged>,
): Promise<MergeResult> {
  let conflicts: ConflictInfo[] | null = null
  const merged = await run(async (io, outcome) => {
    conflicts = await firstConflicts(io, outcome, {})
  })
  const { rebase, sequence, ...rest } = merged
  const result = {
    ...rest,
    policies: policyDecisionsOf(merged.policies),
    commit: idOf(merged.commit),
    ...(rebase === undefined ? {} : { rebase: { ...rebase, stoppedAt: idOf(rebase.stoppedAt) } }),
    ...(sequence === undefined ? {} : { sequence: sequenceOf(sequence) }),
  }
  return conflicts === null || merged.outcome !== 'conflict' ? result : { ...result, conflicts }
}

function sequenceOf({
  stoppedAt,
  leftOut,
  ...counts
}: NonNullable<Merged['sequence']>): NonNullable<MergeResult['sequence']> {
  return { ...counts, stoppedAt: idOf(stoppedAt), leftOut: leftOut.map((cid) => idOf(cid)) }
}

type ShownOptions = PreviewOptions & { readonly conflictsMax?: number | undefined }

export async function mergePreview(
  repo: Repo,
  revision: string,
  options: ShownOptions,
): Promise<MergePreview> {
  return previewMerge(repo, revision, options, async (io, preview) => ({
    outcome: outcomeOf(preview),
    into: shortRefName(preview.into),
    ours: idOf(preview.ours),
    theirs: idOf(preview.theirs),
    paths: preview.paths,
    changes: await changesOf(io, preview.before, preview.tree, options),
    conflictCount: preview.conflictCount,
    policies: policyDecisionsOf(preview.policies),
    conflicts: await firstConflicts(io, preview, options),
  }))
}

function outcomeOf({ kind, conflictCount }: Preview): MergePreview['outcome'] {
  if (kind !== 'merge') return kind
  return conflictCount > 0 ? 'conflict' : 'merged'
}

async function changesOf(io: Io, before: Cid, after: Cid, options: PreviewOptions): Promise<DiffStat[]> {
  const changes: DiffStat[] = []
  for await (const diff of diffDatasets(io.nodes, before, after, { signal: options.signal }))
    changes.push(await diffStatOf(diff))
  return changes
}

async function firstConflicts(
  io: Io,
  outcome: MergeOutcome,
  { conflictsMax: max = conflictsMaxDefault, signal }: ShownOptions,
): Promise<ConflictInfo[]> {
  const first: ConflictInfo[] = []
  if (max <= 0) return first
  for await (const conflict of conflictInfos(io.nodes, outcome.tree, outcome.conflicts)) {
    throwIfAborted(signal)
    first.push(conflict)
    if (first.length >= max) break
  }
  return first
}
