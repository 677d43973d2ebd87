// Which columns of three versions of a table are one column. A version descends from the base when every name that
// both have has one id in both: columns are then the same by id, whatever they are called now. A table that was made
// anew is matched by name, and so are columns that both sides added.
import type { Column, Schema } from '../../table/interface.ts'
import type { Sides } from '../conflicts/conflict-record.ts'

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

/** Whether one side has removed the column, and the other still has it. */
export function isRemoved({ base, ours, theirs }: Lane): boolean {
  return base !== null && (ours === null || theirs === null)
}

/** Why the two sides exclude each other, in one sentence; null when they do not. */
export function laneClash({ base, ours, theirs }: Lane): string | null {
  if (base === null) return null
  if (ours !== null && theirs !== null) {
    const isTwice = ours.name !== base.name && theirs.name !== base.name && ours.name !== theirs.name
    return isTwice ? `column '${base.name}' is called '${ours.name}' here and '${theirs.name}' there` : null
  }
  const left = ours ?? theirs
  if (left === null || left.name === base.name) return null
  const [removed, renamed] = ours === null ? ['here', 'there'] : ['there', 'here']
  return `column '${base.name}' is removed ${removed} and called '${left.name}' ${renamed}`
}

export function laneIds({ base, ours, theirs }: Lane): Sides<number | null> {
  return { base: base?.id ?? null, ours: ours?.id ?? null, theirs: theirs?.id ?? null }
}

/** For each column of the base, by its id, the side's column. */
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
