// Changed lines of a text, with their numbers before and after.
import type { LineHunk } from '../../api/interface.ts'
import { type Html, html } from './html.ts'
import { scrolled } from './layout.ts'
import { cut } from './values.ts'

const lettersMax = 500
const kinds: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', ' ': '', '\\': 'gap' }
const marks: Readonly<Record<string, string>> = { '+': '+', '-': '−' }

export function lineChanges(label: string, hunks: readonly LineHunk[]): Html {
  return scrolled(label, html`<table class="lines"><tbody>${hunks.map(hunkRows)}</tbody></table>`)
}

function hunkRows({ oldStart, newStart, lines }: LineHunk): Html {
  let [old, now] = [oldStart, newStart]
  const rows = lines.map((line) => {
    const mark = line[0] ?? ' '
    const isThen = mark === ' ' || mark === '-'
    const isNow = mark === ' ' || mark === '+'
    const kind = kinds[mark] ?? ''
    const numbers = html`<td class="at">${isThen && old++}</td><td class="at">${isNow && now++}</td>`
    const word = kind === 'added' || kind === 'removed' ? html`<span class="hidden">${kind}</span>` : null
    return html`<tr class="${kind}">${numbers}<td class="mark">${marks[mark] ?? ''}${word}</td><td>${cut(line.slice(1), lettersMax)}</td></tr>\n`
  })
  return html`<tr class="gap"><td class="at">…</td><td class="at">…</td><td></td><td>from line ${newStart}</td></tr>${rows}`
}
