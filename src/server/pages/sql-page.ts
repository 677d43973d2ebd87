// A question in SQL, and the first rows of its answer.
import { utf8Text } from '../../base/bytes.ts'
import { isVarveError } from '../../base/errors.ts'
import type { Row } from '../../table/interface.ts'
import { HttpError } from '../answers.ts'
import type { Exchange } from '../interface.ts'
import type { SqlHead } from '../sql/interface.ts'
import { type Html, type Part, html } from './html.ts'
import { layout, scrollable } from './layout.ts'
import { refNames, suggestions } from './revision-bar.ts'
import { sendPage } from './send-page.ts'
import { cut, isNumeric, valuePart } from './values.ts'
import { View } from './view.ts'
import { countOf } from './words.ts'

const rowsMax = 200
const columnsMax = 60
const nameLettersMax = 100

export async function showSql(exchange: Exchange): Promise<void> {
  const { query, response } = exchange
  const view = View.of(exchange)
  const sql = query.text('query') ?? ''
  const answer = sql.trim() === '' ? null : await answerPart(exchange, sql)
  const body = html`<h1>SQL</h1>
    <form method="get" action="${view.to('sql', { revision: undefined })}" class="query">
      <label
        >One SELECT in SQLite's words<textarea name="query" rows="6" spellcheck="false" autocomplete="off">
${sql}</textarea
        ></label
      >
      <div class="row">
        <label class="side"
          >Revision <input name="revision" value="${view.revision ?? ''}" list="revisions" placeholder="HEAD"
        /></label>
        <button>Ask</button>
      </div>
      ${suggestions(await refNames(exchange))}
    </form>
    <p class="faint">
      A table is called by its path, in double quotes, or by its name without folder and extension;
      <code>"prices@v1"</code> is the table as it was in v1.
    </p>
    ${answer}`
  sendPage(response, layout(view, { title: 'SQL', tab: 'sql', body }))
}

/** The answer, or what is wrong with the query, as a part of the page. */
async function answerPart(exchange: Exchange, sql: string): Promise<Part> {
  try {
    const { services, query, signal } = exchange
    const revision = query.text('revision')
    const asked = { sql, revision: revision === undefined || revision === '' ? 'HEAD' : revision }
    await using answer = await services.queries.ask(exchange.repository(), {
      ...asked,
      format: 'json',
      signal,
    })
    const rows: Row[] = []
    for await (const part of answer.parts()) {
      rows.push(...(JSON.parse(`[${utf8Text(part).trim().replace(/^,/, '')}]`) as Row[]))
      if (rows.length >= rowsMax) break
    }
    return answerTable(answer.head, rows.slice(0, rowsMax))
  } catch (error) {
    if (error instanceof HttpError) return html`<p class="note">${error.message}</p>`
    const isAsked =
      isVarveError(error) && !['VARVE_CORRUPT', 'VARVE_IO', 'VARVE_ABORTED'].includes(error.code)
    if (!isAsked) throw error
    return html`<p class="note">${error.message}${error.hint !== undefined && html`<br />${error.hint}`}</p>`
  }
}

function answerTable({ columns, rowCount }: SqlHead, rows: readonly Row[]): Html {
  const shown = columns.slice(0, columnsMax)
  const left = columns.length - shown.length
  const heads = shown.map(
    ({ name, type }) =>
      html`<th scope="col" class="${isNumeric(type) && 'number'}">${cut(name, nameLettersMax)}<span class="type">${type}</span></th>`,
  )
  const table = html`<table>
    <thead>
      <tr>${heads}</tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>${shown.map(({ name, type }) => html`<td class="value${isNumeric(type) && ' number'}">${valuePart(row[name] ?? null)}</td>`)}</tr>\n`,
      )}
    </tbody>
  </table>`
  return html`<p>
      ${countOf(rowCount, 'row')}${rows.length < rowCount && html`, of which ${String(rows.length)} are shown`}
    </p>
    ${scrollable('Rows of the answer', table, 'tall')}
    ${left > 0 && html`<p class="faint">${countOf(left, 'more column')}.</p>`}`
}
