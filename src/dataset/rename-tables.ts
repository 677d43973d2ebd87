// Lets the entries of moved tables in varve.yaml follow them, and leaves everything else as the user wrote it.
import { type Document, type Scalar, type YAMLMap, isMap, isScalar, isSeq } from 'yaml'
import type { Path } from '../files/interface.ts'
import { inputName } from './derive-values.ts'
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
  let found = renamedInputs(document, moved)
  for (const { key, value } of isMap(tables) ? tables.items : []) {
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

/** What tables are derived from. The query's name for an input stays, so a path that was its name as well gets it apart. */
function renamedInputs(document: Document, moved: ReadonlyMap<Path, Path>): boolean {
  const derive = document.get('derive')
  let found = false
  for (const { value } of isMap(derive) ? derive.items : []) {
    const from = isMap(value) ? value.get('from', true) : null
    const paths = pathsIn(from)
    if (!paths.some((path) => moved.has(String(path.value)))) continue
    found = true
    const after = paths.map((path) => moved.get(String(path.value)) ?? String(path.value))
    const keepsNames =
      isMap(from) || paths.every((path, i) => inputName(String(path.value)) === inputName(after[i]!))
    if (keepsNames) for (const [i, path] of paths.entries()) path.value = after[i]
    else {
      const names = paths.map((path, i) => [inputName(String(path.value)), after[i]!] as const)
      const map = document.createNode(Object.fromEntries(names)) as YAMLMap
      map.flow = true
      ;(value as YAMLMap).set('from', map)
    }
  }
  return found
}

function pathsIn(from: unknown): Scalar[] {
  if (isMap(from)) return from.items.map(({ value }) => value).filter(isScalar)
  return (isSeq(from) ? from.items : [from]).filter(isScalar)
}

/** Where a table's settings name another: in `references`, and in the rules of its columns. */
function* referencesIn(settings: YAMLMap): Generator<Scalar> {
  const references = settings.get('references')
  for (const { value } of isMap(references) ? references.items : []) if (isScalar(value)) yield value
  const columns = settings.getIn(['rules', 'columns'])
  for (const { value } of isMap(columns) ? columns.items : []) {
    const table = isMap(value) ? value.get('references', true) : null
    if (isScalar(table)) yield table
  }
}
