// The order in which tables may be written: those that others refer to before those that refer to them. Tables that
// refer to each other in a circle come as they are.
import type { EndpointTable } from './interface.ts'

export function parentsFirst<T extends EndpointTable>(tables: readonly T[]): T[] {
  const sorted = new Set<T>()
  const visit = (table: T, path: readonly T[]): void => {
    if (sorted.has(table) || path.includes(table)) return
    for (const name of table.references) {
      const parent = tables.find((one) => one.name === name)
      if (parent !== undefined) visit(parent, [...path, table])
    }
    sorted.add(table)
  }
  for (const table of tables) visit(table, [])
  return [...sorted]
}
