// Changed values of a JSON or YAML file as a table: where each stands, what it was, and what it is.
import type { ValueChange } from '../../documents/structure/diff-values.ts'
import { type Html, html } from './html.ts'
import { scrollable } from './layout.ts'
import { cellChange } from './row-changes.ts'
import { cut } from './values.ts'

const pathLettersMax = 300
const looks = {
  added: { mark: '+', row: 'added' },
  removed: { mark: '−', row: 'removed' },
  changed: { mark: '~', row: 'changed' },
  reordered: { mark: '~', row: 'changed' },
} as const

export function valueChanges(label: string, changes: readonly ValueChange[]): Html {
  return scrollable(
    label,
    html`<table>
      <thead><tr><th scope="col"><span class="hidden">Change</span></th><th scope="col">Value</th><th scope="col">Changes</th></tr></thead>
      <tbody>${changes.map(changeRow)}</tbody>
    </table>`,
  )
}

function changeRow({ kind, path, before, after }: ValueChange): Html {
  const { mark, row } = looks[kind]
  const change =
    kind === 'reordered'
      ? html`<td class="faint">in another order</td>`
      : html`<td class="value changed">${cellChange(before, after)}</td>`
  return html`<tr class="${row}"><td class="mark" title="${kind}">${mark}<span class="hidden"> ${kind}</span></td><th scope="row" class="value">${cut(path, pathLettersMax)}</th>${change}</tr>\n`
}
