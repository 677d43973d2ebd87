// Changed lines of a text, with their numbers before and after. They come as lines, not as hunks: a hunk may be as long as
// the file, and pages are counted in lines.
import type { LineHunk } from '../../api/interface.ts'
import { type Html, html } from './html.ts'
import { scrollable } from './layout.ts'
import { cut } from './values.ts'

const lettersMax = 500
const kinds: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', ' ': '', '\\': 'gap' }
const marks: Readonly<Record<string, string>> = { '+': '+', '-': '−' }

export interface ChangedLine {
  /** ' ', '+', '-', or '\\' for a missing final newline. */
  readonly mark: string
  readonly text: string
  /** Its numbers before and after; null where it is not there. */
  readonly old: number | null
  readonly now: number | null
  readonly startsHunk: boolean
}

export async function* changedLines(hunks: AsyncIterable<LineHunk>): AsyncGenerator<ChangedLine> {
  let [old, now] = [0, 0]
  for await (const { oldStart, newStart, lines } of hunks) {
    // A long hunk comes in pieces.
    const goesOn = oldStart === old && newStart === now
    ;[old, now] = [oldStart, newStart]
    for (const [i, line] of lines.entries()) {
      const mark = line[0] ?? ' '
      const isThen = mark === ' ' || mark === '-'
      const isNow = mark === ' ' || mark === '+'
      const numbers = { old: isThen ? old++ : null, now: isNow ? now++ : null }
      yield { mark, text: line.slice(1), ...numbers, startsHunk: i === 0 && !goesOn }
    }
  }
}

export function lineChanges(label: string, lines: readonly ChangedLine[]): Html {
  return scrollable(label, html`<table class="lines"><tbody>${lines.map(lineRow)}</tbody></table>`)
}

function lineRow({ mark, text, old, now, startsHunk }: ChangedLine, place: number): Html {
  const kind = kinds[mark] ?? ''
  const word = kind === 'added' || kind === 'removed' ? html`<span class="hidden">${kind}</span>` : null
  const gap = html`<tr class="gap"><td class="at">…</td><td class="at">…</td><td></td><td>from line ${now ?? old}</td></tr>`
  return html`${(startsHunk || place === 0) && gap}<tr class="${kind}"><td class="at">${old}</td><td class="at">${now}</td><td class="mark">${marks[mark] ?? ''}${word}</td><td>${cut(text, lettersMax)}</td></tr>\n`
}
