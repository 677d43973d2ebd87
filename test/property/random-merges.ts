// Random merges of small tables, made from a number: versions of one table that differ by edits of cells, rows, columns,
// names and order, sometimes with policies. The engine's answer is compared with the model's (merge-model.ts).
import { type Bench, textOf } from '../merge/bench.ts'
import { absentCell, textCell } from '../../src/table/cell.ts'
import type { Column, Schema, TableObject } from '../../src/table/interface.ts'
import type { TablePolicies } from '../../src/dataset/interface.ts'
import type { ConflictRecord, Sides, StoredSide } from '../../src/merge/conflicts/conflict-record.ts'
import { mergeTables } from '../../src/merge/tables/merge-tables.ts'
import { decodeKey, valueColumns } from '../../src/table/key.ts'
import { decodeRow } from '../../src/table/row.ts'
import { slotCell } from '../../src/table/slot.ts'
import { columnKey, columnOfKey } from '../../src/merge/tables/column-clash.ts'
import {
  type ModelPolicies,
  type ModelPolicy,
  type ModelTable,
  conflictName,
  mergeModels,
} from './merge-model.ts'

/** Numbers from 0 up to `below`, the same ones for the same seed (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  roll(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * below)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.roll(items.length)]!
  }
}

/** Any two of the sides are merged, either way round: making tables costs more than merging them. */
export interface Family {
  readonly base: ModelTable
  readonly sides: readonly ModelTable[]
  readonly policies: ModelPolicies | null
}

export const mergesInFamily = 20
const sidesInFamily = 5

const texts = ['1', '2', '3', '12', '10']
const policyWords: readonly ModelPolicy[] = ['ours', 'theirs', 'max', 'min', 'sum', 'append', 'union']

export function randomFamily(seed: number): Family {
  const dice = new Dice(seed)
  const base = randomBase(dice, dice.roll(500) === 0 ? 200 : dice.roll(7))
  const side = (): ModelTable => {
    let table = base
    for (let left = dice.roll(dice.roll(6) === 0 ? 12 : 5); left > 0; left--) table = changed(table, dice)
    return table
  }
  const sides = Array.from({ length: sidesInFamily }, side)
  return { base, sides, policies: dice.roll(3) === 0 ? randomPolicies(dice) : null }
}

function randomBase(dice: Dice, count: number): ModelTable {
  const columns = ['a', 'b', 'c', 'd'].slice(0, 1 + dice.roll(4)).map((name, i) => ({ id: String(i), name }))
  const order = Array.from({ length: count }, (_, i) => String(i + 1))
  const rows = new Map(
    order.map((key) => [
      key,
      new Map(columns.flatMap(({ id }) => (dice.roll(5) === 0 ? [] : [[id, dice.pick(texts)] as const]))),
    ]),
  )
  const table: ModelTable = { columns, order, rows }
  return count > 1 && dice.roll(3) === 0 ? moved(table, dice) : table
}

function randomPolicies(dice: Dice): ModelPolicies {
  const names = ['a', 'b', 'c', 'd', 'x', 'p'].filter(() => dice.roll(2) === 0)
  return {
    rows: dice.pick([null, null, 'ours', 'theirs', 'keep-edit'] as const),
    columns: new Map(names.map((name) => [name, dice.pick(policyWords)])),
  }
}

function changed(table: ModelTable, dice: Dice): ModelTable {
  const what = dice.roll(22)
  if (what < 8) return withCell(table, dice)
  if (what < 11) return withRow(table, dice)
  if (what < 13) return withoutRow(table, dice)
  if (what < 14) return moved(table, dice)
  if (what < 15) return withoutColumn(table, dice)
  if (what < 17) return withColumn(table, dice)
  if (what < 19) return renamed(table, dice)
  if (what < 21) return rekeyed(table, dice)
  return { ...table, columns: shuffled(table.columns, dice) }
}

function withCell(table: ModelTable, dice: Dice): ModelTable {
  const { order, columns } = table
  if (order.length === 0 || columns.length === 0) return table
  const [key, { id }] = [dice.pick(order), dice.pick(columns)]
  const row = new Map(table.rows.get(key))
  if (dice.roll(6) === 0) row.delete(id)
  else row.set(id, dice.pick(texts))
  return { ...table, rows: new Map(table.rows).set(key, row) }
}

