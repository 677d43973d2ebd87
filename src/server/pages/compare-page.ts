// Two revisions side by side: how far they are apart, which commits lie between them, and what differs; or all changes of
// one path.
import { emptyRevision } from '../../api/diff-ends.ts'
import type { PathDiff } from '../../repo/diff/diff.ts'
import { digestHex } from '../../encoding/cid.ts'
import { divergence } from '../../history/ancestry.ts'
import { resolveRevision } from '../../history/revision.ts'
import { HttpError } from '../answers.ts'
import { type Ends, type PathPlace, pathDiffs } from '../listings/comparison.ts'
import { changesCursor, changesRead, pathsRead } from '../listings/diff-cursors.ts'
import type { Exchange } from '../interface.ts'
import { changeOf, stateOf } from './change.ts'
import { changesOf, showChanges } from './changes.ts'
import { commitTable } from './history-page.ts'
import { type Html, type Part, type QueryParts, html } from './html.ts'
import { layout, pager } from './layout.ts'
import { refNames, suggestions } from './revision-bar.ts'
import { sendPage } from './send-page.ts'
import { View } from './view.ts'
import { commitLink, countOf, shortId } from './words.ts'

const commitsMax = 20
/** Commits that lie between two are counted so far. */
const countMax = 5000
const rowsMax = 100
const linesMax = 1000

interface Shown {
  readonly body: Part
  readonly cursor: string | null
}

export async function showComparison(exchange: Exchange): Promise<void> {
  const { query, response } = exchange
  const view = View.of(exchange)
  const [from, to, path, was, by] = ['from', 'to', 'path', 'was', 'by'].map((name) => query.text(name))
  const asked: QueryParts = { from, to, path, was, by }
  const isAsked = from !== undefined && from !== '' && to !== undefined && to !== ''
  const shown = isAsked ? await compared(exchange, view, { from, to }, path) : { body: null, cursor: null }
  const body = html`<h1>Compare</h1>
    <form method="get" action="${view.to('compare')}">
      <label>From<input name="from" value="${from ?? ''}" list="revisions" required /></label>
      <label>to<input name="to" value="${to ?? ''}" list="revisions" required /></label>
      <button>Compare</button>
      ${suggestions(await refNames(exchange))}
    </form>
    ${shown.body}
    ${pager({
      next: shown.cursor === null ? null : view.to('compare', { ...asked, cursor: shown.cursor }),
      first: query.text('cursor') === undefined ? null : view.to('compare', asked),
      more: 'More changes',
    })}`
  sendPage(response, layout(view, { title: isAsked ? `${from} to ${to}` : 'Compare', tab: 'compare', body }))
}

async function compared(
  exchange: Exchange,
  view: View,
  named: Ends,
  path: string | undefined,
): Promise<Shown> {
  const { data } = exchange.repository()
  const idOf = async (revision: string): Promise<string> =>
    revision === emptyRevision ? revision : (await data.commitInfo(revision)).id
  const endsNow = async (): Promise<Ends> => ({ from: await idOf(named.from), to: await idOf(named.to) })
  if (path !== undefined) {
    const { ends, skip } = (await changesRead(exchange)) ?? { ends: await endsNow(), skip: 0 }
    return ofOnePath(exchange, view, ends, { path, skip })
  }
  const { ends, at } = (await pathsRead(exchange)) ?? { ends: await endsNow(), at: null }
  const { body, cursor } = await showChanges(exchange, view, ends, at)
  return { body: html`${await between(exchange, view, ends)} ${body}`, cursor }
}

async function between({ repository, signal }: Exchange, view: View, { from, to }: Ends): Promise<Part> {
  if (from === emptyRevision) return null
  const { data, view: store } = repository()
  const [a, b] = await Promise.all([from, to].map(async (id) => (await resolveRevision(store, id)).commit))
  const { ahead, behind, bases, isCut } = await divergence(store, b!, a!, { countMax, signal })
  const [base] = bases.map(digestHex)
  const commits = []
  for await (const commit of data.log({ revision: `${from}..${to}`, limit: commitsMax, signal }))
    commits.push(commit)
  const atLeast = isCut && 'at least '
  const parted = base !== undefined && base !== from && base !== to
  return html`<p class="row">
      <span>${commitLink(view, to)} is ${atLeast}${countOf(ahead, 'commit')} ahead of ${commitLink(view, from)} and ${atLeast}${countOf(behind, 'commit')} behind.</span>
      <a href="${view.to('compare', { from: to, to: from })}">The other way round</a>
      ${parted && html`<a href="${view.to('compare', { from: base, to })}">Only what changed since they parted</a>`}
    </p>
    ${commits.length > 0 && html`<h2>Commits</h2>${commitTable(view, commits, { hasGraph: true })}`}
    ${ahead > commits.length && html`<p class="faint">${atLeast}${countOf(ahead - commits.length, 'older commit')}</p>`}`
}

async function ofOnePath(
  exchange: Exchange,
  view: View,
  ends: Ends,
  { path, skip }: PathPlace,
): Promise<Shown> {
  const sections: Html[] = []
  // A move is seen where both of its ends are looked at.
  const was = exchange.query.text('was')
  const paths = was === undefined || was === path ? [path] : [path, was]
  const byLines = exchange.query.text('by') === 'lines'
  let next: number | null = null
  let byLine: Part = null
  for await (const file of pathDiffs(exchange, { ends, paths })) {
    if (file.path !== path) continue
    const page = await changesOf(file, { skip, rows: rowsMax, lines: linesMax, byLines })
    const { rows, values, lines, more } = page
    if (more) next = skip + rows.length + values.length + lines.length
    if (values.length > 0) byLine = view.to('compare', { ...ends, path, was, by: 'lines' })
    sections.push(section(file, changeOf(file, page)))
  }
  if (sections.length === 0)
    throw new HttpError(404, 'VARVE_PATH_NOT_FOUND', 'this path does not differ between the two')
  const whole = view.to('compare', { from: ends.from, to: ends.to })
  const names = [ends.from, ends.to].map((id) => (id === emptyRevision ? 'nothing' : shortId(id)))
  return {
    body: html`<p class="row"><span>Changes from ${names[0]!} to ${names[1]!}.</span> <a href="${whole}">All paths</a> ${byLine !== null && html`<a href="${byLine}">By line</a> `}<a href="${view.to('history', { revision: ends.to, path })}">History of this path</a></p>${sections}`,
    cursor: next === null ? null : changesCursor(ends, next),
  }
}

function section(file: PathDiff, body: Part): Html {
  return html`<section class="change">
    <h3>${file.path}${file.table !== undefined && html` <span class="faint">${file.table}</span>`} <span class="end faint">${stateOf(file)}</span></h3>
    ${body}
  </section>`
}
