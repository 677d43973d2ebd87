// One commit: who, when and why, what checks said, and what it changed against its first parent.
import { bodyOf } from '../../history/message.ts'
import type { CommitInfo } from '../../api/interface.ts'
import { emptyRevision } from '../../api/diff-ends.ts'
import { commitOf } from '../routes/commit-routes.ts'
import type { Ends, PathPlace } from '../listings/comparison.ts'
import { badCursor } from '../listings/cursor.ts'
import { pathsRead } from '../listings/diff-cursors.ts'
import type { Exchange } from '../interface.ts'
import type { Signature } from '../../history/interface.ts'
import { showChanges } from './changes.ts'
import { type Html, type Part, html } from './html.ts'
import { layout, pager } from './layout.ts'
import { sendPage } from './send-page.ts'
import { cut } from './values.ts'
import { View } from './view.ts'
import { commitLink, moment, nameOf, refTags, shortId, subjectOf } from './words.ts'

const messageLettersMax = 20_000

export async function showCommit(exchange: Exchange): Promise<void> {
  const { query, response } = exchange
  const view = View.of(exchange)
  const commit = await commitOf(exchange)
  const { id, parents, shallow } = commit
  const changes =
    shallow === true
      ? { body: html`<p class="note">Its parents are not here: history begins with it.</p>`, cursor: null }
      : await showChanges(
          exchange,
          view,
          ...(await shownPart(exchange, { from: parents[0] ?? emptyRevision, to: id })),
        )
  const body = html`<h1>${subjectOf(commit.message)}</h1>
    ${rest(commit.message)} ${facts(exchange, view, commit)}
    <p class="row">
      <a class="button" href="${view.to('files', { revision: id })}">Files at this commit</a>
      <a class="button" href="${view.to('history', { revision: id })}">History from here</a>
    </p>
    ${changes.body}
    ${pager({
      next: changes.cursor === null ? null : view.commit(id, { cursor: changes.cursor }),
      first: query.text('cursor') === undefined ? null : view.commit(id),
      more: 'More paths',
    })}`
  sendPage(
    response,
    layout(view, { title: `${shortId(id)} ${subjectOf(commit.message)}`, tab: 'history', body }),
  )
}

/** The part of the page to show. A cursor of another commit's page is refused. */
async function shownPart(exchange: Exchange, ends: Ends): Promise<[Ends, PathPlace | null]> {
  const given = await pathsRead(exchange)
  if (given !== null && (given.ends.from !== ends.from || given.ends.to !== ends.to)) throw badCursor()
  return [ends, given?.at ?? null]
}

function rest(message: string): Part {
  const text = bodyOf(message).trimEnd()
  return text !== '' && html`<div class="message">${cut(text, messageLettersMax)}</div>`
}

function facts({ services, repository }: Exchange, view: View, commit: CommitInfo): Html {
  const { id, parents, author, committer } = commit
  const isSame =
    committer.name === author.name && committer.email === author.email && committer.timeMs === author.timeMs
  const checks = services.checks.of(repository().name, id)
  return html`<dl class="facts">
    <dt>Author</dt><dd>${person(author)}</dd>
    ${!isSame && html`<dt>Committer</dt><dd>${person(committer)}</dd>`}
    <dt>Commit</dt><dd class="id">${id}${refTags(view, commit)}</dd>
    <dt>${parents.length === 1 ? 'Parent' : 'Parents'}</dt>
    <dd>${parents.length === 0 ? 'none: the first commit' : parents.map((parent) => html`${commitLink(view, parent)} `)}${parents.length > 1 && html`<span class="faint">(changes are those against the first)</span>`}</dd>
    ${checks.length > 0 && html`<dt>Checks</dt><dd>${checks.map(({ name, state, summary }) => html`<span class="tag ${state}">${name}: ${state}</span> ${summary} `)}</dd>`}
  </dl>`
}

function person(signature: Signature): Html {
  return html`${nameOf(signature)} <span class="faint">&lt;${cut(signature.email, 200)}&gt;</span>, ${moment(signature)}`
}
