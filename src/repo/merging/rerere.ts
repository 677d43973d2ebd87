// Reusing resolutions in merges: the map of merge/resolve/rerere.ts lives under the ref RERERE. It is on unless the
// configuration turns it off: what is reused was decided for exactly these three values at this place, the merge stops
// for a person to look all the same, and what is not wanted can be taken back one by one (resolve --forget).
import type { Cid } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import type { Conflict, MergeOutcome } from '../../merge/interface.ts'
import { Rerere } from '../../merge/resolve/rerere.ts'
import { settleConflicts } from '../../merge/resolve/resolve.ts'
import type { Resolution, SettledRecord } from '../../merge/resolve/settler.ts'
import { TableSchemas } from '../../merge/resolve/table-schemas.ts'
import type { Manifest, ReadOptions } from '../../store/interface.ts'
import type { Value } from '../../table/interface.ts'
import { keyValues } from '../../table/rows.ts'
import { type Io, rerereRef } from '../interface.ts'

/** A conflict that an earlier resolution settled. */
export interface ReusedResolution {
  readonly id: string
  readonly kind: Conflict['kind']
  readonly path: string
  readonly key?: readonly Value[]
  readonly column?: string
}

function isRerereOn(manifest: Manifest): boolean {
  return manifest.config.get('rerere.enabled') !== 'false'
}

/** Whether a merge whose conflicts were all settled so is committed without stopping. */
export function commitsReused(manifest: Manifest): boolean {
  return manifest.config.get('rerere.autoCommit') === 'true'
}

/** Opens the remembered resolutions; null when they are switched off. `tree` is the merged one. */
export async function openRerere(manifest: Manifest, io: Io, tree: Cid): Promise<Rerere | null> {
  if (!isRerereOn(manifest)) return null
  const schemas = new TableSchemas(io.nodes, await Tree.load(io.nodes, tree))
  return Rerere.open(io, manifest.refs.get(rerereRef) ?? null, schemas, manifest.sequence)
}

export interface ReuseResult extends Pick<Resolution, 'tree' | 'conflicts' | 'resolutions' | 'left'> {
  readonly reused: readonly ReusedResolution[]
}

/** The outcome of a merge with what is known of earlier resolutions put in its conflicts' places. */
export async function reuseResolutions(
  manifest: Manifest,
  io: Io,
  outcome: MergeOutcome,
  options: ReadOptions = {},
): Promise<ReuseResult> {
  const { tree, conflicts } = outcome
  const untouched = { tree, conflicts, resolutions: null, left: outcome.conflictCount, reused: [] }
  if (conflicts === null || !manifest.refs.has(rerereRef)) return untouched
  const rerere = await openRerere(manifest, io, tree)
  if (rerere === null || rerere.isEmpty) return untouched
  const schemas = new TableSchemas(io.nodes, await Tree.load(io.nodes, tree))
  const reused: ReusedResolution[] = []
  const resolution = await settleConflicts(
    { ...io, tree, conflicts, met: { tree, conflicts }, resolutions: null },
    (batch) =>
      rerere.recall(
        batch.map(({ record }) => record),
        options,
      ),
    {
      ...options,
      how: 'reused',
      onSettled: async (batch) => {
        for (const one of batch) reused.push(await reusedOf(one, schemas))
      },
    },
  )
  return { ...resolution, reused }
}

async function reusedOf({ number, record }: SettledRecord, schemas: TableSchemas): Promise<ReusedResolution> {
  const { kind, path, key, text } = record
  const isWhole = kind === 'file' || kind === 'schema'
  const shape = isWhole ? null : await schemas.find(path)
  return {
    id: String(number),
    kind,
    path,
    ...(shape === null ? {} : { key: keyValues(shape, key) }),
    ...(kind === 'cell' ? { column: text } : {}),
  }
}