function withRow(table: ModelTable, dice: Dice): ModelTable {
  const key = String(dice.roll(12))
  if (table.rows.has(key)) return table
  const row = new Map(
    table.columns.flatMap(({ id }) => (dice.roll(4) === 0 ? [] : [[id, dice.pick(texts)] as const])),
  )
  const order = table.order.toSpliced(dice.roll(table.order.length + 1), 0, key)
  return { ...table, order, rows: new Map(table.rows).set(key, row) }
}

function withoutRow(table: ModelTable, dice: Dice): ModelTable {
  if (table.order.length === 0) return table
  const gone = dice.pick(table.order)
  const rows = new Map(table.rows)
  rows.delete(gone)
  return { ...table, order: table.order.filter((key) => key !== gone), rows }
}

/** A row gets another key, and stays where it is. */
function rekeyed(table: ModelTable, dice: Dice): ModelTable {
  const key = String(dice.roll(12))
  if (table.order.length === 0 || table.rows.has(key)) return table
  const gone = dice.roll(2) === 0 ? table.order[0]! : dice.pick(table.order)
  const rows = new Map(table.rows).set(key, table.rows.get(gone)!)
  rows.delete(gone)
  return { ...table, order: table.order.map((one) => (one === gone ? key : one)), rows }
}

function moved(table: ModelTable, dice: Dice): ModelTable {
  if (table.order.length === 0) return table
  const key = dice.pick(table.order)
  const rest = table.order.filter((one) => one !== key)
  return { ...table, order: rest.toSpliced(dice.roll(rest.length + 1), 0, key) }
}

function withoutColumn(table: ModelTable, dice: Dice): ModelTable {
  if (table.columns.length === 0) return table
  const gone = dice.pick(table.columns)
  const rows = new Map([...table.rows].map(([key, row]) => [key, without(row, gone.id)]))
  return { ...table, columns: table.columns.filter((column) => column !== gone), rows }
}

function without(row: ReadonlyMap<string, string>, id: string): Map<string, string> {
  const rest = new Map(row)
  rest.delete(id)
  return rest
}

function withColumn(table: ModelTable, dice: Dice): ModelTable {
  const name = dice.pick(['x', 'y', 'p'])
  if (table.columns.some((column) => column.name === name || column.id === `+${name}`)) return table
  const column = { id: `+${name}`, name }
  const rows = new Map(
    [...table.rows].map(([key, row]) => [
      key,
      dice.roll(2) === 0 ? row : new Map(row).set(column.id, dice.pick(texts)),
    ]),
  )
  return { ...table, columns: table.columns.toSpliced(dice.roll(table.columns.length + 1), 0, column), rows }
}

/** Columns that a side added are known by their names alone, so only those of the base get others. */
function renamed(table: ModelTable, dice: Dice): ModelTable {
  const column = table.columns.find(({ id }) => !id.startsWith('+') && dice.roll(2) === 0)
  const name = dice.pick(['p', 'q', 'x'])
  if (column === undefined || table.columns.some((one) => one.name === name)) return table
  return { ...table, columns: table.columns.map((one) => (one === column ? { ...one, name } : one)) }
}

function shuffled<T>(items: readonly T[], dice: Dice): T[] {
  const rest = [...items]
  return items.map(() => rest.splice(dice.roll(rest.length), 1)[0]!)
}

interface Merge {
  readonly models: Sides<ModelTable>
  readonly tables: Sides<TableObject>
  readonly policies: ModelPolicies | null
}

/** Where engine and model disagree, and what each of them says. */
export async function* disagreements(bench: Bench, family: Family): AsyncGenerator<string> {
  const schema = schemaOf(family.base, null)
  const base = await tableOf(bench, family.base, schema)
  const tables: TableObject[] = []
  for (const side of family.sides) tables.push(await tableOf(bench, side, schemaOf(side, schema)))
  for (const [i, ours] of family.sides.entries()) {
    for (const [j, theirs] of family.sides.entries()) {
      if (i === j) continue
      const found = await disagreement(bench, {
        models: { base: family.base, ours, theirs },
        tables: { base, ours: tables[i]!, theirs: tables[j]! },
        policies: family.policies,
      })
      if (found !== null) yield `side ${j} into side ${i}: ${found}`
    }
  }
}

