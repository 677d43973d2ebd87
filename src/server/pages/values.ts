// Cells as people read them, cut where they are long.
import { sizeText } from '../../base/size.ts'
import { toHex } from '../../base/bytes.ts'
import { cellText } from '../../table/cell.ts'
import type { Cell, ColumnType, Value } from '../../table/interface.ts'
import { stringifyExact } from '../../table/exact-json.ts'
import { type Part, html } from './html.ts'

/** Letters of a cell in a table. */
const cellLettersMax = 240
const hexBytesMax = 16

export function valuePart(value: Value, lettersMax: number = cellLettersMax): Part {
  if (value === null) return null
  if (value === '') return html`<span class="faint" title="empty text">''</span>`
  if (value instanceof Uint8Array) {
    const rest = value.length > hexBytesMax ? '…' : ''
    return html`<span class="faint" title="bytes"
      >${toHex(value, 0, Math.min(value.length, hexBytesMax))}${rest} (${sizeText(value.length)})</span
    >`
  }
  return cut(typeof value === 'object' ? stringifyExact(value) : String(value), lettersMax)
}

export function cut(text: string, lettersMax: number): Part {
  if (text.length <= lettersMax) return text
  return html`${text.slice(0, lettersMax).replace(/[\ud800-\udbff]$/, '')}<span
      class="faint"
      title="${text.length} characters"
      >…</span
    >`
}

export function isNumeric(type: ColumnType): boolean {
  return type === 'int' || type === 'decimal' || type === 'float'
}

/** As people type it in a key; null for what cannot be typed. */
export function typedText({ kind, ...rest }: Cell): string | null {
  if (kind === 'true' || kind === 'false') return kind
  const text = kind === 'text' || kind === 'number' ? cellText({ kind, ...rest }) : null
  return text === null || /[\n\r]|\p{Cs}/u.test(text) ? null : text
}
