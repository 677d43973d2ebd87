// Small drawings beside names; whatever they say stands in words too.
import { type Html, html } from './html.ts'

function icon(kind: string, shape: Html): Html {
  return html`<svg
    class="icon ${kind}"
    width="14"
    height="14"
    viewBox="0 0 14 14"
    fill="none"
    stroke="currentColor"
    stroke-width="1.3"
    aria-hidden="true"
  >
    ${shape}
  </svg>`
}

export const icons: Readonly<Record<'repository' | 'folder' | 'table' | 'file' | 'symlink', Html>> = {
  repository: icon(
    'repository',
    html`<path
      d="M2 4c2.5-1.700 4 .8 6 0s2.5-.8 4 0M2 7.5c2.5-1.700 4 .8 6 0s2.5-.8 4 0M2 11c2.5-1.700 4 .8 6 0s2.5-.8 4 0"
    />`,
  ),
  folder: icon('folder', html`<path d="M1 3.5h4l1.5 1.5H13v6.5H1z" fill="currentColor" fill-opacity=".2" />`),
  table: icon('table', html`<path d="M1.5 2h11v10h-11zM1.5 5.300h11M1.5 8.600h11M5.5 5.300V12" />`),
  file: icon('file', html`<path d="M3 1.5h5l3 3v8H3zM8 1.5v3h3" />`),
  symlink: icon('symlink', html`<path d="M3 11c0-4 2-6 7-6M7.5 2.5 10.5 5l-3 2.5" />`),
}
