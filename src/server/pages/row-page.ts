// One row: all its cells, and which commits added, changed or removed it.
import type { RowCommit } from '../../api/row-history.ts'
import { VarveError } from '../../base/errors.ts'
import type { Exchange } from '../interface.ts'
import { readRows } from '../row-routes.ts'
import { crumbs } from './crumbs.ts'
import { type Html, type Part, html } from './html.ts'
import { layout, scrolled } from './layout.ts'
import { cellChange } from './row-changes.ts'
import { sendPage } from './send-page.ts'
import { isNumeric, valuePart } from './values.ts'
import { View } from './view.ts'
import { countOf, moment, subjectOf } from './words.ts'

const lettersMax = 20_000
const commitsMax = 30
const cellsMax = 12

export async function showRow(exchange: Exchange): Promise<void> {
  const { query, repository, response, signal } = exchange
  const view = View.of(exchange)
  const key = query.list('key')!
  const { opened, page } = await readRows(exchange, () => ({ key, reverse: false, limit: 1 }))
  const { path, table, commit } = opened
  if (key.length !== table.shape.keys.length)
    throw new VarveError(
      'VARVE_USAGE',
      `the key of '${path}' has ${countOf(table.shape.keys.length, 'part')}`,
    )
  const log: RowCommit[] = []
  const asked = { revision: commit, key: { text: key }, limit: commitsMax + 1, signal }
  for await (const one of repository().data.rowLog(path, asked)) log.push(one)
  const [row] = page.rows
  const cells = page.columns.map(
    ({ name, type }) =>
      html`<tr><th scope="row">${name} <span class="type faint">${type}</span></th><td class="value${isNumeric(type) && ' number'}">${valuePart(row?.row[name] ?? null, lettersMax)}</td></tr>\n`,
  )
  const body = html`${crumbs(view, path)}
    <h2>Row ${table.shape.keys.map(({ name }, i) => html`${i > 0 && ', '}${name} <code>${key[i]!}</code>`)}</h2>
    <div class="row">
      <a class="button" href="${view.to('table', { table: path, from: key })}">In the table</a>
    </div>
    ${row === undefined ? html`<p class="note">This revision has no row with this key.</p>` : scrolled('Cells', html`<table class="cells"><tbody>${cells}</tbody></table>`)}
    <h2>History of the row</h2>
    ${log.length === 0 ? html`<p class="note">No commit has touched it.</p>` : log.slice(0, commitsMax).map((one) => changed(view, one))}
    ${log.length > commitsMax && html`<p class="faint">Older changes are not shown.</p>`}`
  sendPage(response, layout(view, { title: `${path} ${key.join(' ')}`, tab: 'files', body }))
}

function changed(view: View, { id, message, author, change }: RowCommit): Html {
  return html`<section class="change">
    <h3><a href="${view.commit(id)}">${subjectOf(message)}</a> <span class="end faint">${author.name}, ${moment(author)}</span></h3>
    <p>${whatOf(change)}</p>
  </section>`
}

function whatOf({ kind, cells }: RowCommit['change']): Part {
  if (kind !== 'changed')
    return html`<span class="${kind === 'added' ? 'plus' : 'minus'}">The row was ${kind}.</span>`
  const left = cells.length - cellsMax
  return html`${cells.slice(0, cellsMax).map(({ column, before, after }) => html`<span class="cell"><span class="faint">${column}</span> ${cellChange(before, after)}</span> `)}${left > 0 && `and ${countOf(left, 'more cell')}`}`
}
