// One path that differs: what became of it, in a word, in counts, and in full.
import type { DiffStat, RowChange } from '../../api/interface.ts'
import type { ValueChange } from '../../documents/structure/diff-values.ts'
import type { PathDiff } from '../../repo/diff/diff.ts'
import { sizeText } from '../../base/size.ts'
import { type Part, html } from './html.ts'
import { type ChangedLine, lineChanges } from './line-changes.ts'
import { rowChanges } from './row-changes.ts'
import { valueChanges } from './value-changes.ts'
import { count } from './words.ts'

const words = {
  added: 'added',
  modified: 'changed',
  deleted: 'removed',
  renamed: 'renamed',
  typechange: 'of another kind',
} as const

export function stateOf({ state, from }: Pick<DiffStat, 'state' | 'from'>): Part {
  return from === undefined ? words[state] : html`${words[state]} <span class="faint">from ${from}</span>`
}

/** Counts of a change: '+12 −3 ~40 rows'. */
export function counts({ rows, lines, sizeBefore, sizeAfter }: DiffStat): Part {
  if (rows === undefined && lines === undefined) {
    const sizes = [sizeBefore, sizeAfter].map((size) => (size === null ? 'nothing' : sizeText(size)))
    return html`${sizes[0]!} <span class="faint">→</span> ${sizes[1]!}`
  }
  const { added, removed } = rows ?? lines!
  const changed = rows?.changed ?? 0
  const parts = [
    added > 0 && html`<span class="plus">+${count(added)}</span> `,
    removed > 0 && html`<span class="minus">−${count(removed)}</span> `,
    changed > 0 && html`<span class="tilde">~${count(changed)}</span> `,
  ]
  const unit = rows === undefined ? 'lines' : 'rows'
  if (added + removed + changed === 0) return html`<span class="faint">no ${unit}</span>`
  return html`${parts}<span class="faint">${unit}</span>`
}

interface ShownChange {
  readonly rows: readonly RowChange[]
  readonly values: readonly ValueChange[]
  readonly lines: readonly ChangedLine[]
}

export function changeOf(file: PathDiff, { rows, values, lines }: ShownChange): Part {
  const { path, schemaChanges, note, keyColumns = [], kind } = file
  return [
    schemaChanges.map((change) => html`<p>${change}</p>`),
    note !== undefined && html`<p class="faint">${note}</p>`,
    rows.length > 0 && rowChanges(`Changed rows of ${path}`, keyColumns, rows),
    values.length > 0 && valueChanges(`Changed values of ${path}`, values),
    lines.length > 0 && lineChanges(`Changed lines of ${path}`, lines),
    kind === 'binary' && html`<p class="faint">These bytes are not text.</p>`,
  ]
}
