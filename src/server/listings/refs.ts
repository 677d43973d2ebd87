// Branches and tags by name, a page at a time: names come from the manifest, and only of those that are shown the commits are
// read. There may be tens of thousands.
import type { BranchInfo, TagInfo } from '../../api/interface.ts'
import { digestHex } from '../../encoding/cid.ts'
import { branchPrefix, shortRefName, tagPrefix } from '../../history/refs.ts'
import { listBranches } from '../../repo/branches.ts'
import { listTags } from '../../repo/tags.ts'
import type { Manifest } from '../../store/interface.ts'
import type { ServedRepository } from '../repositories.ts'

export type RefKind = 'branch' | 'tag'
const prefixes = { branch: branchPrefix, tag: tagPrefix } as const

export interface RefListOptions {
  readonly limit: number
  /** The name at which the page before ended. */
  readonly after?: string | undefined
  /** What names contain. */
  readonly part?: string | undefined
}

export interface RefPage<T> {
  readonly items: readonly T[]
  /** How many there are in all, on this page and others. */
  readonly count: number
  /** Name of the last item, where there are more. */
  readonly last: string | null
}

/** Full names of refs, sorted. */
export function refsOf({ refs }: Manifest, kind: RefKind): string[] {
  return [...refs.keys()].filter((ref) => ref.startsWith(prefixes[kind])).sort()
}

export async function readBranches(
  { data, view }: ServedRepository,
  options: RefListOptions,
): Promise<RefPage<ShownBranch>> {
  const { names, ...page } = chosen(await view.manifest(), 'branch', options)
  const branches = await listBranches(data.repo, { only: names })
  return { ...page, items: branches.map((branch) => ({ ...branch, commit: digestHex(branch.commit!) })) }
}

type ShownBranch = BranchInfo & { readonly commit: string }

/** A branch; null when there is no such branch. */
export async function readBranch(
  { data, view }: ServedRepository,
  name: string,
): Promise<ShownBranch | null> {
  const ref = branchPrefix + name
  if (!(await view.manifest()).refs.has(ref)) return null
  const [branch] = await listBranches(data.repo, { only: [ref] })
  return { ...branch!, commit: digestHex(branch!.commit!) }
}

export async function readTags(
  { data, view }: ServedRepository,
  options: RefListOptions,
): Promise<RefPage<TagInfo>> {
  const { names, ...page } = chosen(await view.manifest(), 'tag', options)
  const tags = await listTags(data.repo, { only: names })
  return { ...page, items: tags.map((tag) => ({ ...tag, commit: digestHex(tag.commit) })) }
}

interface Chosen extends Omit<RefPage<never>, 'items'> {
  readonly names: readonly string[]
}

function chosen(manifest: Manifest, kind: RefKind, { limit, after, part = '' }: RefListOptions): Chosen {
  const fit = refsOf(manifest, kind).filter((ref) => part === '' || shortRefName(ref).includes(part))
  const from = after === undefined ? 0 : firstBehind(fit, prefixes[kind] + after)
  const names = fit.slice(from, from + limit)
  const last = from + limit < fit.length ? shortRefName(names.at(-1)!) : null
  return { names, count: fit.length, last }
}

function firstBehind(sorted: readonly string[], ref: string): number {
  const found = sorted.findIndex((one) => one > ref)
  return found < 0 ? sorted.length : found
}

/** How it is written as a revision: by its name alone, unless that means another one. */
export function revisionOf({ refs }: Manifest, kind: RefKind, name: string): string {
  const ref = prefixes[kind] + name
  const first = [name, `refs/${name}`, tagPrefix + name, branchPrefix + name].find((one) => refs.has(one))
  return first === ref && name !== 'HEAD' && name !== '@' ? name : qualifiedName(kind, name)
}

/** A name that means this branch or tag, whatever else has the same short name. */
export function qualifiedName(kind: RefKind, name: string): string {
  return `${kind === 'branch' ? 'heads' : 'tags'}/${name}`
}
