// The setting 'cursor' of a link: by which column of a table new rows are found, how far behind the newest others may still
// come in, how often the whole table is read all the same, and which of its rows are only marked as deleted.
import { isMap, isScalar } from 'yaml'
import { ruleEntries, rulesOf } from './declared-tables.ts'
import { type FaultAt, nameOf } from './document.ts'
import type { CursorLag, TableCursor } from './interface.ts'

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const hint = "write it as 'orders: updated_at', or with column, lag, full and deletes"

export function* cursorsOf(
  section: unknown,
  { tables, fault }: { readonly tables: readonly string[]; readonly fault: FaultAt },
): Generator<TableCursor> {
  if (!isMap(section)) throw fault(section, "'cursor' is not a map from table to column", hint)
  for (const item of section.items) {
    const table = nameOf(item.key)
    if (table === null || !tables.includes(table)) throw fault(item.key, 'the link has no such table')
    yield { table, ...cursorOf(item.key, item.value, fault) }
  }
}

function cursorOf(key: unknown, value: unknown, fault: FaultAt): Omit<TableCursor, 'table'> {
  const short = nameOf(value)
  if (short !== null) return { column: short }
  if (!isMap(value)) throw fault(value ?? key, "the table's cursor is not a column", hint)
  const given = new Map(value.items.map((item) => [nameOf(item.key), item] as const))
  for (const [name, item] of given)
    if (!['column', 'lag', 'full', 'deletes'].includes(name ?? ''))
      throw fault(item.key, `unknown setting '${name ?? ''}'`, hint)
  const column = nameOf(given.get('column')?.value)
  if (column === null) throw fault(key, 'the cursor has no column', hint)
  const text = (name: string): string | null => {
    const found = given.get(name)?.value
    return isScalar(found) ? String(found.value) : null
  }
  const [lag, full] = [text('lag'), text('full')]
  const [parsedLag, fullMs] = [lag === null ? null : lagOf(lag), full === null ? null : periodOf(full)]
  if (lag !== null && parsedLag === null)
    throw fault(key, `'${lag}' is not a lag`, "a time such as '5m', or a number")
  if (full !== null && fullMs === null) throw fault(key, `'${full}' is not a time`, "for example '24h'")
  const deletes = given.get('deletes')
  return {
    column,
    ...(parsedLag === null ? {} : { lag: parsedLag }),
    ...(fullMs === null ? {} : { fullMs }),
    ...(deletes === undefined ? {} : { deletes: rulesOf('deletes', deletes.value, fault) }),
  }
}

/** '5m', or '1000' of a column of numbers; null where it is neither. */
export function lagOf(text: string): CursorLag | null {
  if (/^\d{1,15}$/.test(text)) return { units: Number(text) }
  const ms = periodOf(text)
  return ms === null ? null : { ms }
}

/** A period in ms; null when the text is none. */
export function periodOf(text: string): number | null {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  return count === undefined ? null : Number(count) * units[unit!]!
}

/** The cursor as varve.yaml has it. */
export function cursorEntry({ column, lag, fullMs, deletes }: TableCursor): string | object {
  if (lag === undefined && fullMs === undefined && deletes === undefined) return column
  return {
    column,
    ...(lag === undefined ? {} : { lag: 'ms' in lag ? periodText(lag.ms) : lag.units }),
    ...(fullMs === undefined ? {} : { full: periodText(fullMs) }),
    ...(deletes === undefined ? {} : { deletes: ruleEntries(deletes) }),
  }
}

export function periodText(ms: number): string {
  const unit = (['d', 'h', 'm'] as const).find((one) => ms > 0 && ms % units[one]! === 0) ?? 's'
  return `${ms / units[unit]!}${unit}`
}
