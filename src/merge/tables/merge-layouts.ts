// Three-way merge of what a table's file holds beyond its rows: spelling, not data, so a clash is no conflict and ours
// wins. Lists of numbers in a layout are sets of columns, by id; a setting `x` with a list `xOther` says that the
// columns of the list do the other of two things (formats/csv/layout.ts), so these two are merged column by column.
import type { Layout } from '../../table/interface.ts'
import type { Sides } from '../conflicts/conflict-record.ts'
import type { MergedSchema } from './merge-schemas.ts'

type Setting = Layout[string]
type ColumnIds = ReadonlySet<number>

/** A string is the reason why the rows of both sides do not fit one file. */
export function mergeLayouts(
  { base, ours, theirs }: Sides<Layout | null>,
  schema: MergedSchema,
): { readonly layout: Layout | null } | { readonly reason: string } {
  if (ours === null || theirs === null) return { layout: base === null ? (ours ?? theirs) : null }
  const before = base ?? ours
  if (ours['quote'] === '' && theirs['quote'] === '' && ours['delimiter'] !== theirs['delimiter']) {
    return { reason: 'the delimiter changed on one side, and the file knows no quoting' }
  }
  const columns = schema.schema.columns.map(({ id }) => id)
  const merged: Record<string, Setting> = {}
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const sides = { base: before[name], ours: ours[name], theirs: theirs[name] }
    const choice = threeWay(sides)
    if (choice !== undefined) merged[name] = choice
  }
  const known = {
    base: new Set(schema.ids.base.values()),
    ours: new Set(schema.ids.ours.values()),
    theirs: new Set(schema.ids.theirs.values()),
  }
  for (const name of Object.keys(merged)) {
    if (!Array.isArray(merged[name])) continue
    const switched = name.endsWith('Other') ? name.slice(0, -'Other'.length) : null
    const idsOf = (layout: Layout, ids: ReadonlyMap<number, number>): ColumnIds => {
      const own = mappedIds(layout[name], ids)
      const isTurned = switched !== null && layout[switched] !== merged[switched]
      return isTurned ? new Set(columns.filter((id) => !own.has(id))) : own
    }
    const sets = {
      base: idsOf(before, base === null ? schema.ids.ours : schema.ids.base),
      ours: idsOf(ours, schema.ids.ours),
      theirs: idsOf(theirs, schema.ids.theirs),
    }
    merged[name] = columns.filter((id) => isIn(id, sets, known)).sort((a, b) => a - b)
  }
  // Without quoting a file cannot hold the cells that made the other side quote.
  if (merged['quote'] === '') merged['quote'] = ours['quote'] || theirs['quote'] || ''
  return { layout: { ...merged, format: ours.format } }
}

function mappedIds(setting: Setting | undefined, ids: ReadonlyMap<number, number>): ColumnIds {
  const own = Array.isArray(setting) ? (setting as readonly unknown[]) : []
  return new Set(own.flatMap((id) => ids.get(id as number) ?? []))
}

/** Whether a column is in the merged set. A side that does not have the column has no say in it. */
function isIn(id: number, sets: Sides<ColumnIds>, known: Sides<ColumnIds>): boolean {
  const [mine, yours] = [sets.ours.has(id), sets.theirs.has(id)]
  if (!known.ours.has(id)) return yours
  const isOurs = !known.theirs.has(id) || !known.base.has(id) || mine !== sets.base.has(id)
  return isOurs ? mine : yours
}

function threeWay({ base, ours, theirs }: Sides<Setting | undefined>): Setting | undefined {
  return same(ours, base) ? theirs : ours
}

function same(a: Setting | undefined, b: Setting | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
