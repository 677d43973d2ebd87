// Rows as callers of the library name them.
import type { RowKey } from '../../table/row-key.ts'
import type { RowSelector } from '../row-history.ts'
import { keyParts } from '../tables/snapshot.ts'

export function rowKeyOf(selector: RowSelector): RowKey {
  if (isText(selector)) return selector
  return { values: keyParts(selector) }
}

/** Whether a row is given by the texts of its key. A key never holds an object, so the two cannot be confused. */
function isText(selector: RowSelector): selector is { readonly text: readonly string[] } {
  return (
    typeof selector === 'object' && selector !== null && 'text' in selector && Array.isArray(selector.text)
  )
}
