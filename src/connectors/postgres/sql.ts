// Names and literals in SQL. A name comes from a catalogue or a user and may hold anything: it is always quoted.

/** Quotes a name: "we""ird". */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
