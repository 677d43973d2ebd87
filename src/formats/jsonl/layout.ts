// The layout of a JSON Lines file: how its writer spaces members and escapes text. A line that such a writer would not
// have written keeps itself as it is, beside its cells.
import { corrupt } from '../../base/errors.ts'
import type { Layout } from '../../table/interface.ts'

export interface JsonlLayout extends Layout {
  readonly format: 'jsonl'
  readonly itemSeparator: ',' | ', '
  readonly keySeparator: ':' | ': '
  /** Whether characters beyond ASCII are written as escapes. */
  readonly ascii: boolean
  readonly eol: '\n' | '\r\n'
  readonly finalEol: boolean
  /** What follows the last row: line ends only. */
  readonly trailer: string
}

/** @throws VarveError VARVE_CORRUPT where a stored layout is not one that Varve writes. */
export function checkJsonlLayout(layout: Layout): JsonlLayout {
  const { format, itemSeparator, keySeparator, ascii, eol, finalEol, trailer } = layout
  const isWhole =
    format === 'jsonl' &&
    (itemSeparator === ',' || itemSeparator === ', ') &&
    (keySeparator === ':' || keySeparator === ': ') &&
    typeof ascii === 'boolean' &&
    (eol === '\n' || eol === '\r\n') &&
    typeof finalEol === 'boolean' &&
    typeof trailer === 'string' &&
    /^[\r\n]*$/.test(trailer) &&
    Object.keys(layout).length === 7
  if (!isWhole) throw corrupt('layout of a table is not one of a JSON Lines file')
  return layout as unknown as JsonlLayout
}

/** By the first lines: spacing of the first object with two members, and whether text beyond ASCII is escaped. */
export function sniffJsonl(head: Uint8Array, previous: JsonlLayout | null): JsonlLayout {
  const text = new TextDecoder().decode(head)
  const firstLine = text.slice(0, text.indexOf('\n') + 1 || text.length)
  const pair = /^\{"(?:[^"\\]|\\.)*"(:\s*)(?:"(?:[^"\\]|\\.)*"|[^,"[{}\]]+)(,\s*)?/.exec(firstLine)
  const isAscii = head.every((byte) => byte < 128)
  return {
    format: 'jsonl',
    itemSeparator: pair?.[2] === undefined ? (previous?.itemSeparator ?? ',') : pair[2] === ', ' ? ', ' : ',',
    keySeparator: pair?.[1] === ': ' ? ': ' : pair === null ? (previous?.keySeparator ?? ':') : ':',
    ascii: isAscii && (/\\u(?!00[01])/.test(text) || previous?.ascii === true),
    eol: firstLine.endsWith('\r\n') ? '\r\n' : '\n',
    finalEol: true,
    trailer: '',
  }
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/** A JSON string as the writer of this layout spells it (as JSON.stringify does, or json.dumps of Python). */
export function jsonString(text: string, layout: Pick<JsonlLayout, 'ascii'>): string {
  const escaped = text.replace(
    // eslint-disable-next-line no-control-regex -- control characters are what is sought
    layout.ascii ? /["\\]|[^ -~]/g : /["\\\u0000-\u001f]/g,
    (unit) => shortEscapes[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `"${escaped}"`
}
