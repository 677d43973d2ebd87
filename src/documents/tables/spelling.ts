// How cells are spelled: what quotes mean, and how a record's text is split.
import type { Dialect } from './record.ts'

export function unquoted(spelling: string): string {
  if (spelling.length < 2 || !spelling.startsWith('"')) return spelling
  const end = closingQuote(spelling, 0)
  if (end !== spelling.length - 1) return spelling
  const inner = spelling.slice(1, -1)
  return inner.includes('"') ? inner.replaceAll('""', '"') : inner
}

export function quoted(value: string): string {
  return `"${value.replaceAll('"', '""')}"`
}

export function needsQuotes(value: string, delimiter: string): boolean {
  return value.includes(delimiter) || value.startsWith('"') || value.includes('\n') || value.includes('\r')
}

export function split(text: string, { delimiter, hasQuotes }: Dialect): string[] {
  if (!hasQuotes || !text.includes('"')) return text.split(delimiter)
  const spellings: string[] = []
  let start = 0
  for (;;) {
    let from = start
    if (text[start] === '"') {
      const close = closingQuote(text, start)
      from = close < 0 ? text.length : close + 1
    }
    const end = text.indexOf(delimiter, from)
    spellings.push(text.slice(start, end < 0 ? text.length : end))
    if (end < 0) return spellings
    start = end + delimiter.length
  }
}

/** Place of the quote that closes the one at `open`; -1 when none does. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at
  }
  return -1
}
