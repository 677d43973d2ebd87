// The first page: which repositories there are, for whoever looks.
import type { CommitInfo } from '../../api/interface.ts'
import { isVarveError } from '../../base/errors.ts'
import type { Exchange } from '../interface.ts'
import type { Repositories, ServedRepository } from '../repositories.ts'
import { readRepositories } from '../routes/repository-routes.ts'
import { html } from './html.ts'
import { icons } from './icons.ts'
import { layout, scrollable } from './layout.ts'
import { sendPage } from './send-page.ts'
import { View } from './view.ts'
import { count, moment, subjectOf } from './words.ts'

export async function showRepositories(exchange: Exchange): Promise<void> {
  const view = View.of(exchange)
  const found = await readRepositories(exchange)
  const { repositories } = exchange.services
  const rows = await Promise.all(
    found.map(async ({ name, branch, branches, tags, error }) => {
      const newest = branch === null ? null : await readableNewest(repositories, name)
      const isDamaged = error !== undefined || newest === 'unreadable'
      const shown = newest === 'unreadable' ? null : newest
      return html`<tr>
        <td class="name">
          ${icons.repository}<a href="${view.start(name)}"><strong>${name}</strong></a>
        </td>
        <td>${isDamaged && html`<span class="tag failure">cannot be read</span>`}${shown !== null && subjectOf(shown.message)}</td>
        <td>${shown !== null && moment(shown.author)}</td>
        <td class="number">${error === undefined && count(branches)}</td>
        <td class="number wide">${error === undefined && count(tags)}</td>
      </tr>`
    }),
  )
  const table = html`<table class="list">
    <thead>
      <tr>
        <th scope="col">Name</th>
        <th scope="col">Last commit</th>
        <th scope="col">When</th>
        <th scope="col" class="number">Branches</th>
        <th scope="col" class="number wide">Tags</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
  const body = html`<h1>Repositories</h1>
    ${rows.length === 0 ? html`<p class="note">There are none here, or none for you.</p>` : scrollable('Repositories', table)}`
  sendPage(exchange.response, layout(view, { title: 'Repositories', body }))
}

async function readableNewest(
  repositories: Repositories,
  name: string,
): Promise<CommitInfo | null | 'unreadable'> {
  try {
    return await newestOf(await repositories.open(name))
  } catch {
    return 'unreadable'
  }
}

/** The newest commit of the current branch; null before its first. */
export async function newestOf({ data }: ServedRepository): Promise<CommitInfo | null> {
  try {
    return await data.commitInfo('HEAD')
  } catch (error) {
    if (isVarveError(error, 'VARVE_REF_NOT_FOUND')) return null
    throw error
  }
}
