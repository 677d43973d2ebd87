// Lets the entries of moved tables in varve.yaml follow them, and leaves everything else as the user wrote it.
import { type Pair, isMap, isScalar } from 'yaml'
import type { Path } from '../files/interface.ts'
import { parsedConfig } from './document.ts'

/**
 * The text with the new paths; null when it names none of the moved. A table whose format its new name does not tell is
 * given it, for moving a file changes no byte of it. @throws VarveError VARVE_RULE_VIOLATED
 */
export function renamedTables(
  text: string,
  moved: ReadonlyMap<Path, Path>,
  formatOfPath: (path: Path) => string | null,
): string | null {
  const { document } = parsedConfig(text)
  const tables = document.get('tables')
  if (!isMap(tables)) return null
  let found = false
  for (const { key, value } of tables.items as Pair[]) {
    const references = isMap(value) ? value.get('references') : null
    for (const { value: table } of isMap(references) ? (references.items as Pair[]) : []) {
      const place = isScalar(table) ? moved.get(String(table.value)) : undefined
      if (place === undefined || !isScalar(table)) continue
      table.value = place
      found = true
    }
    const to = isScalar(key) ? moved.get(String(key.value)) : undefined
    if (to === undefined || !isScalar(key)) continue
    const format = formatOfPath(String(key.value))
    if (format !== null && format !== formatOfPath(to) && isMap(value) && !value.has('format'))
      value.set('format', format)
    key.value = to
    found = true
  }
  return found ? document.toString({ lineWidth: 0 }) : null
}
