// A path whose folders lead to themselves.
import { type Html, html } from './html.ts'
import type { View } from './view.ts'

export function breadcrumbs(view: View, path: string): Html {
  const parts = path === '' ? [] : path.split('/')
  return html`<h1 class="crumbs">
    <a href="${view.to('files')}">${view.repo}</a>${parts.map((part, i) => {
      const isLast = i === parts.length - 1
      const folder = view.to('files', { path: parts.slice(0, i + 1).join('/') })
      return html` / ${isLast ? html`<span>${part}</span>` : html`<a href="${folder}">${part}</a>`}`
    })}
  </h1>`
}
