// History: the log, one commit, and the checks that were run on it.
import type { CommitInfo, LoggedCommit } from '../../api/interface.ts'
import { VarveError } from '../../base/errors.ts'
import { readJson, sendJson } from '../answers.ts'
import type { CheckState } from '../checks.ts'
import { Cursors, checkPinned, numberPart, rangePart } from '../listings/cursor.ts'
import { HttpError } from '../answers.ts'
import type { Exchange, Parameter, Route } from '../interface.ts'
import { matchesPattern } from '../access/patterns.ts'
import { audited } from './repository-routes.ts'
import type { Search } from '../search.ts'
import {
  checkName,
  countParameter,
  cursorParameter,
  idSchema,
  items,
  json,
  notFound,
  object,
  oneOf,
  pageOfItems,
  reference,
  repoParameter,
  textParameter,
} from './schemas.ts'

const commitsMax = 1000
const cursors = new Cursors<[range: string, skip: number]>('commits', rangePart, numberPart)
export const commitParameter: Parameter = {
  name: 'commit',
  in: 'path',
  about: '64 hex digits',
  schema: idSchema,
}

export const commitRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/repos/{repo}/commits',
    operation: 'listCommits',
    costly: 'search',
    about: 'History, newest first',
    access: 'read',
    parameters: [
      repoParameter,
      textParameter('revision', "a branch, tag, commit, or range 'A..B'; default: the current branch"),
      textParameter('path', 'only commits that touched this path'),
      countParameter('limit', 'how many at most (default 50)', commitsMax),
      cursorParameter,
    ],
    answers: {
      200: json('a page of it', pageOfItems('Commit')),
      404: notFound,
    },
    handle: listCommits,
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/commits/{commit}',
    operation: 'getCommit',
    about: 'One commit',
    access: 'read',
    parameters: [repoParameter, commitParameter],
    answers: { 200: json('it', reference('Commit')), 404: notFound },
    handle: async (exchange) => sendJson(exchange.response, await commitOf(exchange)),
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/commits/{commit}/checks',
    operation: 'listChecks',
    about: 'What checks said about a commit',
    access: 'read',
    parameters: [repoParameter, commitParameter],
    answers: { 200: json('by name', items('Check')), 404: notFound },
    handle: async (exchange) => {
      const { id } = await commitOf(exchange)
      await sendJson(exchange.response, {
        items: exchange.services.checks.of(exchange.repository().name, id),
      })
    },
  },
  {
    method: 'POST',
    path: '/v1/repos/{repo}/commits/{commit}/checks',
    operation: 'reportCheck',
    about: 'Reports what a check says about a commit',
    access: 'write',
    parameters: [repoParameter, commitParameter],
    body: {
      type: 'application/json',
      schema: object(
        {
          name: checkName,
          state: oneOf('pending', 'success', 'failure'),
          summary: { type: 'string', maxLength: 1000 },
        },
        ['summary'],
      ),
    },
    answers: { 200: json('as it is kept', reference('Check')), 404: notFound },
    handle: reportCheck,
  },
]

async function listCommits(exchange: Exchange): Promise<void> {
  await sendJson(exchange.response, await readCommits(exchange))
}

export interface CommitPage {
  readonly items: readonly LoggedCommit[]
  readonly cursor: string | null
}

/** Reads 'revision', 'path', 'limit' and 'cursor'. @throws VarveError VARVE_REF_NOT_FOUND */
export async function readCommits(exchange: Exchange, search?: Search): Promise<CommitPage> {
  const { query, signal } = exchange
  const limit = query.number('limit') ?? 50
  const path = query.text('path')
  const { data } = exchange.repository()
  // The walk is pinned to the commits that it began with: what is pushed meanwhile does not shift the pages.
  const given = cursors.read(query)
  if (given !== null) await checkPinned(exchange.repository(), ...given[0].split(/\.+/))
  const [pinned, skip] = given ?? [await pin(exchange, query.text('revision') ?? 'HEAD'), 0]
  const found: LoggedCommit[] = []
  let seen = 0
  let next: string | null = null
  for await (const commit of data.log({
    revision: pinned,
    signal,
    until: search?.until,
    ...(path === undefined ? {} : { path }),
  })) {
    if (seen++ < skip) continue
    if (found.length === limit) {
      next = cursors.write(pinned, skip + limit)
      break
    }
    found.push(commit)
  }
  return { items: found, cursor: next }
}

async function pin(exchange: Exchange, revision: string): Promise<string> {
  const { data } = exchange.repository()
  const [, from, dots, to] = /^(.*?)(\.\.\.?)(.*)$/s.exec(revision) ?? []
  const idOf = async (name: string): Promise<string> =>
    (await data.commitInfo(name === '' ? 'HEAD' : name)).id
  if (dots === undefined) return idOf(revision)
  return `${await idOf(from!)}${dots}${await idOf(to!)}`
}

/** The commit that the path names. */
export async function commitOf(exchange: Exchange): Promise<CommitInfo> {
  const id = exchange.params['commit']!
  if (!/^[0-9a-f]{64}$/.test(id)) throw new HttpError(404, 'VARVE_REF_NOT_FOUND', 'no such commit')
  return exchange.repository().data.commitInfo(id)
}

async function reportCheck(exchange: Exchange): Promise<void> {
  const { principal, request, response, services } = exchange
  const { id } = await commitOf(exchange)
  const { name, state, summary = '', ...rest } = await readJson(request, services.limits.bodyBytesMax)
  const isFit =
    typeof name === 'string' &&
    /^[\w./-]{1,100}$/.test(name) &&
    ['pending', 'success', 'failure'].includes(state as string) &&
    typeof summary === 'string' &&
    summary.length <= 1000 &&
    Object.keys(rest).length === 0
  if (!isFit) {
    throw new VarveError(
      'VARVE_USAGE',
      "the body has to have 'name' and 'state', and may have 'summary', each as the hint says, and nothing else",
      {
        hint: "'name' has 1 to 100 letters, digits, '.', '_', '/' and '-'; 'state' is pending, success or failure; 'summary' a text of up to 1000 characters, or left out",
      },
    )
  }
  if (!matchesPattern(principal.checks, name)) {
    throw new VarveError('VARVE_REFUSED', `the token may not report check '${name}'`, {
      data: { check: name },
      hint: "make one that may: 'varve token create --checks NAME'",
    })
  }
  const repository = exchange.repository().name
  const check = { name, state: state as CheckState, summary, by: principal.name, timeMs: services.now() }
  await audited(exchange, { what: 'check', repository, data: { commit: id, name, state } }, () =>
    services.checks.report(repository, id, check),
  )
  await sendJson(response, check)
}
