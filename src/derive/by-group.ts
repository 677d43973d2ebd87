// A table that a function derives from groups of rows of one or several other tables: it joins and aggregates. Groups are
// given to it whole, and only those in which a row has changed; what it made of them as they were takes its leave.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { diffMaps } from '../prolly/diff.ts'
import type { Entry } from '../prolly/interface.ts'
import type { Io } from '../repo/interface.ts'
import type { Row } from '../table/interface.ts'
import { writeTable } from '../table/table-object.ts'
import { Table } from '../table/table.ts'
import type { FunctionResult, FunctionWork } from './by-function.ts'
import { GroupedInput } from './grouped-input.ts'
import { groupsOf, passes, passOf } from './groups.ts'
import type { GroupDerivation, RowGroup } from './interface.ts'
import { madeRows } from './made-rows.ts'
import { MadeTable } from './made-table.ts'
import { makeAll } from './make-all.ts'

/** Rows that have changed, beyond which all groups are made anew. */
const changesMax = 100_000

export async function deriveByGroup(io: Io, work: FunctionWork<GroupDerivation>): Promise<FunctionResult> {
  const { derivation, inputs, known, signal } = work
  const now = await groupedInputs(io, derivation, inputs)
  let whole: string | null = null
  if (known !== null) {
    const old = await groupedInputs(io, derivation, known.inputs)
    const other = now.find(({ table }, i) => schemaOf(table) !== schemaOf(old[i]!.table))
    const touched = other === undefined ? await touchedGroups(old, now, signal) : null
    if (touched !== null) {
      const present = await Table.load(io.nodes, known.output)
      return byParts(io, derivation, { old, now, touched, present, signal })
    }
    whole = other === undefined ? 'many rows have changed' : `'${other.name}' has other columns`
  }
  return { ...(await wholly(io, work, now)), whole }
}

interface Parts {
  readonly old: readonly GroupedInput[]
  readonly now: readonly GroupedInput[]
  readonly touched: Touched
  readonly present: Table
  readonly signal: AbortSignal | undefined
}

async function byParts(io: Io, derivation: GroupDerivation, parts: Parts): Promise<FunctionResult> {
  const { old, now, touched, present, signal } = parts
  const result = new MadeTable(io, derivation, present)
  const makes = (inputs: readonly GroupedInput[]): AsyncGenerator<Row[]> =>
    madeOf(
      derivation,
      groupsOf(inputs, (group) => touched.groups.has(group), signal),
    )
  // All that is gone goes first: a key may pass from one group to another.
  for await (const deletes of makes(old)) await result.edit({ deletes })
  for await (const puts of makes(now)) await result.edit({ puts })
  const table = writeTable(io.writer, result.table.object)
  return { table, rowsRead: touched.rows, rowsAnew: result.rowsPut, whole: null }
}

async function wholly(
  io: Io,
  { derivation, signal, onRows }: FunctionWork<GroupDerivation>,
  now: readonly GroupedInput[],
): Promise<Omit<FunctionResult, 'whole'>> {
  const rowsRead = now.reduce((sum, { table }) => sum + table.count, 0)
  async function* rows(): AsyncGenerator<Row[]> {
    const count = passes(rowsRead)
    let done = 0
    for (let pass = 0; pass < count; pass++) {
      const groups = groupsOf(now, (group) => passOf(group, count) === pass, signal)
      yield* madeOf(derivation, groups, (rowCount) => onRows?.((done += rowCount), rowsRead))
    }
  }
  const { table, rowCount } = await makeAll(io, derivation, rows(), signal)
  return { table, rowsRead, rowsAnew: rowCount }
}

/** What the function makes of the groups. */
async function* madeOf(
  derivation: GroupDerivation,
  groups: AsyncIterable<readonly RowGroup[]>,
  onRows?: (count: number) => void,
): AsyncGenerator<Row[]> {
  for await (const some of groups) {
    yield some.flatMap((group) => madeRows(derivation, () => derivation.group(group)))
    onRows?.(some.reduce((sum, { rows }) => sum + rowCountOf(rows), 0))
  }
}

function rowCountOf(rows: RowGroup['rows']): number {
  return Object.values(rows).reduce((sum, list) => sum + list.length, 0)
}

interface Touched {
  readonly groups: ReadonlySet<string>
  readonly rows: number
}

/** The groups in which a changed row stood or stands; null: too many rows have changed. */
async function touchedGroups(
  old: readonly GroupedInput[],
  now: readonly GroupedInput[],
  signal: AbortSignal | undefined,
): Promise<Touched | null> {
  const groups = new Set<string>()
  let rows = 0
  for (const [i, input] of now.entries()) {
    for await (const differences of diffMaps(old[i]!.table.map, input.table.map)) {
      throwIfAborted(signal)
      rows += differences.length
      if (rows > changesMax) return null
      for (const [from, side] of [[old[i]!, 'before'] as const, [input, 'after'] as const]) {
        const entries = differences.map((one) => one[side]).filter((one): one is Entry => one !== null)
        for (const group of await from.groupsOf(entries)) groups.add(group)
      }
    }
  }
  return { groups, rows }
}

async function groupedInputs(
  io: Io,
  { from, by }: GroupDerivation,
  inputs: ReadonlyMap<string, Cid>,
): Promise<GroupedInput[]> {
  const columns = from.map(({ name }) => (Object.hasOwn(by, name) ? by[name]! : []))
  if (new Set(columns.map(({ length }) => length)).size > 1)
    throw new TypeError("'by' names as many columns of each input")
  const all: GroupedInput[] = []
  for (const [i, { name, path }] of from.entries()) {
    const table = await Table.load(io.nodes, inputs.get(path)!)
    all.push(new GroupedInput(table, { name, path, by: columns[i]! }))
  }
  return all
}

function schemaOf({ schema }: Table): string {
  return JSON.stringify(schema)
}
