// What a dry run would change on either side, row by row, for whoever asks.
import type { Cid } from '../encoding/cid.ts'
import { type PathDiff, diffDatasets } from '../repo/diff/diff.ts'
import type { Io } from '../repo/interface.ts'
import type { SyncOptions } from './interface.ts'

/** Trees. */
export interface Change {
  readonly before: Cid
  readonly after: Cid
}

/** null: that side stays as it is. */
export interface Changes {
  readonly branch: Change | null
  readonly endpoint: Change | null
}

export async function showPlan(io: Io, options: SyncOptions, { branch, endpoint }: Changes): Promise<void> {
  const { dryRun, onPlan, signal } = options
  if (dryRun !== true || onPlan === undefined) return
  const diffs = (change: Change | null): AsyncIterable<PathDiff> =>
    change === null ? none() : diffDatasets(io.nodes, change.before, change.after, { signal })
  await onPlan({ incoming: diffs(branch), outgoing: diffs(endpoint) })
}

async function* none(): AsyncGenerator<PathDiff> {}
