// Branches and tags, the current branch first; of many a page, and those whose names contain what is looked for.
import { shortRefName } from '../../history/refs.ts'
import type { Manifest } from '../../store/interface.ts'
import { Cursors, like, pathPart } from '../listings/cursor.ts'
import type { Exchange } from '../interface.ts'
import {
  type RefKind,
  type RefPage,
  readBranch,
  readBranches,
  readTags,
  revisionOf,
} from '../listings/refs.ts'
import { type Html, type Part, html } from './html.ts'
import { layout, pager, scrollable } from './layout.ts'
import { sendPage } from './send-page.ts'
import { View } from './view.ts'
import { commitLink, count, subjectOf } from './words.ts'

const refsMax = 200
const cursors = new Cursors<[kind: string, lastName: string]>('refs', like(/^(?:branch|tag)$/), pathPart)

interface Named {
  readonly name: string
  readonly commit: string
  readonly about: string
}

interface Listed extends RefPage<Named> {
  readonly kind: RefKind
}

export async function showRefs(exchange: Exchange): Promise<void> {
  const { query, repository, response } = exchange
  const view = View.of(exchange)
  const manifest = await repository().view.manifest()
  const current = manifest.head === null ? undefined : shortRefName(manifest.head)
  const part = query.text('name') ?? ''
  const given = cursors.read(query)
  const lists = [
    given?.[0] === 'tag' ? null : await branchesOf(exchange, { after: given?.[1], current }),
    given?.[0] === 'branch' ? null : await tagsOf(exchange, given?.[1]),
  ].filter((one) => one !== null)
  const body = html`<h1>Branches and tags</h1>
    <form method="get" action="${view.to('refs', { revision: undefined })}" role="search">
      <label>Name contains<input name="name" value="${part}" /></label>
      <button>Find</button>
    </form>
    ${lists.map((list) => section(view, manifest, list, { part, current, isFirst: given === null }))}`
  sendPage(response, layout(view, { title: 'Branches and tags', tab: 'refs', body }))
}

async function branchesOf(
  { query, repository }: Exchange,
  { after, current }: { readonly after: string | undefined; readonly current: string | undefined },
): Promise<Listed> {
  const part = query.text('name') ?? ''
  const page = await readBranches(repository(), { limit: refsMax, after, part })
  const isHere = current !== undefined && after === undefined && current.includes(part)
  const first = isHere ? await readBranch(repository(), current) : null
  const rest = page.items.filter(({ name }) => name !== current)
  const items = [...(first === null ? [] : [first]), ...rest].map(({ name, commit, subject }) => ({
    name,
    commit,
    about: subject,
  }))
  return { ...page, kind: 'branch', items }
}

async function tagsOf({ query, repository }: Exchange, after: string | undefined): Promise<Listed> {
  const page = await readTags(repository(), { limit: refsMax, after, part: query.text('name') })
  const named = page.items.map(({ name, commit, message }) => ({
    name,
    commit,
    about: message === '' ? '' : subjectOf(message),
  }))
  return { ...page, kind: 'tag', items: named }
}

const words = { branch: ['Branches', 'branches'], tag: ['Tags', 'tags'] } as const

interface Looked {
  readonly part: string
  readonly current: string | undefined
  readonly isFirst: boolean
}

function section(view: View, manifest: Manifest, list: Listed, { part, current, isFirst }: Looked): Html {
  const [heading, many] = words[list.kind]
  const asked = { revision: undefined, name: part === '' ? undefined : part }
  const rows = list.items.map((ref) => row(view, manifest, list.kind, ref, current))
  const next = list.last === null ? null : cursors.write(list.kind, list.last)
  return html`<h2>${list.count === 0 ? `No ${many}` : heading}${list.count > list.items.length && html` <span class="faint">${count(list.count)}</span>`}</h2>
    ${rows.length > 0 && table(heading, rows)}
    ${pager({
      next: next === null ? null : view.to('refs', { ...asked, cursor: next }),
      first: isFirst ? null : view.to('refs', asked),
      more: `More ${many}`,
    })}`
}

function table(label: string, rows: Part): Html {
  return scrollable(
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
        ${rows}
      </tbody>
    </table>`,
  )
}

function row(
  view: View,
  manifest: Manifest,
  kind: RefKind,
  { name, commit, about }: Named,
  current: string | undefined,
): Html {
  const isCurrent = kind === 'branch' && name === current
  const revision = revisionOf(manifest, kind, name)
  return html`<tr>
    <td>
      <a href="${view.to('files', { revision })}">${name}</a
      >${isCurrent && html` <span class="tag">current</span>`}
    </td>
    <td>${commitLink(view, commit)}</td>
    <td>${about}</td>
    <td>
      <a href="${view.to('history', { revision })}">History</a>${
        !isCurrent &&
        current !== undefined &&
        html` ·
          <a href="${view.to('compare', { from: revisionOf(manifest, 'branch', current), to: revision })}"
            >Compare<span class="hidden"> ${name} with ${current}</span></a
          >`
      }
    </td>
  </tr>`
}
