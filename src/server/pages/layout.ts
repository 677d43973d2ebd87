// What all pages have in common.
import { type Html, type Part, type Url, html } from './html.ts'
import { styleVersion } from './style.ts'
import type { View } from './view.ts'

export type Tab = 'files' | 'history' | 'refs' | 'compare' | 'sql'

export interface PageParts {
  readonly title: string
  readonly tab?: Tab
  readonly body: Part
}

export function layout(view: View, { title, tab, body }: PageParts): Html {
  const name = view.repo === '' ? 'Varve' : `${view.repo} · Varve`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title === '' ? name : `${title} · ${name}`}</title>
        <link rel="stylesheet" href="${view.asset('-style.css', styleVersion)}" />
        <link rel="icon" href="${view.asset('-icon.svg', styleVersion)}" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <div class="where">
            <a class="home" href="${view.home()}"
              ><img src="${view.asset('-icon.svg', styleVersion)}" width="18" height="18" alt="" />Varve</a
            >${
              view.repo !== '' &&
              html`<span class="slash">/</span><a href="${view.start()}"><strong>${view.repo}</strong></a>`
            }
          </div>
          ${view.repo !== '' && tabs(view, tab)}
        </header>
        <main id="main">${body}</main>
      </body>
    </html> `
}

function tabs(view: View, current: Tab | undefined): Html {
  const { revision } = view
  const compared = revision === undefined ? {} : { to: revision, revision: undefined }
  const all: readonly (readonly [Tab, string, Url])[] = [
    ['files', 'Files', view.to('files')],
    ['history', 'History', view.to('history')],
    ['refs', 'Branches and tags', view.to('refs', { revision: undefined })],
    ['compare', 'Compare', view.to('compare', compared)],
    ['sql', 'SQL', view.to('sql')],
  ]
  return html`<nav class="tabs" aria-label="Repository">
    ${all.map(
      ([tab, name, url]) =>
        html`<a href="${url}" ${tab === current && html` aria-current="page"`}>${name}</a>`,
    )}
  </nav>`
}

export interface PagerParts {
  /** null: there are no more. */
  readonly next: Url | null
  /** null: this is the first page. */
  readonly first: Url | null
  readonly more?: string
}

export function pager({ next, first, more = 'Next page' }: PagerParts): Part {
  if (next === null && first === null) return null
  return html`<nav class="pager" aria-label="Pages">
    ${first !== null && html`<a class="button" href="${first}">First page</a>`}
    ${next !== null && html`<a class="button" rel="next" href="${next}">${more}</a>`}
  </nav>`
}

/** A table that is wider than the page is scrolled by itself, by keyboard too. */
export function scrollable(label: string, table: Html, kind = ''): Html {
  return html`<div class="scroll ${kind}" role="region" tabindex="0" aria-label="${label}">${table}</div>`
}
