// How an endpoint spells a value of a key that somebody else has written. Each spelling has been proved to be the same value.
import { utf8 } from '../../base/bytes.ts'
import type { EndpointColumn } from '../../connectors/interface.ts'
import { sameValue } from '../../connectors/spelling/same-value.ts'
import { cellOf, cellText, isEmptyCell, jsonNumber, sameCell, textCell } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'

/** Whether a key may have other spellings at the endpoint than elsewhere. */
export function hasSpellings({ spellings }: EndpointColumn): boolean {
  return spellings !== undefined
}

/** As the endpoint may spell it, the likeliest first; the cell itself where it has no other spelling. */
export function spellingsOf(cell: Cell, column: EndpointColumn): readonly Cell[] {
  const { type, spellings } = column
  const isPlain = cell.kind === 'text' || cell.kind === 'number'
  if (spellings === undefined || !isPlain || isEmptyCell(cell)) return [cell]
  const isNumber = type === 'decimal' || type === 'float'
  const found: Cell[] = []
  for (const text of spellings(cellText(cell))) {
    const one = isNumber && jsonNumber.test(text) ? cellOf('number', utf8(text)) : textCell(text)
    if (sameValue(cell, one, column) && !found.some((known) => sameCell(known, one))) found.push(one)
  }
  return found.length === 0 ? [cell] : found
}
