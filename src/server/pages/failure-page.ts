// What went wrong, as a page: with the way to give a token where one is needed.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Failure } from '../answers.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { sendPage } from './send-page.ts'
import { isSignIn, signInUrl } from './sign-in.ts'
import { View, rootOf } from './view.ts'

export function sendFailurePage(request: IncomingMessage, response: ServerResponse, failure: Failure): void {
  const view = new View(rootOf(request))
  const asks = failure.status === 401 && isSignIn(request)
  // Only there the browser asks for a token by itself; elsewhere a page first says what for.
  const challenge = asks ? { 'www-authenticate': 'Basic realm="varve", charset="UTF-8"' } : {}
  const page = failure.status === 401 ? signInPage(request, view) : failurePage(view, failure)
  sendPage(response, page, { status: failure.status, headers: { ...failure.headers, ...challenge } })
}

/** For a cursor that this server did not make: a link that was cut short, or one of another version of the server. */
export function sendToFirstPage({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const query = new URLSearchParams(url.replace(/^[^?]*|#.*$/gs, ''))
  query.delete('cursor')
  response.writeHead(303, { location: `?${String(query)}`, 'cache-control': 'no-store' }).end()
}

function signInPage(request: IncomingMessage, view: View): Html {
  const isWrong = request.headers.authorization !== undefined
  return layout(view, {
    title: 'Sign in',
    body: html`<h1>A token is needed</h1>
      ${isWrong && html`<p class="note">The token that your browser sent is wrong, expired or revoked.</p>`}
      <p><a class="button" href="${signInUrl(request, view)}">Sign in</a></p>
      <p>
        Your browser then asks for a name and a password: the password is your token (<code>varve_…</code>),
        the name may be anything. It keeps the token until it is closed, or for longer if you let it.
      </p>
      <p class="faint">
        Tokens are made on the server's machine: <code>varve token create --name NAME --scope read</code>
      </p>`,
  })
}

function failurePage(view: View, { status, document }: Failure): Html {
  const { message, hint } = document.error
  const title = status === 404 ? 'Not found' : status >= 500 ? 'The server has failed' : 'This did not work'
  return layout(view, {
    title,
    body: html`<h1>${title}</h1>
      <p>${String(message)}</p>
      ${typeof hint === 'string' && html`<p class="faint">${hint}</p>`}
      <p><a class="button" href="${view.home()}">All repositories</a></p>`,
  })
}
