// What differs between two revisions: which paths, which rows and lines of one of them; and how two branches have gone
// apart.
import type { LineHunk } from '../../api/interface.ts'
import { VarveError } from '../../base/errors.ts'
import { eachOf } from '../../base/iterables.ts'
import type { ValueChange } from '../../documents/structure/diff-values.ts'
import { digestHex } from '../../encoding/cid.ts'
import { divergence } from '../../history/ancestry.ts'
import { resolveRevision } from '../../history/revision.ts'
import { sendJson } from '../answers.ts'
import { type Ends, pageOf, pageOfPaths, pageOfRows, pathDiffs, shortHunks } from '../listings/comparison.ts'
import { changesCursor, changesRead, pathCursor, pathsRead } from '../listings/diff-cursors.ts'
import type { Exchange, Route } from '../interface.ts'
import {
  countParameter,
  cursorParameter,
  cursorSchema,
  idSchema,
  json,
  listOf,
  notFound,
  object,
  reference,
  repoParameter,
  requiredText,
  choiceParameter,
  textParameter,
} from './schemas.ts'

const pathsMax = 1000
const changesMax = 10_000
const ends = [
  requiredText('from', 'the older revision'),
  textParameter('to', 'the newer one; default: the current branch'),
]

export const diffRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/repos/{repo}/diff',
    operation: 'listChanges',
    costly: 'always',
    about: 'Which paths differ between two revisions, with counts of rows, cells and lines',
    access: 'read',
    parameters: [
      repoParameter,
      ...ends,
      textParameter('path', 'only this path and what lies below it'),
      countParameter('limit', 'how many at most (default 100)', pathsMax),
      cursorParameter,
    ],
    answers: {
      200: json(
        'a page of them',
        object({
          from: idSchema,
          to: idSchema,
          items: listOf(reference('FileChange')),
          cursor: cursorSchema,
        }),
      ),
      404: notFound,
    },
    handle: listChanges,
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/diff/file',
    operation: 'getChanges',
    costly: 'always',
    about:
      'The changed rows of a table, or the changed lines of a text; with by=values those of JSON and YAML',
    access: 'read',
    parameters: [
      repoParameter,
      ...ends,
      requiredText('path', 'its path'),
      choiceParameter('by', 'JSON and YAML value by value, where that tells more than lines', 'values'),
      countParameter('limit', 'how many rows, values or hunks at most (default 100)', changesMax),
      cursorParameter,
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
          values: listOf(reference('ValueChange')),
          cursor: cursorSchema,
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
    costly: 'always',
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

/** Both ends as commits: a page that follows is of the same two. */
async function endsOf({ query, repository }: Exchange): Promise<Ends> {
  const { data } = repository()
  const [from, to] = [query.required('from'), query.text('to') ?? 'HEAD']
  return { from: (await data.commitInfo(from)).id, to: (await data.commitInfo(to)).id }
}

async function listChanges(exchange: Exchange): Promise<void> {
  const { query, response } = exchange
  const given = await pathsRead(exchange)
  const { ends, at } = given ?? { ends: await endsOf(exchange), at: null }
  const path = query.text('path')
  const { items, next } = await pageOfPaths(
    exchange,
    path === undefined ? { ends } : { ends, paths: [path] },
    { at, limit: query.number('limit') ?? 100 },
    async (_, stat) => stat,
  )
  const cursor = next === null ? null : pathCursor(ends, next)
  await sendJson(response, { ...ends, items, cursor })
}

async function getChanges(exchange: Exchange): Promise<void> {
  const { query, response } = exchange
  const { ends, skip } = (await changesRead(exchange)) ?? { ends: await endsOf(exchange), skip: 0 }
  const path = query.required('path')
  const limit = query.number('limit') ?? 100
  for await (const file of pathDiffs(exchange, { ends, paths: [path] })) {
    if (file.path !== path) continue
    const none = { items: [], more: false }
    const isTable = file.kind === 'table'
    const found = query.text('by') === 'values' ? await file.values() : null
    const values =
      found === null ? none : await pageOf(eachOf(found.changes), { skip, limit, bytesOf: bytesOfValue })
    const rows = isTable ? await pageOfRows(file, { skip, limit }) : none
    const hunks =
      isTable || found !== null ? none : await pageOf(shortHunks(file), { skip, limit, bytesOf: bytesOfHunk })
    const { kind, keyColumns = [], schemaChanges } = file
    const next = skip + rows.items.length + hunks.items.length + values.items.length
    const cursor = rows.more || hunks.more || values.more ? changesCursor(ends, next) : null
    await sendJson(response, {
      ...ends,
      path,
      kind,
      keyColumns,
      schemaChanges,
      rows: rows.items,
      hunks: hunks.items,
      values: values.items,
      cursor,
    })
    return
  }
  throw new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' does not differ between the two`, {
    data: { name: path },
    hint: "ask for the comparison without 'path': it lists the paths that differ",
  })
}

async function compare({ query, repository, response, signal }: Exchange): Promise<void> {
  const { view: store } = repository()
  const idOf = async (name: string) => (await resolveRevision(store, query.required(name))).commit
  const [base, head] = [await idOf('base'), await idOf('head')]
  const { ahead, behind, bases } = await divergence(store, head, base, { signal })
  await sendJson(response, {
    base: digestHex(base),
    head: digestHex(head),
    ahead,
    behind,
    mergeBases: bases.map(digestHex),
  })
}

function bytesOfValue({ path, before, after }: ValueChange): number {
  return path.length + (before?.length ?? 0) + (after?.length ?? 0)
}

function bytesOfHunk({ lines }: LineHunk): number {
  return lines.reduce((sum, line) => sum + line.length, 0)
}
