// Whose contents a partial clone fetches with its history: those of paths that a filter selects, of files below a size, or
// none. It looks at the leaves of path trees, where paths, sizes and contents meet.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { type StoredEntry, decodeEntry } from '../files/entry.ts'
import { PathFilter } from '../files/path-filter.ts'
import { pathFromBytes } from '../files/path.ts'
import { entryAt, keyAt, linksAt } from '../prolly/entry-batch.ts'
import { decodeNode } from '../prolly/node.ts'
import type { Manifest } from '../store/interface.ts'
import { promisorKey, promisorOf } from './promised.ts'

/** The filter, as a JSON list of patterns. */
const filterKey = 'partial.filter'
/** 'true': no contents are fetched before somebody reads them. */
const lazyKey = 'partial.lazy'
/** Bytes: of files of that size and more no contents are fetched before somebody reads them. */
const limitKey = 'partial.limit'
const valueLengthMax = 4096

/** How a clone is partial. */
export interface PartialClone {
  readonly filter: PathFilter | null
  readonly lazy: boolean
  /** Files of so many bytes and more are left with the remote, in all versions; null: whatever their size. */
  readonly limitBytes?: number | null
}

/** Contents that a leaf of a path tree links to and that are to be fetched. */
export type ContentLinks = (leaf: Uint8Array) => readonly Cid[]

export function partialSettings(
  remoteName: string,
  { filter, lazy, limitBytes = null }: PartialClone,
): [string, string][] {
  const settings: [string, string][] = [[promisorKey, remoteName]]
  if (limitBytes !== null) settings.push([limitKey, String(limitBytes)])
  if (lazy) settings.push([lazyKey, 'true'])
  if (filter !== null) settings.push([filterKey, filter.toString()])
  if (settings.some(([, value]) => value.length > valueLengthMax))
    throw new VarveError('VARVE_USAGE', `a filter is longer than ${valueLengthMax} characters`, {
      hint: "name folders in place of their files, or a pattern: 'images/**'",
    })
  return settings
}

/** null: the clone has everything. @throws VarveError VARVE_USAGE for a filter that somebody wrote wrongly */
export function partialOf(manifest: Manifest): PartialClone | null {
  if (promisorOf(manifest) === null) return null
  const text = manifest.config.get(filterKey)
  return {
    filter: text === undefined ? null : PathFilter.parse(text),
    lazy: manifest.config.get(lazyKey) === 'true',
    limitBytes: limitOf(manifest.config.get(limitKey)),
  }
}

function limitOf(text: string | undefined): number | null {
  const bytes = text === undefined || !/^\d{1,16}$/.test(text) ? NaN : Number(text)
  return Number.isSafeInteger(bytes) ? bytes : null
}

/** Which contents come with history; undefined when all of them do. */
export function contentLinks(partial: PartialClone | null): ContentLinks | undefined {
  if (partial === null) return undefined
  const { filter, lazy, limitBytes = null } = partial
  if (lazy) return () => []
  return filter === null && limitBytes === null
    ? undefined
    : (leaf) => linksOfWanted(leaf, filter, limitBytes)
}

function linksOfWanted(leaf: Uint8Array, filter: PathFilter | null, limitBytes: number | null): Cid[] {
  const node = decodeNode(leaf)
  const links: Cid[] = []
  for (let i = 0; i < node.count; i++) {
    if (filter !== null && !filter.has(pathFromBytes(keyAt(node, i)))) continue
    if (limitBytes === null || !isLarge(entryAt(node, i), limitBytes)) links.push(...linksAt(node, i))
  }
  return links
}

/** Whether a file is above the limit. Tables have no size: all that is in the history of one comes. */
function isLarge(stored: StoredEntry, limitBytes: number): boolean {
  const entry = decodeEntry(stored)
  return entry.kind === 'file' && entry.size >= limitBytes
}
