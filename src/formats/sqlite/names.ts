// Names in SQL: quoted, so that any name is a name; what SQL text cannot hold at all is refused.
import { VarveError } from '../../base/errors.ts'

export function quoted(name: string): string {
  if (name.includes('\0')) {
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `'${name.replaceAll('\0', '\\0')}' cannot be a name in SQLite`,
      {
        data: { reason: 'bad-name' },
        hint: 'give it a name without a zero byte',
      },
    )
  }
  return `"${name.replaceAll('"', '""')}"`
}

/** The name as SQLite compares names: the case of ASCII letters does not count. */
export function foldedName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The first two names that are the same to SQLite; null when there are none. */
export function sameNames(columns: readonly { readonly name: string }[]): [string, string] | null {
  const seen = new Map<string, string>()
  for (const { name } of columns) {
    const other = seen.get(foldedName(name))
    if (other !== undefined) return [other, name]
    seen.set(foldedName(name), name)
  }
  return null
}
