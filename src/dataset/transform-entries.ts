// Transforms as varve.yaml has them: what transform-section.ts reads, to be written. As maps, for a column may be called
// anything.
import type { ColumnTransform, TableTransform } from './interface.ts'
import { maskText } from './mask.ts'

export type Entries = Map<string, string | readonly string[] | Entries>

export function transformEntries(transforms: readonly TableTransform[]): Entries {
  return new Map(transforms.map((transform) => [transform.table, tableEntries(transform)]))
}

function tableEntries({ where, select, omit, columns }: TableTransform): Entries {
  const entries: Entries = new Map()
  if (where !== null) entries.set('where', where)
  if (select !== null) entries.set('select', select)
  if (omit.length > 0) entries.set('omit', omit)
  if (columns.length > 0)
    entries.set('columns', new Map(columns.map((column) => [column.column, columnEntries(column)])))
  return entries
}

function columnEntries({ compute, mask, cast, rename }: ColumnTransform): Entries {
  const entries: Entries = new Map()
  if (compute !== null) entries.set('compute', compute)
  if (mask !== null) entries.set('mask', maskText(mask))
  if (cast !== null) entries.set('cast', cast)
  if (rename !== null) entries.set('rename', rename)
  return entries
}
