// Changed rows as a table: added ones green, removed ones red, of changed ones the cells as they were and as they are.
import type { RowChange } from '../../api/interface.ts'
import type { Value } from '../../table/interface.ts'
import { stringifyExact } from '../../table/exact-json.ts'
import { toJson } from '../../table/json.ts'
import { type Html, type Part, html } from './html.ts'
import { scrollable } from './layout.ts'
import { cut, valuePart } from './values.ts'

/** A wider table shows its key and the columns that have changed alone. */
const columnsMax = 14
const sideLettersMax = 160
const contextLetters = 20
const nameLettersMax = 100

const marks = { added: '+', removed: '−', changed: '~' } as const

export function rowChanges(label: string, keys: readonly string[], rows: readonly RowChange[]): Html {
  const columns = columnsOf(keys, rows)
  const heads = columns.map(
    (name) =>
      html`<th scope="col" class="${keys.includes(name) ? 'key' : ''}">${cut(name, nameLettersMax)}${keys.includes(name) && html` <span class="mark" aria-hidden="true">◆</span><span class="hidden">, key</span>`}</th>`,
  )
  return scrollable(
    label,
    html`<table>
      <thead><tr><th scope="col"><span class="hidden">Change</span></th>${heads}</tr></thead>
      <tbody>${rows.map((row) => rowOf(keys, columns, row))}</tbody>
    </table>`,
  )
}

function columnsOf(keys: readonly string[], rows: readonly RowChange[]): readonly string[] {
  const all = new Set(
    rows.flatMap(({ before, after }) => [...Object.keys(after ?? {}), ...Object.keys(before ?? {})]),
  )
  if (all.size <= columnsMax) return [...all]
  const changed = new Set(
    rows.flatMap(({ cells, kind }) => (kind === 'changed' ? cells.map(({ column }) => column) : [])),
  )
  const rest = [...all].filter((name) => !keys.includes(name))
  const chosen = new Set([...rest.filter((name) => changed.has(name)), ...rest].slice(0, columnsMax))
  return [...all].filter((name) => keys.includes(name) || chosen.has(name))
}

function rowOf(keys: readonly string[], columns: readonly string[], change: RowChange): Html {
  const { kind, before, after, cells } = change
  const row = after ?? before ?? {}
  const shown = columns.map((name): Html => {
    const cell = kind === 'changed' ? cells.find(({ column }) => column === name) : undefined
    if (cell !== undefined) return html`<td class="value changed">${cellChange(cell.before, cell.after)}</td>`
    const value = valuePart(row[name] ?? null, sideLettersMax)
    return keys.includes(name)
      ? html`<th scope="row" class="value">${value}</th>`
      : html`<td class="value">${value}</td>`
  })
  return html`<tr class="${kind}"><td class="mark" title="${kind}">${marks[kind]}<span class="hidden"> ${kind}</span></td>${shown}</tr>\n`
}

/** A cell before and after; of long texts, the part around the first difference. */
export function cellChange(before: Value, after: Value): Html {
  const [was, is] = sidesOf(before, after)
  const arrow = html`<span class="arrow" aria-hidden="true">→</span>`
  return html`${was !== null && html`<del>${was}</del>`}${was !== null && is !== null && arrow}${is !== null && html`<ins>${is}</ins>`}`
}

function sidesOf(before: Value, after: Value): readonly [Part, Part] {
  const texts = [before, after].map((value) => {
    if (typeof value !== 'object' || value === null) return value
    return value instanceof Uint8Array ? toJson(value) : stringifyExact(value)
  })
  const [a, b] = texts
  const isLong =
    typeof a === 'string' && typeof b === 'string' && Math.max(a.length, b.length) > sideLettersMax
  if (!isLong) return [valuePart(before, sideLettersMax), valuePart(after, sideLettersMax)]
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const from = start <= contextLetters * 2 ? 0 : start - contextLetters
  const side = (text: string): Part => [from > 0 && '…', cut(text.slice(from), sideLettersMax)]
  return [side(a), side(b)]
}
