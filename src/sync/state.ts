// What a repository remembers of a link, as refs, so that it moves with everything else by compare-and-set: the
// endpoint as it was last seen (live), what both sides last had in common (base), and which base the endpoint itself
// has been told (written) or is just being told (intent; of several that it is told one after the other, the last). The
// endpoint keeps the last of these with its rows: when the two disagree, the endpoint was restored, or a worker was
// killed between its commit and ours.
import type { Cid } from '../encoding/cid.ts'
import { linkRefs } from '../history/refs.ts'
import type { Manifest } from '../store/interface.ts'

export interface LinkState {
  readonly live: Cid | null
  readonly base: Cid | null
  readonly written: Cid | null
  readonly intent: Cid | null
  /** An object with the base that somebody unknown told the endpoint, if `base` was agreed on since. */
  readonly stranger: Cid | null
  /** Tables that were taken out of the link (tables/left-tables.ts). */
  readonly left: Cid | null
  /** What guards have stopped and nobody has let through yet. */
  readonly pending: Cid | null
  readonly identity: string | null
}

/** The name of a ref of the link that names a commit. */
export function linkRef(link: string, what: keyof Omit<LinkState, 'identity' | 'stranger'>): string {
  return `${linkRefs}${link}/${what}`
}

type LinkObject =
  | 'receipt'
  | 'digests'
  | 'unfit'
  | 'namespaces'
  | 'keys'
  | 'stranger'
  | 'waiting'
  | 'approved'
  /** Somebody asks whoever follows the link to try again what was rejected. */
  | 'retried'
  /** How far a delivery to a sink has got that is not at its end. */
  | 'sent'

/** Name of a ref of the link that names an object which is no revision. */
export function linkObject(link: string, what: LinkObject): string {
  return `links/${link}/${what}`
}

/** Whether a ref is what a repository remembers of this link. */
export function isOfLink(ref: string, link: string): boolean {
  return ref.startsWith(`${linkRefs}${link}/`) || ref.startsWith(`links/${link}/`)
}

export function identityKey(link: string): string {
  return `link.${link}.identity`
}

/** The setting for how far the endpoint had got with its writes when it was last read. */
export function positionKey(link: string): string {
  return `link.${link}.position`
}

/** The setting for where the endpoint keeps the link's record, and of which endpoint that holds. */
export function recordKey(link: string): string {
  return `link.${link}.record`
}

/** The setting for the time of a round that ended as the last receipt says. */
export function repeatedAtKey(link: string): string {
  return `link.${link}.again`
}

export function readLinkState(manifest: Manifest, link: string): LinkState {
  const ref = (what: keyof Omit<LinkState, 'identity' | 'stranger'>): Cid | null =>
    manifest.refs.get(linkRef(link, what)) ?? null
  return {
    live: ref('live'),
    base: ref('base'),
    written: ref('written'),
    intent: ref('intent'),
    stranger: manifest.refs.get(linkObject(link, 'stranger')) ?? null,
    left: ref('left'),
    pending: ref('pending'),
    identity: manifest.config.get(identityKey(link)) ?? null,
  }
}

/** Where the endpoint with this identity keeps the link's record; null: not known. */
export function recordPlace(manifest: Manifest, link: string, identity: string): string | null {
  const [of, place] = JSON.parse(manifest.config.get(recordKey(link)) ?? '[]') as unknown[]
  return of === identity && typeof place === 'string' ? place : null
}
