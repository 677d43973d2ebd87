// History, newest first, as `varve log --graph` has it; or that of a path.
import { Lanes } from '../../history/lanes.ts'
import type { LoggedCommit } from '../../api/interface.ts'
import { readCommits } from '../routes/commit-routes.ts'
import type { Exchange } from '../interface.ts'
import { Search } from '../search.ts'
import { breadcrumbs } from './breadcrumbs.ts'
import { type Html, type Part, type QueryParts, html } from './html.ts'
import { drawLanes, lanesWidth } from './lanes.ts'
import { layout, pager } from './layout.ts'
import { revisionBar } from './revision-bar.ts'
import { sendPage } from './send-page.ts'
import { type PageName, View } from './view.ts'
import { commitLink, moment, nameOf, refTags, subjectOf } from './words.ts'

export async function showHistory(exchange: Exchange): Promise<void> {
  const { query, response } = exchange
  const view = View.of(exchange)
  const path = query.text('path')
  const search = new Search()
  const { items, cursor } = await readCommits(exchange, search)
  const asked = { path }
  const body = html`${path === undefined ? html`<h1>History</h1>` : breadcrumbs(view, path)}
    <div class="row">
      ${await revisionBar(exchange, view, 'history', asked)}
      ${
        path !== undefined &&
        html`<span>Commits that touched it.</span>
          <a class="end" href="${view.to('history', { path: undefined })}">All commits</a>`
      }
    </div>
    ${items.length > 0 && commitTable(view, items, { hasGraph: path === undefined })}
    ${continueSearchNote(view, 'history', asked, search.stoppedAt)}
    ${items.length === 0 && search.stoppedAt === null && html`<p class="note">No commits.</p>`}
    ${pager({
      next: cursor === null ? null : view.to('history', { ...asked, cursor }),
      first: query.text('cursor') === undefined ? null : view.to('history', asked),
      more: 'Older commits',
    })}`
  sendPage(response, layout(view, { title: 'History', tab: 'history', body }))
}

/** A note with a link to go on, when a search has stopped because it took too long. */
export function continueSearchNote(
  view: View,
  page: PageName,
  asked: QueryParts,
  stoppedAt: string | null,
): Part {
  if (stoppedAt === null) return null
  const url = view.to(page, { ...asked, revision: stoppedAt })
  return html`<p class="note">
    This history is long: it was looked through as far as ${commitLink(view, stoppedAt)}.
    <a href="${url}">Look further back</a>, or open this page again: it will get further.
  </p>`
}

export function commitTable(
  view: View,
  commits: readonly LoggedCommit[],
  { hasGraph }: { readonly hasGraph: boolean },
): Html {
  const graph = new Lanes()
  const steps = hasGraph ? commits.map((commit) => graph.add(commit)) : []
  const width = lanesWidth(steps)
  return html`<table class="history">
    <colgroup>
      ${hasGraph && html`<col width="${width}" />`}
      <col />
      <col width="100" class="wide" />
    </colgroup>
    <thead class="hidden">
      <tr>
        ${hasGraph && html`<th scope="col">Graph</th>`}
        <th scope="col">Commit</th>
        <th scope="col">Id</th>
      </tr>
    </thead>
    <tbody>
      ${commits.map(
        (commit, i) =>
          html`<tr>
            ${steps[i] !== undefined && html`<td class="graph">${drawLanes(steps[i], width)}</td>`}${commitCells(view, commit)}
          </tr>`,
      )}
    </tbody>
  </table>`
}

function commitCells(view: View, commit: LoggedCommit): Html {
  const { id, message, author } = commit
  return html`<td class="what">
      <div class="line">
        <a class="subject" href="${view.commit(id)}">${subjectOf(message)}</a>${refTags(view, commit)}
      </div>
      <div class="by">${nameOf(author)}, ${moment(author)}</div>
    </td>
    <td class="id">${commitLink(view, id)}</td>`
}
