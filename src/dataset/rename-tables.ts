// Lets the entries of moved tables in varve.yaml follow them, and leaves everything else as the user wrote it.
import { type Pair, type Scalar, type YAMLMap, isMap, isScalar } from 'yaml'
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
    for (const table of isMap(value) ? referencesIn(value) : []) {
      const place = moved.get(String(table.value))
      if (place === undefined) continue
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

/** Where a table's settings name another: in `references`, and in the rules of its columns. */
function* referencesIn(settings: YAMLMap): Generator<Scalar> {
  const references = settings.get('references')
  for (const { value } of isMap(references) ? (references.items as Pair[]) : [])
    if (isScalar(value)) yield value
  const columns = settings.getIn(['rules', 'columns'])
  for (const { value } of isMap(columns) ? (columns.items as Pair[]) : []) {
    const table = isMap(value) ? value.get('references', true) : null
    if (isScalar(table)) yield table
  }
}
