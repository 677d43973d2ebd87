// Queries of rows: by key, by a range of keys, by columns, as JSON or CSV; and a whole table for other programs.
import { exportTable } from '../../formats/export.ts'
import { toHex } from '../../base/bytes.ts'
import { cellText } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import { sendJson, sendStream } from '../answers.ts'
import { Cursors, bytesPart, checkPinned, commitPart } from '../listings/cursor.ts'
import type { Exchange, Route } from '../interface.ts'
import { type OpenTable, type RowPage, type RowQuery, openTable, readPage } from '../listings/rows.ts'
import {
  countParameter,
  cursorParameter,
  manyParameter,
  notFound,
  oneOf,
  reference,
  repoParameter,
  requiredText,
  revisionParameter,
} from './schemas.ts'

const rowsMax = 10_000
const cursors = new Cursors<[commit: string, lastKey: Uint8Array]>('rows', commitPart, bytesPart)
const table = requiredText('table', "the table's path; 'people' finds 'people.csv' too")

export const rowRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/repos/{repo}/rows',
    operation: 'queryRows',
    about: 'Rows of a table at a revision, in the order of their keys',
    access: 'read',
    parameters: [
      repoParameter,
      revisionParameter,
      table,
      manyParameter(
        'key',
        "the key, a value for each of its columns in order ('key=DE&key=2020'); fewer: all that begin so",
      ),
      manyParameter('from', 'the first key, included'),
      manyParameter('before', 'where to end, excluded'),
      manyParameter('column', 'only these columns, in this order'),
      { name: 'order', in: 'query', about: 'default: ascending', schema: oneOf('ascending', 'descending') },
      countParameter('limit', 'how many at most (default 100)', rowsMax),
      cursorParameter,
      { name: 'format', in: 'query', about: 'default: json', schema: oneOf('json', 'csv') },
    ],
    answers: {
      200: {
        about:
          'a page of them; as CSV the headers varve-commit and varve-cursor say what JSON says beside the rows',
        content: { 'application/json': reference('Rows'), 'text/csv': { type: 'string' } },
        headers: {
          'varve-commit': 'the commit that was read',
          'varve-cursor': 'where the next page goes on',
        },
      },
      404: notFound,
    },
    handle: queryRows,
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/table',
    operation: 'exportTable',
    costly: 'always',
    about: 'All rows of a table at a revision, in the order of its file',
    access: 'read',
    parameters: [
      repoParameter,
      revisionParameter,
      table,
      { name: 'format', in: 'query', about: 'default: csv', schema: oneOf('csv', 'tsv', 'jsonl') },
    ],
    answers: {
      200: {
        about: 'the rows',
        content: {
          'text/csv': { type: 'string' },
          'text/tab-separated-values': { type: 'string' },
          'application/jsonl': { type: 'string' },
        },
      },
      404: notFound,
    },
    handle: (exchange) => exportAll(exchange),
  },
]

export interface OpenedPage {
  readonly opened: OpenTable
  readonly page: RowPage
  /** Where the next one goes on. */
  readonly cursor: string | null
}

/**
 * Reads 'table', 'revision', 'cursor' and what `wanted` says. @throws VarveError VARVE_USAGE, VARVE_PATH_NOT_FOUND
 */
export async function readRows(
  { query, repository, signal }: Exchange,
  wanted: (opened: OpenTable) => Omit<RowQuery, 'last'>,
): Promise<OpenedPage> {
  const given = cursors.read(query)
  if (given !== null) await checkPinned(repository(), given[0])
  const [pinned, last] = given ?? [query.text('revision') ?? 'HEAD']
  const opened = await openTable(repository().data.repo, pinned, query.required('table'))
  const page = await readPage(opened, { ...wanted(opened), last }, signal)
  const cursor = page.last === null ? null : cursors.write(opened.commit, page.last)
  return { opened, page, cursor }
}

async function queryRows(exchange: Exchange): Promise<void> {
  const { query, response } = exchange
  const {
    opened,
    page,
    cursor: next,
  } = await readRows(exchange, () => ({
    key: query.list('key'),
    from: query.list('from'),
    before: query.list('before'),
    columns: query.list('column'),
    reverse: query.text('order') === 'descending',
    limit: query.number('limit') ?? 100,
  }))
  const { shape, count } = opened.table
  if (query.text('format') === 'csv') {
    response.writeHead(200, {
      ...attachment('text/csv'),
      'varve-commit': opened.commit,
      ...(next === null ? {} : { 'varve-cursor': next }),
    })
    response.end(csvOf(page))
    return
  }
  await sendJson(response, {
    commit: opened.commit,
    path: opened.path,
    columns: page.columns.map(({ name, type }) => ({ name, type })),
    key: shape.keys.map(({ name }) => name),
    count,
    rows: page.rows.map(({ row }) => row),
    cursor: next,
  })
}

/** `disposition` says what a browser is to do with the file. */
export async function exportAll(exchange: Exchange, disposition?: string): Promise<void> {
  const { query, response, signal } = exchange
  const opened = await openTable(
    exchange.repository().data.repo,
    query.text('revision') ?? 'HEAD',
    query.required('table'),
  )
  const format = (query.text('format') ?? 'csv') as 'csv' | 'tsv' | 'jsonl'
  const type = { csv: 'text/csv', tsv: 'text/tab-separated-values', jsonl: 'application/jsonl' }[format]
  response.writeHead(200, { ...attachment(type, disposition), 'varve-commit': opened.commit })
  await sendStream(response, exportTable(opened.table.nodes, opened.table.object, format, { signal }), signal)
}

/** A browser that is sent here by a link saves the file: it shows nothing of it as a page. */
function attachment(type: string, disposition = 'attachment'): Record<string, string> {
  return {
    'content-type': `${type}; charset=utf-8`,
    'content-disposition': disposition,
    'cache-control': 'no-store',
  }
}

function csvOf({ columns, rows }: RowPage): string {
  const lines = [columns.map(({ name }) => quoted(name)), ...rows.map(({ cells }) => cells.map(csvCell))]
  return lines.map((cells) => `${cells.join(',')}\n`).join('')
}

function csvCell(cell: Cell): string {
  if (cell.kind === 'absent' || cell.kind === 'null') return ''
  if (cell.kind === 'true' || cell.kind === 'false') return cell.kind
  return quoted(cell.kind === 'bytes' ? toHex(cell.bytes) : cellText(cell))
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
