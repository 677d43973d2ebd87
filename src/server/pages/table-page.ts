// A table at a revision: a page of rows in the order of their keys, and a field for each column of the key to find some.
import type { Column } from '../../table/interface.ts'
import type { Exchange } from '../interface.ts'
import type { OpenTable, PageRow } from '../listings/rows.ts'
import { type OpenedPage, readRows } from '../routes/row-routes.ts'
import { breadcrumbs } from './breadcrumbs.ts'
import { type Html, type Part, type QueryParts, html } from './html.ts'
import { layout, pager, scrollable } from './layout.ts'
import { revisionBar } from './revision-bar.ts'
import { sendPage } from './send-page.ts'
import { cut, isNumeric, typedText, valuePart } from './values.ts'
import { View } from './view.ts'
import { count, countOf } from './words.ts'

const rowsMax = 100
/** Wider tables are cut: a row has a page of its own. */
const columnsMax = 60
const nameLettersMax = 100

export async function showTable(exchange: Exchange): Promise<void> {
  const { query, response } = exchange
  const view = View.of(exchange)
  const key = keyIn(query.list('key'))
  const reverse = query.text('order') === 'descending'
  const read = await readRows(exchange, (opened) => ({
    key: key?.slice(0, opened.table.shape.keys.length),
    from: query.list('from'),
    columns: shownColumns(opened),
    reverse,
    limit: rowsMax,
  }))
  const { opened, cursor } = read
  const { path, table } = opened
  const asked: QueryParts = {
    table: path,
    key,
    from: query.list('from'),
    order: reverse ? 'descending' : undefined,
  }
  const body = html`${breadcrumbs(view, path)}
    <div class="row">
      ${await revisionBar(exchange, view, 'table', { table: path })}
      <span>${countOf(table.count, 'row')}, ${countOf(table.schema.columns.length, 'column')}</span>
      <span class="end">
        <a href="${view.to('history', { path })}">History</a> ·
        <a href="${view.to('export', { table: path })}">CSV</a> ·
        <a href="${view.to('export', { table: path, format: 'jsonl' })}">JSON Lines</a> ·
        <a href="${view.to('download', { path })}">as its file</a>
      </span>
    </div>
    <div class="row">
      ${finder(view, opened, key)}
      <a class="end" href="${view.to('table', { ...asked, order: reverse ? undefined : 'descending' })}"
        >${reverse ? 'Smallest keys first' : 'Largest keys first'}</a
      >
    </div>
    ${rowsTable(view, read)} ${read.page.rows.length === 0 && nothingFound(view, path, key)}
    ${pager({
      next: cursor === null ? null : view.to('table', { ...asked, cursor }),
      first: query.text('cursor') === undefined ? null : view.to('table', asked),
      more: `Next ${count(rowsMax)} rows`,
    })}`
  sendPage(response, layout(view, { title: path, tab: 'files', body }))
}

/** The parts of a key that were filled in: a form also sends the fields that were left empty. */
function keyIn(given: readonly string[] | undefined): readonly string[] | undefined {
  const last = given?.findLastIndex((part) => part !== '') ?? -1
  return last < 0 ? undefined : given!.slice(0, last + 1)
}

function shownColumns({ table }: OpenTable): readonly string[] {
  const { columns, key } = table.schema
  const rest = columns.filter(({ id }) => !key.includes(id)).slice(0, columnsMax)
  return columns.filter((column) => key.includes(column.id) || rest.includes(column)).map(({ name }) => name)
}

function finder(view: View, { path, table }: OpenTable, key: readonly string[] | undefined): Html {
  return html`<form method="get" action="${view.to('table', { revision: undefined })}" role="search">
    ${view.revision !== undefined && html`<input type="hidden" name="revision" value="${view.revision}" />`}
    <input type="hidden" name="table" value="${path}" />
    ${table.shape.keys.map(
      ({ name }, i) =>
        html`<label>${cut(name, nameLettersMax)}<input name="key" value="${key?.[i] ?? ''}" autocomplete="off" /></label>`,
    )}
    <button>Find by key</button>
    ${key !== undefined && html`<a class="button" href="${view.to('table', { table: path })}">All rows</a>`}
  </form>`
}

function nothingFound(view: View, path: string, key: readonly string[] | undefined): Part {
  if (key === undefined) return html`<p class="note">There are no rows.</p>`
  const onwards = view.to('table', { table: path, from: key })
  return html`<p class="note">No row has this key. <a href="${onwards}">Rows from there on</a></p>`
}

function rowsTable(view: View, { opened, page }: OpenedPage): Html {
  const { schema } = opened.table
  const isKey = ({ id }: Column): boolean => schema.key.includes(id)
  const left = schema.columns.length - page.columns.length
  const heads = page.columns.map((column) => {
    const kind = `${isNumeric(column.type) ? 'number' : ''} ${isKey(column) ? 'key' : ''}`.trim()
    const type = html`<span class="type">${column.type}${isKey(column) && html`<span class="hidden">, key</span>`}</span>`
    return html`<th scope="col" class="${kind}">${cut(column.name, nameLettersMax)}${type}</th>`
  })
  const table = html`<table>
    <thead>
      <tr>${heads}</tr>
    </thead>
    <tbody>
      ${page.rows.map((row) => rowOf(view, opened, page.columns, row))}
    </tbody>
  </table>`
  return html`${scrollable(`Rows of ${opened.path}`, table, 'tall')}
  ${left > 0 && html`<p class="faint">${countOf(left, 'more column')}: see a row's own page.</p>`}`
}

function rowOf(view: View, opened: OpenTable, columns: readonly Column[], { row, cells }: PageRow): Html {
  const { schema, shape } = opened.table
  const key = shape.keys.map(({ id }) => typedText(cells[columns.findIndex((one) => one.id === id)]!))
  const url = key.includes(null) ? null : view.to('row', { table: opened.path, key: key as string[] })
  return html`<tr>${columns.map(({ id, name, type }) => {
    const part = valuePart(row[name] ?? null)
    const shown = id === schema.key[0] && url !== null ? html`<a href="${url}">${part}</a>` : part
    const kind = `value${isNumeric(type) ? ' number' : ''}`
    return schema.key.includes(id)
      ? html`<th scope="row" class="${kind}">${shown}</th>`
      : html`<td class="${kind}">${shown}</td>`
  })}</tr>\n`
}
