// Changes of a log as the dataset is to see them. A row that a filter takes no longer is deleted; a table of which the
// log says too little to compute with is read again.
import type { LogChange } from '../../connectors/change-log.ts'
import type { Cell } from '../../table/interface.ts'
import type { TransformedTable } from './table-transform.ts'

type Put = Extract<LogChange, { kind: 'put' }>

const tooLittle = 'the log leaves out long values, and the transform may need them'

/** The changes with those tables transformed that `made` has, by name. Other tables stay as they are. */
export function transformedChanges(
  changes: readonly LogChange[],
  made: ReadonlyMap<string, TransformedTable>,
): readonly LogChange[] {
  if (!changes.some(({ table }) => made.has(table))) return changes
  const rows = new Map<LogChange, readonly Cell[] | null>()
  for (const table of made.values()) {
    const puts = changes.filter((change): change is Put => isWholePut(change, table))
    const all = puts.length === 0 ? [] : table.rows(puts.map(({ after }) => after as readonly Cell[]))
    for (const [i, put] of puts.entries()) rows.set(put, all[i]!)
  }
  return changes.map((change) => {
    const table = made.get(change.table)
    return table === undefined ? change : transformedChange(change, table, rows.get(change))
  })
}

function isWholePut(change: LogChange, { source }: TransformedTable): boolean {
  return change.kind === 'put' && change.table === source.name && !change.after.includes(null)
}

/** `after` is null for a row that the filter leaves out, and undefined for one that is not known as a whole. */
function transformedChange(
  change: LogChange,
  made: TransformedTable,
  after: readonly Cell[] | null | undefined,
): LogChange {
  const { table } = change
  if (change.kind === 'unclear') return change
  if (change.kind === 'delete') return { kind: 'delete', table, key: made.key(change.key) }
  const oldKey = change.oldKey === null ? null : made.key(change.oldKey)
  if (after === undefined) {
    const patch = change.isPatch === true ? made.patch(change.after) : undefined
    if (patch === undefined) return { kind: 'unclear', table, reason: tooLittle }
    return { kind: 'put', table, oldKey, after: patch, isPatch: true }
  }
  if (after !== null) return { kind: 'put', table, oldKey, after }
  const names = made.source.columns.map(({ name }) => name)
  const key = oldKey ?? made.key(made.source.key.map((name) => change.after[names.indexOf(name)]!))
  return { kind: 'delete', table, key }
}
