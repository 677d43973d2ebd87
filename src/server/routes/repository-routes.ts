// Repositories, their branches and tags, and what protects their branches.
import { type ErrorCode, VarveError, isVarveError } from '../../base/errors.ts'
import { shortRefName } from '../../history/refs.ts'
import { readJson, sendJson } from '../answers.ts'
import { checkRepository } from '../access/authorize.ts'
import { type AuditEntry, auditEnd } from '../audit.ts'
import { Cursors, pathPart } from '../listings/cursor.ts'
import type { Exchange, Route } from '../interface.ts'
import { checkPattern, matchesPattern, patternSchema } from '../access/patterns.ts'
import { type Protection, protectionSettings, protectionsIn } from '../access/protection.ts'
import { type RefKind, type RefListOptions, readBranches, readTags, refsOf } from '../listings/refs.ts'
import type { ServedRepository } from '../repositories.ts'
import {
  checkName,
  countParameter,
  cursorParameter,
  items,
  json,
  listOf,
  notFound,
  object,
  pageOfItems,
  protectSchema,
  reference,
  repoParameter,
  repositoryName,
  textParameter,
} from './schemas.ts'

const refsMax = 10_000
const refParameters = [
  repoParameter,
  textParameter('name', 'only those whose names contain this'),
  countParameter('limit', 'how many at most (default 1000)', refsMax),
  cursorParameter,
]
/** As it is taken; what was set in the repository itself may look otherwise. */
const protectionAsked = object({
  branch: patternSchema,
  protect: protectSchema,
  requireChecks: { ...listOf(checkName), maxItems: 100 },
})
const refCursors = {
  branch: new Cursors<[lastName: string]>('branches', pathPart),
  tag: new Cursors<[lastName: string]>('tags', pathPart),
}

export const repositoryRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/repos',
    operation: 'listRepositories',
    about: 'The repositories that the token reaches',
    access: 'read',
    answers: { 200: json('their names, sorted', items('Repository')) },
    handle: async (exchange) => sendJson(exchange.response, { items: await readRepositories(exchange) }),
  },
  {
    method: 'POST',
    path: '/v1/repos',
    operation: 'createRepository',
    about: 'Makes an empty repository, or with dryRun only tells whether the token may',
    access: 'admin',
    body: {
      type: 'application/json',
      schema: object({ name: repositoryName, dryRun: { type: 'boolean' } }, ['dryRun']),
    },
    answers: {
      200: json('with dryRun: it would be made', object({ name: repositoryName })),
      201: json('it is there', reference('Repository')),
      404: notFound,
      409: { about: 'the name is taken' },
    },
    handle: create,
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}',
    operation: 'getRepository',
    about: 'One repository',
    access: 'read',
    parameters: [repoParameter],
    answers: { 200: json('it', reference('Repository')), 404: notFound },
    handle: async (exchange) => sendJson(exchange.response, await describe(exchange.repository())),
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/branches',
    operation: 'listBranches',
    about: 'Its branches by name',
    access: 'read',
    parameters: refParameters,
    answers: { 200: json('a page of them', pageOfItems('Branch')), 404: notFound },
    handle: async (exchange) => {
      const { items: branches, last } = await readBranches(exchange.repository(), refWish(exchange, 'branch'))
      const shown = branches.map(({ name, commit, subject, current }) => ({ name, commit, subject, current }))
      await sendJson(exchange.response, { items: shown, cursor: refCursor('branch', last) })
    },
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/tags',
    operation: 'listTags',
    about: 'Its tags by name',
    access: 'read',
    parameters: refParameters,
    answers: { 200: json('a page of them', pageOfItems('Tag')), 404: notFound },
    handle: async (exchange) => {
      const { items: tags, last } = await readTags(exchange.repository(), refWish(exchange, 'tag'))
      await sendJson(exchange.response, { items: tags, cursor: refCursor('tag', last) })
    },
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/protections',
    operation: 'listProtections',
    about: 'What its branches are protected by',
    access: 'read',
    parameters: [repoParameter],
    answers: { 200: json('by pattern', items('Protection')), 404: notFound },
    handle: async (exchange) => {
      const { config } = await exchange.repository().store.manifest()
      await sendJson(exchange.response, { items: protectionsIn(config) })
    },
  },
  {
    method: 'PUT',
    path: '/v1/repos/{repo}/protections',
    operation: 'putProtection',
    about: 'Protects branches, or (protect null and no checks) protects them no more',
    access: 'admin',
    parameters: [repoParameter],
    body: { type: 'application/json', schema: protectionAsked },
    answers: { 200: json('as it is now', reference('Protection')), 404: notFound },
    handle: protect,
  },
]

function refWish({ query }: Exchange, kind: RefKind): RefListOptions {
  return {
    limit: query.number('limit') ?? 1000,
    after: refCursors[kind].read(query)?.[0],
    part: query.text('name'),
  }
}

