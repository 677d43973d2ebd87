// One row: all its cells, and which commits added, changed or removed it.
import type { RowCommit } from '../../api/row-history.ts'
import type { Exchange } from '../interface.ts'
import { readRowCommits } from '../routes/row-log-routes.ts'
import { Search } from '../search.ts'
import { type OpenTable, type RowPage, openTable, readPage } from '../listings/rows.ts'
import { breadcrumbs } from './breadcrumbs.ts'
import { type Html, type Part, html } from './html.ts'
import { layout, pager, scrollable } from './layout.ts'
import { continueSearchNote } from './history-page.ts'
import { cellChange } from './row-changes.ts'
import { sendPage } from './send-page.ts'
import { cut, isNumeric, valuePart } from './values.ts'
import { View } from './view.ts'
import { countOf, moment, nameOf, subjectOf } from './words.ts'

/** Letters that are shown of all cells together, and of one cell. */
const rowLettersMax = 1_000_000
const lettersMax = 20_000
const nameLettersMax = 100
const commitsMax = 30
const cellsMax = 12

export async function showRow(exchange: Exchange): Promise<void> {
  const { query, response } = exchange
  const view = View.of(exchange)
  const key = query.list('key')!
  const search = new Search()
  const { items: log, cursor } = await readRowCommits(exchange, commitsMax, search)
  const { opened, page } = await readRow(exchange, key)
  const { path, table } = opened
  const [row] = page.rows
  const most = Math.min(lettersMax, Math.ceil(rowLettersMax / page.columns.length))
  const cells = page.columns.map(
    ({ name, type }) =>
      html`<tr><th scope="row">${cut(name, nameLettersMax)} <span class="type faint">${type}</span></th><td class="value${isNumeric(type) && ' number'}">${valuePart(row?.row[name] ?? null, most)}</td></tr>\n`,
  )
  const body = html`${breadcrumbs(view, path)}
    <h2>Row ${table.shape.keys.map(({ name }, i) => html`${i > 0 && ', '}${name} <code>${key[i]!}</code>`)}</h2>
    <div class="row">
      <a class="button" href="${view.to('table', { table: path, from: key })}">In the table</a>
    </div>
    ${row === undefined ? html`<p class="note">This revision has no row with this key.</p>` : scrollable('Cells', html`<table class="cells"><tbody>${cells}</tbody></table>`)}
    <h2>History of the row</h2>
    ${log.map((one) => changed(view, one))}
    ${continueSearchNote(view, 'row', { table: path, key }, search.stoppedAt)}
    ${log.length === 0 && search.stoppedAt === null && html`<p class="note">No commit has touched it.</p>`}
    ${pager({
      next: cursor === null ? null : view.to('row', { table: path, key, cursor }),
      first: query.text('cursor') === undefined ? null : view.to('row', { table: path, key }),
      more: 'Older changes',
    })}`
  sendPage(response, layout(view, { title: `${path} ${key.join(' ')}`, tab: 'files', body }))
}

/** At the revision that is asked for, whichever page of its history is shown. */
async function readRow(
  { query, repository, signal }: Exchange,
  key: readonly string[],
): Promise<{ readonly opened: OpenTable; readonly page: RowPage }> {
  const opened = await openTable(
    repository().data.repo,
    query.text('revision') ?? 'HEAD',
    query.required('table'),
  )
  return { opened, page: await readPage(opened, { key, reverse: false, limit: 1 }, signal) }
}

function changed(view: View, { id, message, author, change }: RowCommit): Html {
  return html`<section class="change">
    <h3><a href="${view.commit(id)}">${subjectOf(message)}</a> <span class="end faint">${nameOf(author)}, ${moment(author)}</span></h3>
    <p>${whatOf(change)}</p>
  </section>`
}

function whatOf({ kind, cells }: RowCommit['change']): Part {
  if (kind !== 'changed')
    return html`<span class="${kind === 'added' ? 'plus' : 'minus'}">The row was ${kind}.</span>`
  const left = cells.length - cellsMax
  return html`${cells.slice(0, cellsMax).map(({ column, before, after }) => html`<span class="cell"><span class="faint">${cut(column, nameLettersMax)}</span> ${cellChange(before, after)}</span> `)}${left > 0 && `and ${countOf(left, 'more cell')}`}`
}
