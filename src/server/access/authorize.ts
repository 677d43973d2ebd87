// Who asks, and whether they may. A token comes in the header Authorization and nowhere else: as Bearer, and to pages for
// people also as the password of HTTP Basic, which browsers ask for and keep to this very origin, port included (cookies go
// to all ports of a host). A repository that a token does not reach looks as if it were not there.
import type { IncomingMessage } from 'node:http'
import { VarveError } from '../../base/errors.ts'
import { branchPrefix, isReceiptsRef, shortRefName, tagPrefix } from '../../history/refs.ts'
import { HttpError } from '../answers.ts'
import type { Principal, Scope } from '../interface.ts'
import { matchesPattern } from './patterns.ts'
import type { Tokens } from './tokens.ts'

export interface Access {
  /** null: there are no tokens, everybody is `other`. */
  readonly tokens: Tokens | null
  /** Who comes without a token; null: nobody may. */
  readonly other: Principal | null
}

const newTokenHint = "whoever runs the server makes tokens: 'varve token create'"

const rank: Readonly<Record<Scope, number>> = { read: 0, write: 1, admin: 2 }

export function everybody(id: 'anonymous' | 'ssh', scope: Scope): Principal {
  return { id, name: id, scope, repositories: '*', branches: '*', checks: id === 'ssh' ? '*' : 'none' }
}

/** @throws HttpError 401 for a token that is wrong, expired or revoked, or none where one is needed */
export function authenticate(
  request: IncomingMessage,
  access: Access,
  nowMs: number,
  target: 'page' | 'api' = 'api',
): Principal {
  const header = request.headers.authorization
  if (header === undefined || access.tokens === null) {
    if (access.other !== null) return access.other
    throw unauthorized('a token is needed')
  }
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1] ?? (target === 'page' ? passwordIn(header) : undefined)
  const found = token === undefined ? null : access.tokens.find(token, nowMs)
  if (found === null) throw unauthorized('the token is wrong, expired or revoked')
  return found
}

function passwordIn(header: string): string | undefined {
  const credentials = /^Basic +([A-Za-z0-9+/]{1,1000}={0,2})$/i.exec(header)?.[1]
  return credentials === undefined
    ? undefined
    : /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString())?.[1]?.trim()
}

function allows(principal: Principal, scope: Scope): boolean {
  return rank[principal.scope] >= rank[scope]
}

/** @throws HttpError 403 */
export function checkScope(principal: Principal, scope: Scope): void {
  if (allows(principal, scope)) return
  throw new HttpError(403, 'VARVE_REFUSED', `this needs a token of scope '${scope}'`, {}, newTokenHint)
}

/** @throws VarveError VARVE_NO_REPOSITORY */
export function checkRepository(principal: Principal, name: string): void {
  if (!matchesPattern(principal.repositories, name)) throw noRepository(name)
}

export function noRepository(name: string): VarveError {
  return new VarveError('VARVE_NO_REPOSITORY', `no repository '${name}' here, or none for this token`, {
    data: { repository: name },
    hint: 'look at the spelling; which repositories a token sees is chosen when it is made',
  })
}

/**
 * Branches by their short names; a tag and the notes need '*' or a pattern of their full name. Receipts of links, which are only ever
 * added to, go along with any branch. @throws VarveError VARVE_REFUSED */
export function checkRef(principal: Principal, ref: string): void {
  if (isReceiptsRef(ref)) return
  const isAllowed =
    matchesPattern(principal.branches, ref) ||
    (ref.startsWith(branchPrefix) && matchesPattern(principal.branches, shortRefName(ref)))
  if (isAllowed) return
  const kind = ref.startsWith(tagPrefix) ? 'tag' : ref.startsWith(branchPrefix) ? 'branch' : 'notes'
  throw new VarveError('VARVE_REFUSED', `the token may not move ${kind} '${shortRefName(ref)}'`, {
    data: { ref },
    hint: 'push to a branch that it may move, or ask for another token',
  })
}

function unauthorized(message: string): HttpError {
  const headers = { 'www-authenticate': 'Bearer realm="varve"' }
  const hint = `send 'Authorization: Bearer TOKEN'; ${newTokenHint}`
  return new HttpError(401, 'VARVE_REFUSED', message, headers, hint)
}