function refCursor(kind: RefKind, last: string | null): string | null {
  return last === null ? null : refCursors[kind].write(last)
}

/** The repositories that the token gives access to. */
export async function readRepositories({ principal, services }: Exchange): Promise<RepositoryInfo[]> {
  const names = services.repositories.names().filter((name) => matchesPattern(principal.repositories, name))
  return Promise.all(
    names.map(async (name) => {
      try {
        return await describe(await services.repositories.open(name))
      } catch (error) {
        services.log({ event: 'unreadable', repository: name, error: String(error) })
        return unreadable(name, error)
      }
    }),
  )
}

/** One that is damaged does not hide the others. What is wrong with it is for the log: it may speak of our disk. */
function unreadable(name: string, error: unknown): RepositoryInfo {
  const code = isVarveError(error) ? error.code : 'VARVE_INTERNAL'
  return { name, branch: null, branches: 0, tags: 0, sequence: 0, error: code }
}

export interface RepositoryInfo {
  readonly name: string
  readonly branch: string | null
  readonly branches: number
  readonly tags: number
  readonly sequence: number
  /** The code of what keeps it from being read; the counts are 0 then. */
  readonly error?: ErrorCode | 'VARVE_INTERNAL'
}

async function describe({ name, data, store, view }: ServedRepository): Promise<RepositoryInfo> {
  const manifest = await view.manifest()
  const { head } = await store.manifest()
  // What cannot be read is told here, not on the page behind it.
  if (manifest.head !== null && manifest.refs.has(manifest.head)) await data.commitInfo('HEAD')
  return {
    name,
    branch: head === null ? null : shortRefName(head),
    branches: refsOf(manifest, 'branch').length,
    tags: refsOf(manifest, 'tag').length,
    sequence: manifest.sequence,
  }
}

async function create(exchange: Exchange): Promise<void> {
  const { principal, request, response, services } = exchange
  const { name, dryRun = false, ...rest } = await readJson(request, services.limits.bodyBytesMax)
  if (typeof name !== 'string' || typeof dryRun !== 'boolean' || Object.keys(rest).length > 0)
    throw new VarveError('VARVE_USAGE', "the body has a 'name', perhaps 'dryRun', and nothing else", {
      hint: '{"name": "prices"}',
    })
  checkRepository(principal, name)
  if (dryRun) {
    services.repositories.placeFor(name)
    return sendJson(response, { name })
  }
  await audited(exchange, { what: 'create', repository: name.slice(0, 100) }, () =>
    services.repositories.create(name),
  )
  await sendJson(response, await describe(await services.repositories.open(name)), { status: 201 })
}

async function protect(exchange: Exchange): Promise<void> {
  const { request, response, services } = exchange
  const repository = exchange.repository()
  const protection = readProtection(await readJson(request, services.limits.bodyBytesMax))
  const data = { ...protection }
  await audited(exchange, { what: 'protect', repository: repository.name, data }, () =>
    repository.store.update(() => ({
      config: protectionSettings(protection),
      operation: { name: 'protect', message: protection.branch, author: exchange.principal.name },
    })),
  )
  await sendJson(response, protection)
}

function readProtection(document: Record<string, unknown>): Protection {
  const { branch, protect: mode, requireChecks, ...rest } = document
  const isFit =
    typeof branch === 'string' &&
    (mode === null || mode === 'fast-forward') &&
    Array.isArray(requireChecks) &&
    requireChecks.length <= 100 &&
    requireChecks.every((name) => typeof name === 'string' && /^[\w./-]{1,100}$/.test(name)) &&
    Object.keys(rest).length === 0
  if (!isFit) {
    throw new VarveError(
      'VARVE_USAGE',
      "the body has to have 'branch', 'protect' and 'requireChecks', each as the hint says, and nothing else",
      {
        hint: "'branch' is a name or pattern; 'protect' is null or 'fast-forward', no list; 'requireChecks' is a list of up to 100 names of checks, such as [] or ['rules']",
      },
    )
  }
  return { branch: checkPattern(branch, 'branches'), protect: mode, requireChecks: requireChecks as string[] }
}

/** Runs `work`, and writes to the audit log before and after it. */
export async function audited<T>(
  { principal, request, services }: Exchange,
  entry: Pick<AuditEntry, 'what' | 'repository' | 'data'>,
  work: () => Promise<T>,
): Promise<T> {
  const who = { id: principal.id, name: principal.name }
  const line = { ...entry, who, address: request.socket.remoteAddress ?? '' }
  await services.audit.append({ ...line, result: 'begun' })
  let result: T
  try {
    result = await work()
  } catch (error) {
    await auditEnd(services, { ...line, result: 'failed' })
    throw error
  }
  await auditEnd(services, { ...line, result: 'done' })
  return result
}
