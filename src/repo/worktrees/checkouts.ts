// Several checkouts of one store. The main one has the manifest's own HEAD, index and merge; a linked one, by its name,
// has refs 'worktrees/NAME/…' and settings 'worktree.NAME.…' in the same manifest, so that gc, compare-and-set and the
// log hold for it as they do for all else. Each checkout works on a view of the manifest, in which its own state stands
// where the main one's does:
//
//   manifest              view of 'v2'
//   head, HEAD, INDEX     -
//   worktree.v2.head      head
//   worktrees/v2/INDEX    INDEX
//   refs/heads/main       refs/heads/main
import type { Cid } from '../../encoding/cid.ts'
import type { Manifest, ManifestChange } from '../../store/interface.ts'
import { bisectRef } from '../bisect-state.ts'
import { indexBaseRef, indexRef, mergeRef } from '../interface.ts'

/** What each checkout has of its own; all other refs are shared. */
const ownRefs: readonly string[] = ['HEAD', indexRef, indexBaseRef, mergeRef, bisectRef]
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/
const settingPattern = /^worktree\.([^.]+)\.path$/
const refsPrefix = 'worktrees/'

/** The state of one checkout. */
export interface Checkout {
  /** null: the main one. */
  readonly name: string | null
  /** Its folder; null for the main one, which only the store's place tells. */
  readonly path: string | null
  /** The branch's full name; null: detached at `refs.get('HEAD')`. */
  readonly head: string | null
  readonly refs: ReadonlyMap<string, Cid>
  /** Why it is locked; null: it is not. */
  readonly locked: string | null
}

/** Of each view: the manifest that it shows, and whose view it is. */
const views = new WeakMap<Manifest, { readonly raw: Manifest; readonly name: string }>()

export function isCheckoutName(name: string): boolean {
  return namePattern.test(name)
}

/** Refs of checkouts are private: no transfer and no undo takes them. */
export function isCheckoutRef(ref: string): boolean {
  return ref.startsWith(refsPrefix)
}

export function settingOf(name: string, key: 'path' | 'head' | 'locked'): string {
  return `worktree.${name}.${key}`
}

/** The manifest as the checkout sees it; the main one (null) sees it as it is. */
export function viewOf(manifest: Manifest, name: string | null): Manifest {
  const raw = rawOf(manifest)
  if (name === null) return raw
  const refs = new Map([...raw.refs].filter(([ref]) => !ownRefs.includes(ref)))
  for (const [ref, cid] of ownRefsOf(raw, name)) refs.set(ref, cid)
  const view = { ...raw, head: raw.config.get(settingOf(name, 'head')) ?? null, refs }
  views.set(view, { raw, name })
  return view
}

/** The manifest that a view shows. */
export function rawOf(manifest: Manifest): Manifest {
  return views.get(manifest)?.raw ?? manifest
}

/** A change that a checkout planned on its view, as a change of the manifest. */
export function changeBehind(change: ManifestChange, name: string | null): ManifestChange {
  if (name === null) return change
  const { refs, config, head, ...rest } = change
  const moved = [...(refs ?? [])].map(
    ([ref, cid]) => [ownRefs.includes(ref) ? `${refsPrefix}${name}/${ref}` : ref, cid] as const,
  )
  const set = new Map(config)
  if (head !== undefined) set.set(settingOf(name, 'head'), head)
  return { ...rest, refs: new Map(moved), config: set }
}

/** What has to go from the manifest when the checkout goes. */
export function withoutCheckout(manifest: Manifest, name: string): Pick<ManifestChange, 'refs' | 'config'> {
  const refs = [...rawOf(manifest).refs.keys()].filter((ref) => ref.startsWith(`${refsPrefix}${name}/`))
  const config = (['path', 'head', 'locked'] as const).map((key) => settingOf(name, key))
  return {
    refs: new Map(refs.map((ref) => [ref, null])),
    config: new Map(config.map((key) => [key, null])),
  }
}

/** The linked checkouts, by name. */
export function linkedCheckouts(manifest: Manifest): Checkout[] {
  const raw = rawOf(manifest)
  const names = [...raw.config.keys()].map((key) => settingPattern.exec(key)?.[1]).filter(isName)
  return names.sort().map((name) => ({
    name,
    path: raw.config.get(settingOf(name, 'path'))!,
    head: raw.config.get(settingOf(name, 'head')) ?? null,
    refs: ownRefsOf(raw, name),
    locked: raw.config.get(settingOf(name, 'locked')) ?? null,
  }))
}

/** Whether the checkout whose view this is was there then. */
export function hasCheckout(manifest: Manifest): boolean {
  const name = views.get(manifest)?.name
  return name === undefined || manifest.config.has(settingOf(name, 'path'))
}

/** All checkouts but the one whose view of the manifest this is. */
export function otherCheckouts(manifest: Manifest): Checkout[] {
  const linked = linkedCheckouts(manifest)
  const mine = views.get(manifest)?.name ?? null
  if (mine === null) return linked
  return [mainCheckout(manifest), ...linked.filter(({ name }) => name !== mine)]
}

/** Whether files show the branch anywhere; those of a bare repository's own HEAD do not. */
export function isCheckedOut(manifest: Manifest, ref: string, isBare: boolean): boolean {
  return (!isBare && manifest.head === ref) || linkedCheckouts(manifest).some(({ head }) => head === ref)
}

export function mainCheckout(manifest: Manifest): Checkout {
  const { head, refs } = rawOf(manifest)
  const own = new Map([...refs].filter(([ref]) => ownRefs.includes(ref)))
  return { name: null, path: null, head, refs: own, locked: null }
}

/** Whether what led from one manifest to the next was done in another checkout than the one whose views these are. */
export function wasElsewhere(before: Manifest, after: Manifest): boolean {
  const [then, now] = [otherCheckouts(before), otherCheckouts(after)]
  if (then.length !== now.length) return true
  return now.some((other, i) => {
    const was = then[i]!
    if (was.name !== other.name || was.head !== other.head || !isSame(was.refs, other.refs)) return true
    const isTheirs = other.head !== null && other.head !== before.head && other.head !== after.head
    return isTheirs && before.refs.get(other.head!) !== after.refs.get(other.head!)
  })
}

function isSame(one: ReadonlyMap<string, Cid>, other: ReadonlyMap<string, Cid>): boolean {
  return one.size === other.size && [...one].every(([ref, cid]) => other.get(ref) === cid)
}

function ownRefsOf({ refs }: Manifest, name: string): Map<string, Cid> {
  const own = ownRefs.map((ref) => [ref, refs.get(`${refsPrefix}${name}/${ref}`)] as const)
  return new Map(own.filter((pair): pair is [string, Cid] => pair[1] !== undefined))
}

function isName(name: string | undefined): name is string {
  return name !== undefined && isCheckoutName(name)
}
