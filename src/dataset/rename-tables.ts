// Lets the entries of moved tables in varve.yaml follow them, and leaves everything else as the user wrote it.
import { type Pair, isMap, isScalar } from 'yaml'
import type { Path } from '../files/interface.ts'
import { parsedConfig } from './document.ts'

/** The text with the new paths; null when it names none of the moved. @throws VarveError VARVE_RULE_VIOLATED */
export function renamedTables(text: string, moved: ReadonlyMap<Path, Path>): string | null {
  const { document } = parsedConfig(text)
  const tables = document.get('tables')
  if (!isMap(tables)) return null
  let found = false
  for (const { key } of tables.items as Pair[]) {
    const to = isScalar(key) ? moved.get(String(key.value)) : undefined
    if (to === undefined || !isScalar(key)) continue
    key.value = to
    found = true
  }
  return found ? document.toString({ lineWidth: 0 }) : null
}
