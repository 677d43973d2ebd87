// What became of one row: the commits that added, changed or removed it.
import type { RowCommit } from '../../api/row-history.ts'
import { sendJson } from '../answers.ts'
import { Cursors, checkPinned, commitPart, numberPart } from '../listings/cursor.ts'
import type { Exchange, Route } from '../interface.ts'
import { openTable } from '../listings/rows.ts'
import type { Search } from '../search.ts'
import {
  countParameter,
  cursorParameter,
  json,
  manyParameter,
  notFound,
  pageOfItems,
  repoParameter,
  requiredText,
  textParameter,
} from './schemas.ts'

const commitsMax = 1000
const cursors = new Cursors<[commit: string, skip: number]>('row-commits', commitPart, numberPart)

export const rowLogRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/repos/{repo}/rows/commits',
    operation: 'listRowCommits',
    costly: 'always',
    about: 'The commits that added, changed or removed a row, newest first, each with what it did',
    access: 'read',
    parameters: [
      repoParameter,
      textParameter('revision', 'a branch, tag or commit to look back from; default: the current branch'),
      requiredText('table', "the table's path; 'people' finds 'people.csv' too"),
      { ...manyParameter('key', 'the key, a value for each of its columns in order'), required: true },
      textParameter('column', 'only changes of this cell'),
      countParameter('limit', 'how many at most (default 50)', commitsMax),
      cursorParameter,
    ],
    answers: {
      200: json('a page of them', pageOfItems('RowCommit')),
      404: notFound,
    },
    handle: async (exchange) =>
      await sendJson(exchange.response, await readRowCommits(exchange, exchange.query.number('limit') ?? 50)),
  },
]

export interface RowCommitPage {
  readonly items: readonly RowCommit[]
  readonly cursor: string | null
}

/**
 * By 'revision', 'table', 'key', 'column' and 'cursor'.
 * @throws VarveError VARVE_REF_NOT_FOUND, VARVE_PATH_NOT_FOUND, VARVE_USAGE for a key of another number of parts
 */
export async function readRowCommits(
  exchange: Exchange,
  limit: number,
  search?: Search,
): Promise<RowCommitPage> {
  const { query, repository, signal } = exchange
  const { data } = repository()
  const given = cursors.read(query)
  if (given !== null) await checkPinned(repository(), given[0])
  const [pinned, skip] = given ?? [query.text('revision') ?? 'HEAD', 0]
  const { commit, path } = await openTable(data.repo, pinned, query.required('table'))
  const column = query.text('column')
  const asked = {
    revision: commit,
    key: { text: query.list('key')! },
    limit: skip + limit + 1,
    signal,
    until: search?.until,
  }
  const items: RowCommit[] = []
  let seen = 0
  for await (const one of data.rowLog(path, column === undefined ? asked : { ...asked, column })) {
    if (seen++ < skip) continue
    if (items.length === limit) return { items, cursor: cursors.write(commit, skip + limit) }
    items.push(one)
  }
  return { items, cursor: null }
}
