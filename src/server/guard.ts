// What is checked before anything else, for every request whatever its path: a page in somebody's browser must not talk
// to a server in their own network. A name that can be pointed at us from outside (DNS rebinding) is refused as Host, and
// so is every request that a browser says comes from another site. Addresses and 'localhost' cannot be rebound.
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

export interface GuardOptions {
  /** Names that the server goes by, beside addresses and 'localhost'. */
  readonly hosts: readonly string[]
}

export interface Refusal {
  readonly status: number
  readonly message: string
}

/**
 * null when the request may go on. A page may be gone to from another site by a link: nothing is changed by it, and the
 * other site sees nothing of what is shown (it is in no frame, no script of theirs, and its window is cut off); what is saved instead of shown is no such page.
 */
export function guard(
  request: IncomingMessage,
  options: GuardOptions,
  target: 'page' | 'api' = 'api',
): Refusal | null {
  const hosts = request.headersDistinct['host'] ?? []
  if (hosts.length !== 1) return { status: 400, message: 'a request needs exactly one Host' }
  const host = hosts[0]!.toLowerCase()
  if (!isOurs(host, options)) {
    return { status: 421, message: 'this server does not go by that name' }
  }
  const origins = request.headersDistinct['origin'] ?? []
  const isSame = origins.every((origin) => hostOf(origin) === host)
  if (!isSame) return { status: 403, message: 'requests from other sites are refused' }
  const site = request.headers['sec-fetch-site']
  const isFromElsewhere = site !== undefined && site !== 'same-origin' && site !== 'none'
  if (isFromElsewhere && !(target === 'page' && isNavigation(request))) {
    return { status: 403, message: 'requests from other sites are refused' }
  }
  return null
}

function isNavigation({ method, headers }: IncomingMessage): boolean {
  const isDocument = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return method === 'GET' && isDocument && headers.origin === undefined
}

function isOurs(host: string, { hosts }: GuardOptions): boolean {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/.exec(host) ?? []
  if (name === undefined) return false
  const bare = name.replaceAll(/[[\]]/g, '')
  return isIP(bare) !== 0 || name === 'localhost' || hosts.some((known) => known.toLowerCase() === name)
}

/** The host of an origin; null for 'null', and for anything that is no http(s) origin. */
function hostOf(origin: string): string | null {
  return /^https?:\/\/([^/?#@]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? null
}
