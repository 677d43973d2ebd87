// Reports where both sides changed how a table's file is written, in different ways: no cell depends on it and ours
// wins, but the user is told.
import type { Layout } from '../../table/interface.ts'
import type { Sides } from '../conflicts/conflict-record.ts'

const words: Readonly<Record<string, string>> = {
  delimiter: 'the delimiter',
  quote: 'quoting',
  quoting: 'quoting',
  headerQuoting: "the header's quoting",
  eol: 'line ends',
  headerEol: "the header's line end",
  bom: 'the byte order mark',
  delimiterEol: 'the line that names the delimiter',
  finalEol: 'the line end of the last row',
  trailer: 'the empty lines at the end',
  ascii: 'the escaping of characters beyond ASCII',
  keySeparator: 'the spaces behind names',
  itemSeparator: 'the spaces between members',
}

export function layoutNotes({ base, ours, theirs }: Sides<Layout | null>): string[] {
  if (ours === null || theirs === null) return []
  const notes = new Set<string>()
  for (const name of Object.keys(ours)) {
    const [before, mine, yours] = [base?.[name], ours[name], theirs[name]]
    if (typeof mine === 'object' || typeof yours === 'object') continue
    if (mine === yours || mine === before || (base !== null && yours === before)) continue
    const what = words[name] ?? `'${name}'`
    notes.add(`both sides changed ${what} in different ways: ours is kept`)
  }
  return [...notes]
}
