// What differs between two revisions: which paths, which rows and lines of one of them; and how two branches have gone
// apart.
import type { FileDiff, LineHunk, RowChange } from '../api/interface.ts'
import { VarveError } from '../base/errors.ts'
import { digestHex } from '../encoding/cid.ts'
import { aheadBehind, mergeBases } from '../history/ancestry.ts'
import { resolveRevision } from '../history/revision.ts'
import type { Value } from '../table/interface.ts'
import { sendJson } from './answers.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import type { Exchange, Route } from './interface.ts'
import { pageBytesMax } from './row-page.ts'
import {
  countParameter,
  idSchema,
  json,
  listOf,
  notFound,
  object,
  reference,
  repoParameter,
  requiredText,
  textParameter,
} from './schemas.ts'

const pathsMax = 1000
const changesMax = 10_000
const nullable = { type: ['string', 'null'] }
const ends = [
  requiredText('from', 'the older revision'),
  textParameter('to', 'the newer one; default: the current branch'),
]

export const diffRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/repos/{repo}/diff',
    operation: 'listChanges',
    about: 'Which paths differ between two revisions, with counts of rows, cells and lines',
    access: 'read',
    parameters: [
      repoParameter,
      ...ends,
      textParameter('path', 'only this path and what lies below it'),
      countParameter('limit', 'how many at most (default 100)', pathsMax),
      textParameter('cursor', 'where the page before ended'),
    ],
    answers: {
      200: json(
        'a page of them',
        object({ from: idSchema, to: idSchema, items: listOf(reference('FileChange')), cursor: nullable }),
      ),
      404: notFound,
    },
    handle: listChanges,
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/diff/file',
    operation: 'getChanges',
    about: 'The changed rows of a table, or the changed lines of a text',
    access: 'read',
    parameters: [
      repoParameter,
      ...ends,
      requiredText('path', 'its path'),
      countParameter('limit', 'how many rows or hunks at most (default 100)', changesMax),
      textParameter('cursor', 'where the page before ended'),
    ],
    answers: {
      200: json(
        'a page of them',
        object({
          from: idSchema,
          to: idSchema,
          path: { type: 'string' },
          kind: { type: 'string' },
          keyColumns: listOf({ type: 'string' }),
          schemaChanges: listOf({ type: 'string' }),
          rows: listOf(reference('RowChange')),
          hunks: listOf(reference('Hunk')),
          cursor: nullable,
        }),
      ),
      404: notFound,
    },
    handle: getChanges,
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/compare',
    operation: 'compare',
    about: 'How far two revisions have gone apart',
    access: 'read',
    parameters: [
      repoParameter,
      requiredText('base', 'what to compare with: the branch to merge into'),
      requiredText('head', 'what is compared: the branch with new commits'),
    ],
    answers: {
      200: json(
        'commits that head has and base has not, the other way round, and where they parted',
        object({
          base: idSchema,
          head: idSchema,
          ahead: { type: 'integer' },
          behind: { type: 'integer' },
          mergeBases: listOf(idSchema),
        }),
      ),
      404: notFound,
    },
    handle: compare,
  },
]

interface Ends {
  readonly from: string
  readonly to: string
  readonly skip: number
}

/** Both ends as commits: a page that follows is of the same two. */
async function endsOf({ query, repository }: Exchange): Promise<Ends> {
  const cursor = query.text('cursor')
  if (cursor !== undefined) {
    const [from, to, skip] = decodeCursor(cursor, 'diff')
    return { from: from ?? '', to: to ?? '', skip: Number(skip ?? 0) }
  }
  const { data } = repository()
  const [from, to] = [query.required('from'), query.text('to') ?? 'HEAD']
  return { from: (await data.commitInfo(from)).id, to: (await data.commitInfo(to)).id, skip: 0 }
}

async function listChanges(exchange: Exchange): Promise<void> {
  const { query, repository, response, signal } = exchange
  const { from, to, skip } = await endsOf(exchange)
  const path = query.text('path')
  const limit = query.number('limit') ?? 100
  const changes = repository().data.diffStat({
    from,
    to,
    signal,
    ...(path === undefined ? {} : { paths: [path] }),
  })
  const page = await pageOf(changes, { skip, limit, bytesOf: () => 0 })
  const cursor = page.more ? encodeCursor('diff', [from, to, String(skip + page.items.length)]) : null
  sendJson(response, { from, to, items: page.items, cursor })
}

async function getChanges(exchange: Exchange): Promise<void> {
  const { query, repository, response, signal } = exchange
  const { from, to, skip } = await endsOf(exchange)
  const path = query.required('path')
  const limit = query.number('limit') ?? 100
  for await (const file of repository().data.diff({ from, to, signal, paths: [path] })) {
    if (file.path !== path) continue
    const none = { items: [], more: false }
    const isTable = file.kind === 'table'
    const rows = isTable ? await pageOf(flat(file.rows()), { skip, limit, bytesOf: bytesOfRow }) : none
    const hunks = isTable ? none : await pageOf(file.hunks(), { skip, limit, bytesOf: bytesOfHunk })
    const { kind, keyColumns = [], schemaChanges } = file
    const next = skip + rows.items.length + hunks.items.length
    const cursor = rows.more || hunks.more ? encodeCursor('diff', [from, to, String(next)]) : null
    sendJson(response, {
      from,
      to,
      path,
      kind,
      keyColumns,
      schemaChanges,
      rows: rows.items,
      hunks: hunks.items,
      cursor,
    })
    return
  }
  throw new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' does not differ between the two`, {
    data: { name: path },
  })
}

async function compare({ query, repository, response }: Exchange): Promise<void> {
  const { view: store } = repository()
  const idOf = async (name: string) => (await resolveRevision(store, query.required(name))).commit
  const [base, head] = [await idOf('base'), await idOf('head')]
  const { ahead, behind } = await aheadBehind(store, head, base)
  const bases = await mergeBases(store, base, head)
  sendJson(response, {
    base: digestHex(base),
    head: digestHex(head),
    ahead,
    behind,
    mergeBases: bases.map(digestHex),
  })
}

export interface PageWish<T> {
  readonly skip: number
  readonly limit: number
  /** About. */
  readonly bytesOf: (item: T) => number
}

/** So many, or fewer if they are large; one at least, if there is one. */
export async function pageOf<T>(
  items: AsyncIterable<T>,
  { skip, limit, bytesOf }: PageWish<T>,
): Promise<{ items: T[]; more: boolean }> {
  const found: T[] = []
  let [seen, bytes] = [0, 0]
  for await (const item of items) {
    if (seen++ < skip) continue
    bytes += bytesOf(item)
    const isFull = found.length === limit || (found.length > 0 && bytes > pageBytesMax)
    if (isFull) return { items: found, more: true }
    found.push(item)
  }
  return { items: found, more: false }
}

export function bytesOfRow({ before, after }: RowChange): number {
  const values = [before, after].flatMap((row) => Object.values(row ?? {}))
  return values.reduce<number>((sum, value) => sum + lengthOf(value), 0)
}

function lengthOf(value: Value): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length
  return typeof value === 'object' && value !== null ? JSON.stringify(value).length : 8
}

function bytesOfHunk({ lines }: LineHunk): number {
  return lines.reduce((sum, line) => sum + line.length, 0)
}

export async function* flat(batches: ReturnType<FileDiff['rows']>): AsyncGenerator<RowChange> {
  for await (const batch of batches) yield* batch
}
