// Questions in SQL, about tables of any revisions of one repository.
import { VarveError } from '../../base/errors.ts'
import { utf8 } from '../../base/bytes.ts'
import { toJson } from '../../table/json.ts'
import { HttpError, readJson, sendStream } from '../answers.ts'
import type { Exchange, Route } from '../interface.ts'
import { idOrNullSchema, listOf, notFound, object, repoParameter } from './schemas.ts'
import type { SqlFormat } from '../sql/interface.ts'
import type { SqlAnswer } from '../sql/queries.ts'

const bodyBytesMax = 256 << 10
const text = { type: 'string' }
const count = { type: 'integer', minimum: 0 }

const types: Readonly<Record<SqlFormat, string>> = {
  json: 'application/json',
  csv: 'text/csv',
  jsonl: 'application/jsonl',
}

export const sqlRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/repos/{repo}/sql',
    operation: 'querySql',
    costly: 'query',
    about: "Answers one SELECT in SQLite's words; the header Accept chooses JSON, CSV or JSON Lines",
    access: 'read',
    parameters: [repoParameter],
    body: {
      type: 'application/json',
      schema: object(
        {
          sql: { ...text, maxLength: 65_536 },
          // The revision of names that do not say one, as "people@v1" does.
          revision: text,
        },
        ['revision'],
      ),
    },
    answers: {
      200: {
        about: 'the rows; where they are cut, the connection is',
        content: {
          'application/json': object({
            columns: listOf(object({ name: text, type: text })),
            tables: listOf(object({ name: text, path: text, commit: idOrNullSchema })),
            rowCount: count,
            rowsRead: count,
            rows: listOf({ type: 'object', additionalProperties: {} }),
          }),
          'text/csv': text,
          'application/jsonl': text,
        },
      },
      404: notFound,
      406: { about: 'rows come as nothing that Accept names' },
      409: { about: 'a table that SQLite cannot have' },
      422: { about: 'the query costs more than is given: time, memory, rows or room for tables' },
    },
    handle: answerSql,
  },
]

async function answerSql(exchange: Exchange): Promise<void> {
  const { request, response, services, signal } = exchange
  const format = formatOf(request.headers.accept)
  const { sql, revision = 'HEAD', ...rest } = await readJson(request, bodyBytesMax)
  if (typeof sql !== 'string' || typeof revision !== 'string' || Object.keys(rest).length > 0)
    throw new VarveError(
      'VARVE_USAGE',
      "the body has 'sql', and may have 'revision': two texts, and nothing else",
      {
        hint: '{"sql": "SELECT count(*) FROM prices", "revision": "main"}',
      },
    )
  await using answer = await services.queries.ask(exchange.repository(), { sql, revision, format, signal })
  response.writeHead(200, {
    'content-type': `${types[format]}; charset=utf-8`,
    'cache-control': 'no-store',
  })
  await sendStream(response, format === 'json' ? asDocument(answer) : answer.parts(), signal)
}

async function* asDocument(answer: SqlAnswer): AsyncGenerator<Uint8Array> {
  yield utf8(`${toJson(answer.head).slice(0, -1)},"rows":[`)
  yield* answer.parts()
  yield utf8(']}\n')
}

/** The first accepted format that there is; JSON for whoever accepts anything. */
function formatOf(accept = '*/*'): SqlFormat {
  for (const wanted of accept.split(',')) {
    const type = wanted.split(';')[0]!.trim().toLowerCase()
    if (['*/*', 'application/*', ''].includes(type)) return 'json'
    if (type === 'text/*') return 'csv'
    for (const format of ['json', 'csv', 'jsonl'] as const) if (types[format] === type) return format
  }
  throw new HttpError(406, 'VARVE_USAGE', `rows come as ${Object.values(types).join(', ')}`)
}
