// Which columns of three versions of a table are one column. A version descends from the base when every name that
// both have has one id in both: columns are then the same by id, whatever they are called now. A table that was made
// anew is matched by name, and so are columns that both sides added.
import type { Column, Schema } from '../table/interface.ts'

/** One column through the merge; `base` is null where it is new. */
export interface Lane {
  readonly base: Column | null
  readonly ours: Column | null
  readonly theirs: Column | null
}

export function lanesOf(base: Schema | null, ours: Schema, theirs: Schema): Lane[] {
  const left = matches(base, ours)
  const right = matches(base, theirs)
  const lanes: Lane[] = (base?.columns ?? []).map((column) => ({
    base: column,
    ours: left.get(column.id) ?? null,
    theirs: right.get(column.id) ?? null,
  }))
  const [leftKnown, rightKnown] = [new Set(left.values()), new Set(right.values())]
  const added = new Map<string, Lane>()
  for (const column of ours.columns) {
    if (!leftKnown.has(column)) added.set(column.name, { base: null, ours: column, theirs: null })
  }
  for (const column of theirs.columns) {
    if (rightKnown.has(column)) continue
    const lane = added.get(column.name)
    added.set(column.name, { base: null, ours: lane?.ours ?? null, theirs: column })
  }
  return [...lanes, ...added.values()]
}

/** By id in the base, the side's column. */
function matches(base: Schema | null, side: Schema): Map<number, Column> {
  const byName = new Map(side.columns.map((column) => [column.name, column]))
  const byId = new Map(side.columns.map((column) => [column.id, column]))
  const columns = base?.columns ?? []
  const isSameLine = columns.every(({ id, name }) => (byName.get(name)?.id ?? id) === id)
  const found = new Map<number, Column>()
  for (const { id, name } of columns) {
    const column = isSameLine ? byId.get(id) : byName.get(name)
    if (column !== undefined) found.set(id, column)
  }
  return found
}
