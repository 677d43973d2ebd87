// One row between a version of a table and an older one: what became of it, and how the older version knows it: under
// which key, and by which column id the column that is asked about.
import { isVarveError } from '../base/errors.ts'
import type { Entry } from '../prolly/interface.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { CellChange, Row, RowDifference } from './interface.ts'
import { type RowKey, encodeRowKey } from './row-key.ts'
import { type RowShape, entriesToRows, keyValues } from './rows.ts'
import type { Table } from './table.ts'
import { type PairedColumn, type RowPair, VersionPair } from './version-pair.ts'

export interface RowChange extends RowDifference {
  /** Names of the key's columns. */
  readonly keyColumns: readonly string[]
}

/** What is asked about. */
export interface RowQuestion {
  readonly key: RowKey
  readonly column?: string | undefined
  /** For messages. */
  readonly path: string
}

/** How a version knows the row. */
export interface KnownRow {
  /** null: as the question spells it. */
  readonly key: Uint8Array | null
  /** Id of the column; null: the one with the name asked for, if there is one. */
  readonly column: number | null
}

export const asAsked: KnownRow = { key: null, column: null }

export interface RowStep {
  /** null: the row, or its cell, is the same in both, or in neither. */
  readonly change: RowChange | null
  /** In the older version. */
  readonly row: KnownRow
}

/** A side is null when there is no such table. */
export async function stepRow(
  question: RowQuestion,
  before: Table | null,
  after: Table | null,
  row: KnownRow,
  options: ReadOptions = {},
): Promise<RowStep> {
  if (before !== null && after !== null)
    return stepBetween(question, new VersionPair(before, after), row, options)
  const table = before ?? after
  if (table === null) return { change: null, row: asAsked }
  const key = after === null || row.key === null ? keyIn(table.shape, question) : row.key
  const entry = key === null ? null : await table.map.get(key, options)
  if (entry === null) return { change: null, row: asAsked }
  const column = columnIn(table, question, after === null ? null : row.column)
  const [found] = await entriesToRows(table.shape, [entry], table.nodes.reader, options)
  const value = column === null ? null : (found![column.name] ?? null)
  const sides = after === null ? { before: value, after: null } : { before: null, after: value }
  return {
    change: {
      kind: after === null ? 'removed' : 'added',
      key: keyValues(table.shape, entry.key),
      keyColumns: table.shape.keys.map(({ name }) => name),
      before: after === null ? found! : null,
      after: after === null ? null : found!,
      cells: column === null ? [] : [{ column: column.name, ...sides }],
    },
    row: asAsked,
  }
}

async function stepBetween(
  question: RowQuestion,
  pair: VersionPair,
  row: KnownRow,
  options: ReadOptions,
): Promise<RowStep> {
  const key = row.key ?? keyIn(pair.after.shape, question)
  const column = question.column === undefined ? null : pairedColumn(question.column, pair, row.column)
  const { keyBefore, found } = pair.keyChanged
    ? await acrossKeys(question, pair, key, options)
    : { keyBefore: key, found: key === null ? null : await changedRow(pair, key, options) }
  const next: KnownRow = { key: keyBefore, column: column?.before?.id ?? null }
  if (found === null) return { change: null, row: next }
  const unit = question.column === undefined ? 'row' : column
  if (!pair.differs(found, unit)) return { change: null, row: next }
  return { change: await changeOf(pair, found, unit, options), row: next }
}

async function changedRow(pair: VersionPair, key: Uint8Array, options: ReadOptions): Promise<RowPair | null> {
  for await (const [found] of pair.changes([key], options)) return found!
  return null
}

/** With another key: the row is looked up by what it was called before, or else as the question spells it. */
async function acrossKeys(
  question: RowQuestion,
  pair: VersionPair,
  key: Uint8Array | null,
  options: ReadOptions,
): Promise<{ keyBefore: Uint8Array | null; found: RowPair | null }> {
  const after = key === null ? null : await pair.after.map.get(key, options)
  const keyBefore = after === null ? keyIn(pair.before.shape, question) : pair.keyBefore(after)
  const before = keyBefore === null ? null : await pair.before.map.get(keyBefore, options)
  const entry = after ?? before
  return { keyBefore, found: entry === null ? null : { key: entry.key, before, after } }
}

async function changeOf(
  pair: VersionPair,
  found: RowPair,
  unit: 'row' | PairedColumn | null,
  options: ReadOptions,
): Promise<RowChange> {
  const rowIn = async (table: Table, entry: Entry | null): Promise<Row | null> =>
    entry === null ? null : (await entriesToRows(table.shape, [entry], table.nodes.reader, options))[0]!
  const before = await rowIn(pair.before, found.before)
  const after = await rowIn(pair.after, found.after)
  const isBoth = before !== null && after !== null
  const columns = unit === 'row' ? (isBoth ? pair.differingColumns(found) : []) : unit === null ? [] : [unit]
  const cells = columns.map((column): CellChange => ({
    column: (column.after ?? column.before)!.name,
    before: column.before === null ? null : (before?.[column.before.name] ?? null),
    after: column.after === null ? null : (after?.[column.after.name] ?? null),
  }))
  const { shape } = found.after === null ? pair.before : pair.after
  const kind = before === null ? 'added' : after === null ? 'removed' : 'changed'
  const key = keyValues(shape, (found.after ?? found.before)!.key)
  return { kind, key, keyColumns: shape.keys.map(({ name }) => name), before, after, cells }
}

function pairedColumn(name: string, pair: VersionPair, known: number | null): PairedColumn | null {
  const after = known ?? pair.after.schema.columns.find((column) => column.name === name)?.id
  if (after !== undefined) return pair.columnOf(after)
  return pair.columns.find((column) => column.after === null && column.before?.name === name) ?? null
}

function columnIn(table: Table, question: RowQuestion, known: number | null): { name: string } | null {
  if (question.column === undefined) return null
  return (
    table.schema.columns.find(({ id, name }) => (known === null ? name === question.column : id === known)) ??
    null
  )
}

/** The encoded key; null when nothing in this version can have such a key. */
function keyIn(shape: RowShape, { key, path }: RowQuestion): Uint8Array | null {
  try {
    return encodeRowKey(shape, key, path)
  } catch (error) {
    if (isVarveError(error, 'VARVE_USAGE') || isVarveError(error, 'VARVE_RULE_VIOLATED')) return null
    throw error
  }
}
