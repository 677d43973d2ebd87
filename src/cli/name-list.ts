// Lists of names as people type them: `a,b`. A name with a comma in it stands in double quotes, as in CSV: `"a,b",c`.
import type { Arguments } from './arguments.ts'
import { usage } from './arguments.ts'

/** All that was given with an option that takes a list, once or several times. */
export function namesGiven(given: Arguments, option: string): string[] {
  return given.list(option).flatMap(splitNames)
}

/** An empty text is one name without letters, as the first column that pandas writes has it. @throws VarveError VARVE_USAGE */
export function splitNames(text: string): string[] {
  if (text === '') return ['']
  const names: string[] = []
  for (let at = 0; at <= text.length;) {
    const [whole, quoted] = /^"((?:[^"]|"")*)"(?=,|$)|^[^,]*/.exec(text.slice(at))!
    if (quoted === undefined && whole.startsWith('"') && whole.length > 1)
      throw usage(`the list '${text}' has a double quote that does not end`, 'write "a,b",c for a,b and c')
    if (quoted !== undefined) names.push(quoted.replaceAll('""', '"'))
    else if (whole !== '') names.push(whole)
    at += whole.length + 1
  }
  return names
}

/** The other way round. */
export function joinNames(names: readonly string[]): string {
  return names.map((name) => (/^$|[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(',')
}
