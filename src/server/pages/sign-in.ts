// How a browser gives a token: at one address it is asked for HTTP Basic, and sent on to where it wanted to go. It then
// sends the token with every request below that address by itself; there is no cookie, no session and no form that could be
// posted from elsewhere.
import type { IncomingMessage } from 'node:http'
import type { Exchange } from '../interface.ts'
import { Url } from './html.ts'
import { type View, rootOf } from './view.ts'

export const signInPath = '/-sign-in'

export function isSignIn({ url = '' }: IncomingMessage): boolean {
  return url.replace(/[?#].*$/s, '') === signInPath
}

export function signInUrl(request: IncomingMessage, view: View): Url {
  const { url = '/' } = request
  const wanted = isSignIn(request) ? new URLSearchParams(url.replace(/^[^?]*/s, '')).get('to') : url.slice(1)
  return Url.of(view.root, [signInPath.slice(1)], { to: wanted ?? '' })
}

/** Only to pages of this server: what is asked for stands behind './', and has no character that could break a line. */
export async function signedIn({ request, response, query }: Exchange): Promise<void> {
  const to = query.text('to') ?? ''
  const isPlain = /^[A-Za-z0-9_][!-~]*$/.test(to)
  response
    .writeHead(303, { location: rootOf(request) + (isPlain ? to : ''), 'cache-control': 'no-store' })
    .end()
}
