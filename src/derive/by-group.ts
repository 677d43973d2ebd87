// A table that a function computes from groups of rows of one or several other tables: it joins and aggregates. Groups
// are passed to it whole, and only those in which a row has changed; their rows in the result are replaced.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { diffMaps } from '../prolly/diff.ts'
import type { Io } from '../repo/interface.ts'
import type { Row } from '../table/interface.ts'
import { writeTable } from '../table/table-object.ts'
import { Table } from '../table/table.ts'
import type { FunctionResult, FunctionWork } from './by-function.ts'
import { GroupedInput } from './grouped-input.ts'
import { GroupIndex, GroupIndexBuilder, GroupMoves, hashOfGroup } from './group-index.ts'
import { type CollectOptions, groupsOf, passes } from './groups.ts'
import { fewGroups, indexedGroups } from './indexed-groups.ts'
import type { GroupDerivation, RowGroup } from './interface.ts'
import { functionRows } from './function-rows.ts'
import { FunctionTable } from './function-table.ts'
import { computeAllRows } from './compute-all-rows.ts'

/** Rows that have changed, beyond which all groups are made anew. */
const changesMax = 100_000

export async function deriveByGroup(io: Io, work: FunctionWork<GroupDerivation>): Promise<FunctionResult> {
  const { derivation, inputs, known, signal } = work
  const now = await groupedInputs(io, derivation, inputs)
  let whole: string | null = null
  if (known !== null) {
    const old = await groupedInputs(io, derivation, known.inputs, known.indexes)
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
  const { groups } = touched
  for (const [i, input] of now.entries())
    input.index = (await old[i]!.index?.after(io, touched.moves[i]!)) ?? null
  const making = now.map((input) =>
    input.isGrouped && input.index === null ? new GroupIndexBuilder(io) : null,
  )
  const result = new FunctionTable(io, derivation, present)
  const makes = async (inputs: readonly GroupedInput[], onEntries?: CollectOptions['onEntries']) => {
    const few = await fewGroups(inputs, groups, signal)
    const isWanted = (group: string): boolean => groups.has(group)
    const some =
      few === null
        ? groupsOf(inputs, { isWanted, signal, onEntries })
        : indexedGroups(inputs, few, groups, signal)
    return madeOf(derivation, some)
  }
  // All that is gone goes first: a key may pass from one group to another.
  for await (const deletes of await makes(old)) await result.edit({ deletes })
  for await (const puts of await makes(now, async (i, entries, names) => making[i]?.add(entries, names)))
    await result.edit({ puts })
  const table = writeTable(io.writer, result.table.object)
  const indexes = await indexesOf(now, making)
  return { table, indexes, rowsRead: touched.rows, rowsAnew: result.rowsPut, whole: null }
}

/** For each input its index: the one it has, or the one that was made on the way. */
async function indexesOf(
  inputs: readonly GroupedInput[],
  making: readonly (GroupIndexBuilder | null)[],
): Promise<Map<string, Cid>> {
  const indexes = new Map<string, Cid>()
  for (const [i, { name, index }] of inputs.entries()) {
    const cid = index?.cid ?? (await making[i]?.finish())
    if (cid !== undefined) indexes.set(name, cid)
  }
  return indexes
}

async function wholly(
  io: Io,
  { derivation, signal, onRows }: FunctionWork<GroupDerivation>,
  now: readonly GroupedInput[],
): Promise<Omit<FunctionResult, 'whole'>> {
  const rowsRead = now.reduce((sum, { table }) => sum + table.count, 0)
  const making = now.map((input) => (input.isGrouped ? new GroupIndexBuilder(io) : null))
  const toAll: CollectOptions['onEntries'] = async (i, entries, names) => {
    passOf[i]!.add(names)
    await making[i]?.add(entries, names)
  }
  const count = passes(rowsRead)
  const passOf = now.map(({ table }) => new PassNumbers(table.count, count))
  async function* rows(): AsyncGenerator<Row[]> {
    let done = 0
    for (let pass = 0; pass < count; pass++) {
      const groups = groupsOf(now, {
        isWanted: (group) => hashOfGroup(group) % count === pass,
        signal,
        ...(pass > 0
          ? { mayBeWanted: (i: number, row: number) => passOf[i]!.of(row) === pass }
          : { onEntries: toAll }),
      })
      yield* madeOf(derivation, groups, (rowCount) => onRows?.((done += rowCount), rowsRead))
    }
  }
  const { table, rowCount } = await computeAllRows(io, derivation, rows(), signal)
  return { table, indexes: await indexesOf(now, making), rowsRead, rowsAnew: rowCount }
}

/** Remembers in which pass each row of an input is collected, so that its group is computed only once. */
class PassNumbers {
  readonly #count: number
  readonly #numbers: Uint16Array
  #end = 0

  constructor(rows: number, count: number) {
    this.#count = count
    this.#numbers = new Uint16Array(count === 1 ? 0 : rows)
  }

  /** Takes the groups of the next rows. */
  add(groups: readonly string[]): void {
    if (this.#count === 1) return
    for (const group of groups) this.#numbers[this.#end++] = hashOfGroup(group) % this.#count
  }

  of(row: number): number {
    return this.#numbers[row]!
  }
}

/** The rows that the function makes of the groups. */
async function* madeOf(
  derivation: GroupDerivation,
  groups: AsyncIterable<readonly RowGroup[]>,
  onRows?: (count: number) => void,
): AsyncGenerator<Row[]> {
  for await (const some of groups) {
    yield some.flatMap((group) => functionRows(derivation, () => derivation.group(group)))
    onRows?.(some.reduce((sum, { rows }) => sum + rowCountOf(rows), 0))
  }
}

function rowCountOf(rows: RowGroup['rows']): number {
  return Object.values(rows).reduce((sum, list) => sum + list.length, 0)
}

interface Touched {
  readonly groups: ReadonlySet<string>
  /** For each input, how rows moved between groups. */
  readonly moves: readonly GroupMoves[]
  readonly rows: number
}

/** The groups to which a changed row belonged or belongs; null when too many rows have changed. */
async function touchedGroups(
  old: readonly GroupedInput[],
  now: readonly GroupedInput[],
  signal: AbortSignal | undefined,
): Promise<Touched | null> {
  const groups = new Set<string>()
  const moves = now.map(() => new GroupMoves())
  let rows = 0
  for (const [i, input] of now.entries()) {
    for await (const differences of diffMaps(old[i]!.table.map, input.table.map)) {
      throwIfAborted(signal)
      rows += differences.length
      if (rows > changesMax) return null
      const before = await old[i]!.groupsOf(differences.map((one) => one.before))
      const after = await input.groupsOf(differences.map((one) => one.after))
      for (const group of [...before, ...after]) if (group !== null) groups.add(group)
      for (const [at, { key }] of differences.entries()) moves[i]!.add(key, before[at]!, after[at]!)
    }
  }
  return { groups, moves, rows }
}

async function groupedInputs(
  io: Io,
  { from, by }: GroupDerivation,
  inputs: ReadonlyMap<string, Cid>,
  indexes: ReadonlyMap<string, Cid> = new Map(),
): Promise<GroupedInput[]> {
  const columns = from.map(({ name }) => (Object.hasOwn(by, name) ? by[name]! : []))
  if (new Set(columns.map(({ length }) => length)).size > 1)
    throw new TypeError("'by' names as many columns of each input")
  const all: GroupedInput[] = []
  for (const [i, { name, path }] of from.entries()) {
    const table = await Table.load(io.nodes, inputs.get(path)!)
    const index = indexes.get(name)
    const loaded = index === undefined ? null : await GroupIndex.load(io, index)
    all.push(new GroupedInput(table, { name, path, by: columns[i]! }, loaded))
  }
  return all
}

function schemaOf({ schema }: Table): string {
  return JSON.stringify(schema)
}