async function disagreement(bench: Bench, { models, tables, policies }: Merge): Promise<string | null> {
  const expected = mergeModels(models.base, models.ours, models.theirs, policies ?? noPolicies)
  const merged = await mergeTables({ nodes: bench.nodes, writer: bench.writer }, 't', tables, {
    policies: policies === null ? null : policiesOf(policies),
  })
  if (merged.kind === 'clash')
    return expected.rows === null ? null : `the engine says '${merged.reason}', the model merges`
  if (expected.rows === null) return 'the model says that two columns have one name, the engine merges'
  const conflicts = [
    ...merged.clashes.map((clash) => conflictName('column', columnOfKey(columnKey(clash))!.name)),
    ...merged.conflicts.map((conflict) => nameOf(conflict, merged.table.schema)),
  ].sort()
  const dump = await bench.dump(merged.table)
  const found = JSON.stringify([
    [...dump.columns].sort(),
    rowsOf(dump.columns, dump.rows),
    conflicts,
    merged.decisions.length,
  ])
  const rows = [...expected.rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, row]) => [key, sorted(row)])
  const told = JSON.stringify([[...expected.columns].sort(), rows, expected.conflicts, expected.decided])
  if (found !== told) return `engine: ${found}\nmodel:  ${told}`
  const keys = dump.rows.map((row) => row[dump.columns.indexOf('id')])
  return new Set(keys).size === keys.length ? null : 'the order has a row twice'
}

const noPolicies: ModelPolicies = { rows: null, columns: new Map() }

function policiesOf({ rows, columns }: ModelPolicies): TablePolicies {
  const parsed = [...columns].map(
    ([name, kind]) => [name, kind === 'union' ? { kind, separator: null } : { kind }] as const,
  )
  return { default: null, rows, columns: new Map(parsed) }
}

/** Columns of the base keep their ids; those that a side added get the next ones, as they would by reading a file. */
function schemaOf({ columns }: ModelTable, before: Schema | null): Schema {
  let nextColumnId = before?.nextColumnId ?? 100
  const key: Column = { id: 1, name: 'id', type: 'int' }
  const values = columns.map(({ id, name }): Column => {
    const own = id.startsWith('+') ? nextColumnId++ : 2 + Number(id)
    return { id: own, name, type: 'text' }
  })
  return { columns: [key, ...values], key: [1], nextColumnId, cells: 'text' }
}

function tableOf(bench: Bench, { columns, order, rows }: ModelTable, schema: Schema): Promise<TableObject> {
  return bench.tableOf(schema, {
    rows: order.map((key) => [key, ...columns.map(({ id }) => cellOf(rows.get(key)!.get(id)))]),
  })
}

function cellOf(text: string | undefined): ReturnType<typeof textCell> {
  return text === undefined ? absentCell : textCell(text)
}

function sorted(row: ReadonlyMap<string, string>): (readonly [string, string])[] {
  return [...row].sort(([a], [b]) => (a < b ? -1 : 1))
}

function rowsOf(columns: readonly string[], rows: readonly (readonly (string | null)[])[]): unknown[] {
  const id = columns.indexOf('id')
  return rows
    .map((row) => {
      const cells = columns.flatMap((name, i) =>
        i === id || row[i] === null ? [] : [[name, row[i]!] as const],
      )
      return [row[id]!, sorted(new Map(cells))] as const
    })
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function nameOf({ kind, key, text, base, ours, theirs }: ConflictRecord, schema: Schema): string {
  const id = textOf(decodeKey(schema, key)[0]!)!
  if (kind === 'cell') return conflictName(id, text, sideText(base), sideText(ours), sideText(theirs))
  for (const side of [base, ours, theirs])
    if (side !== null) decodeRow(side.value, side.links, valueColumns(schema).length)
  return conflictName(
    'row',
    id,
    base ? 'row' : undefined,
    ours ? 'row' : undefined,
    theirs ? 'row' : undefined,
  )
}

function sideText(side: StoredSide | null): string | undefined {
  if (side === null) return undefined
  return textOf(slotCell({ spelling: side.value, link: null }, new Map())) ?? undefined
}
