// A page as an answer. Data from repositories is hostile: beside escaping (html.ts), the browser is told to run nothing, to
// load nothing but our style sheet and pictures from here, and to show the page in nobody's frame.
import type { ServerResponse } from 'node:http'
import type { Html } from './html.ts'

const headers: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'private, no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}

export function sendPage(
  response: ServerResponse,
  page: Html,
  options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): void {
  const bytes = Buffer.from(page.text)
  response.writeHead(options.status ?? 200, {
    ...headers,
    ...options.headers,
    'content-length': bytes.length,
  })
  response.end(bytes)
}
