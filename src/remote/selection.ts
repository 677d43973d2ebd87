// Whose contents a partial clone fetches with its history: those of paths that a filter selects, or none. It looks at
// the leaves of path trees, where paths and contents meet.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import { PathFilter } from '../files/path-filter.ts'
import { pathFromBytes } from '../files/path.ts'
import { keyAt, linksAt } from '../prolly/entry-batch.ts'
import { decodeNode } from '../prolly/node.ts'
import type { Manifest } from '../store/interface.ts'
import { promisorKey, promisorOf } from './promised.ts'

/** The filter, as a JSON list of patterns. */
export const filterKey = 'partial.filter'
/** 'true': no contents are fetched before somebody reads them. */
export const lazyKey = 'partial.lazy'
const valueLengthMax = 4096

/** How a clone is partial. */
export interface PartialClone {
  readonly filter: PathFilter | null
  readonly lazy: boolean
}

/** Contents that a leaf of a path tree links to and that are to be fetched. */
export type ContentLinks = (leaf: Uint8Array) => readonly Cid[]

export function partialSettings(remoteName: string, { filter, lazy }: PartialClone): [string, string][] {
  const settings: [string, string][] = [[promisorKey, remoteName]]
  if (lazy) settings.push([lazyKey, 'true'])
  if (filter !== null) settings.push([filterKey, filter.toString()])
  if (settings.some(([, value]) => value.length > valueLengthMax))
    throw new VarveError('VARVE_USAGE', `a filter is longer than ${valueLengthMax} characters`)
  return settings
}

/** null: the clone has everything. @throws VarveError VARVE_USAGE for a filter that somebody wrote wrongly */
export function partialOf(manifest: Manifest): PartialClone | null {
  if (promisorOf(manifest) === null) return null
  const text = manifest.config.get(filterKey)
  return {
    filter: text === undefined ? null : PathFilter.parse(text),
    lazy: manifest.config.get(lazyKey) === 'true',
  }
}

/** undefined: contents come with history, all of them. */
export function contentLinks(partial: PartialClone | null): ContentLinks | undefined {
  if (partial === null) return undefined
  const { filter, lazy } = partial
  if (lazy) return () => []
  return filter === null ? undefined : (leaf) => linksOfWanted(leaf, (path) => filter.has(path))
}

function linksOfWanted(leaf: Uint8Array, has: (path: Path) => boolean): Cid[] {
  const node = decodeNode(leaf)
  const links: Cid[] = []
  for (let i = 0; i < node.count; i++) if (has(pathFromBytes(keyAt(node, i)))) links.push(...linksAt(node, i))
  return links
}
