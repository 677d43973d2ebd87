// Branches and tags, the current branch first.
import type { Exchange } from '../interface.ts'
import { born } from '../repository-routes.ts'
import { type Html, html } from './html.ts'
import { layout, scrolled } from './layout.ts'
import { sendPage } from './send-page.ts'
import { View } from './view.ts'
import { commitLink, subjectOf } from './words.ts'

interface Named {
  readonly name: string
  readonly commit: string
  readonly about: string
}

export async function showRefs(exchange: Exchange): Promise<void> {
  const view = View.of(exchange)
  const served = exchange.repository()
  const branches = await born(served)
  const current = branches.find((branch) => branch.current)?.name
  const tags = (await served.data.tags()).map((tag) => ({
    ...tag,
    about: tag.message === '' ? '' : subjectOf(tag.message),
  }))
  const known = branches.map(({ name, commit, subject }) => ({ name, commit: commit!, about: subject }))
  const first = known.filter(({ name }) => name === current)
  const rest = known.filter(({ name }) => name !== current)
  const body = html`<h1>Branches and tags</h1>
    <h2>${branches.length === 0 ? 'No branches' : 'Branches'}</h2>
    ${branches.length > 0 && list(view, 'Branches', [...first, ...rest], current)}
    <h2>${tags.length === 0 ? 'No tags' : 'Tags'}</h2>
    ${tags.length > 0 && list(view, 'Tags', tags, current)}`
  sendPage(exchange.response, layout(view, { title: 'Branches and tags', tab: 'refs', body }))
}

function list(view: View, label: string, refs: readonly Named[], current: string | undefined): Html {
  return scrolled(
    label,
    html`<table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Commit</th>
          <th scope="col">About</th>
          <th scope="col"><span class="hidden">More</span></th>
        </tr>
      </thead>
      <tbody>
        ${refs.map(({ name, commit, about }) => row(view, { name, commit, about }, current))}
      </tbody>
    </table>`,
  )
}

function row(view: View, { name, commit, about }: Named, current: string | undefined): Html {
  const isCurrent = name === current
  return html`<tr>
    <td>
      <a href="${view.to('files', { revision: name })}">${name}</a
      >${isCurrent && html` <span class="tag">current</span>`}
    </td>
    <td>${commitLink(view, commit)}</td>
    <td>${about}</td>
    <td>
      <a href="${view.to('history', { revision: name })}">History</a>${
        !isCurrent &&
        current !== undefined &&
        html` ·
          <a href="${view.to('compare', { from: current, to: name })}"
            >Compare<span class="hidden"> ${name} with ${current}</span></a
          >`
      }
    </td>
  </tr>`
}
