// Three-way merge of the rows of tables. The result is ours with the edits that came from theirs, so ours is only asked
// for the rows that theirs changed: what ours alone changed is not read, and the cost follows the changes. Only where a
// side removed a column are all rows read, because then equal bytes need not be equal rows.
import { compareBytes, toHex } from '../../base/bytes.ts'
import { throwIfAborted } from '../../base/errors.ts'
import type { Path } from '../../files/interface.ts'
import { diffMaps, diffThreeWay } from '../../prolly/diff.ts'
import type { Difference, Edit, Entry, ThreeWayDifference } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { ObjectWriter, ReadOptions } from '../../store/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { valueColumns } from '../../table/key.ts'
import type { ConflictRecord, Sides, StoredSide } from '../conflicts/conflict-record.ts'
import type { PolicyDecision } from '../policies/decisions.ts'
import type { MergeIo, MergeTablesOptions, TableSides } from '../merge-io.ts'
import { type CellClash, type RowShape, baseInMerged, mergeRow, sameRow } from './merge-rows.ts'
import type { MergedColumn, MergedSchema } from './merge-schemas.ts'
import { type KeyedRow, type RekeyedSearch, settleRekeyed } from './rekeyed-rows.ts'
import { RowDecider, type RowStep } from '../policies/row-decider.ts'

/** What the merge of rows did to ours. */
export interface MergedRows {
  readonly map: ProllyMap
  readonly maps: Sides<ProllyMap>
  /** Keys that ours has not. */
  readonly added: readonly Uint8Array[]
  /** Keys that only ours has. */
  readonly removed: readonly Uint8Array[]
  readonly changed: number
  readonly conflicts: readonly ConflictRecord[]
  readonly decisions: readonly PolicyDecision[]
  /** Columns that one side removed and the other side changed in some row. */
  readonly edited: ReadonlySet<MergedColumn>
  readonly notes: readonly string[]
}

export async function mergeRowMaps(
  io: MergeIo,
  path: Path,
  schema: MergedSchema,
  tables: TableSides,
  options: MergeTablesOptions,
): Promise<MergedRows> {
  const { nodes, writer } = io
  const ours = await ProllyMap.load(nodes, tables.ours.rows, options)
  const theirs = await ProllyMap.load(nodes, tables.theirs.rows, options)
  const base =
    tables.base === null
      ? ProllyMap.empty(nodes, writer)
      : await ProllyMap.load(nodes, tables.base.rows, options)
  const maps = { base, ours, theirs }
  const widths = widthsOf(tables)
  const policies = options.policies ?? null
  const decider = policies === null ? null : new RowDecider(io, { path, policies, schema, widths })
  const merge = new RowsMerge(path, schema, shapeOf(schema, tables, widths, decider), decider)
  const edits = async function* (): AsyncGenerator<Edit[]> {
    let done = 0
    for await (const batch of differences(maps, schema, writer, options)) {
      throwIfAborted(options.signal)
      yield await merge.editsOf(batch, options)
      options.onRows?.((done += batch.length))
    }
  }
  const all = await ours.mutate(writer, edits(), options)
  const { removed, changed, edited } = merge
  const search = rekeyedSearch(maps, merge, options)
  const rekeyed = await settleRekeyed(writer, { path, schema: schema.schema, map: all }, search, options)
  const waiting = new Set(rekeyed.waiting.map((key) => toHex(key)))
  const added = waiting.size === 0 ? merge.added : merge.added.filter((key) => !waiting.has(toHex(key)))
  const conflicts = [...merge.conflicts, ...rekeyed.conflicts]
  if (waiting.size > 0) conflicts.sort((a, b) => compareBytes(a.key, b.key))
  const decisions = decider?.decisions ?? []
  return { ...rekeyed, maps, added, removed, changed, conflicts, decisions, edited }
}

/** Where rows cannot be compared by their bytes, the merge passes over those that both sides removed. */
function rekeyedSearch(
  { base, ours, theirs }: Sides<ProllyMap>,
  merge: RowsMerge,
  options: ReadOptions,
): RekeyedSearch {
  const keysOf = async (other: ProllyMap, isWanted: (one: Difference) => boolean): Promise<Entry[]> => {
    const found: Entry[] = []
    for await (const batch of diffMaps(base, other, { signal: options.signal })) {
      for (const one of batch.filter(isWanted)) {
        const { key, value, links } = (one.before ?? one.after)!
        found.push({ key: key.slice(), value: value.slice(), links })
      }
    }
    const side = other === ours ? theirs : ours
    const elsewhere = await side.getMany(
      found.map(({ key }) => key),
      options,
    )
    return found.filter((_, i) => elsewhere[i] === null)
  }
  return {
    theirs: merge.theirsAdded,
    ours: async () => (await keysOf(ours, ({ before }) => before === null)).map(({ key }) => key),
    gone: async () =>
      merge.gone ??
      (await keysOf(theirs, ({ after }) => after === null)).map((entry) => merge.goneRow(entry)),
  }
}

async function* differences(
  { base, ours, theirs }: Sides<ProllyMap>,
  schema: MergedSchema,
  writer: ObjectWriter,
  options: MergeTablesOptions,
): AsyncGenerator<ThreeWayDifference[]> {
  if (schema.isComparable) {
    for await (const batch of diffMaps(base, theirs, options)) {
      const mine = await ours.getMany(
        batch.map(({ key }) => key),
        options,
      )
      yield batch.map(({ key, before, after }, i) => {
        const own = mine[i] ?? null
        return { key, base: before, ours: sameRow(own, before) ? before : own, theirs: after }
      })
    }
    return
  }
  for await (const batch of diffThreeWay(ProllyMap.empty(base.nodes, writer), ours, theirs, options)) {
    const before = await base.getMany(
      batch.map(({ key }) => key),
      options,
    )
    yield batch.map((difference, i) => ({ ...difference, base: before[i]! }))
  }
}

function widthsOf({ base, ours, theirs }: TableSides): Sides<number> {
  const width = (table: TableObject | null): number =>
    table === null ? 0 : valueColumns(table.schema).length
  return { base: width(base), ours: width(ours), theirs: width(theirs) }
}

function shapeOf(
  { columns, schema, ids }: MergedSchema,
  tables: TableSides,
  widths: Sides<number>,
  decider: RowDecider | null,
): RowShape {
  const names = new Map(schema.columns.map(({ id, name }) => [id, name]))
  const keepsNames = (side: 'ours' | 'theirs'): boolean =>
    tables[side].schema.columns.every(({ id, name }) => (names.get(ids[side].get(id) ?? 0) ?? name) === name)
  return {
    columns,
    counters: decider?.counters ?? new Set(),
    width: valueColumns(schema).length,
    widths,
    keepsRawLines: { ours: keepsNames('ours'), theirs: keepsNames('theirs') },
    isFileless: tables.ours.layout === null && tables.theirs.layout === null,
  }
}

class RowsMerge {
  readonly added: Uint8Array[] = []
  readonly removed: Uint8Array[] = []
  readonly conflicts: ConflictRecord[] = []
  readonly edited = new Set<MergedColumn>()
  /** What settleRekeyed asks for. */
  readonly theirsAdded: Uint8Array[] = []
  readonly gone: KeyedRow[] | null
  changed = 0
  readonly #path: Path
  readonly #shape: RowShape
  readonly #decider: RowDecider | null
  readonly #isComparable: boolean
  /** Equal bytes are equal rows of ours and theirs too. */
  readonly #isOneShape: boolean
  /** Rows of theirs are rows of the merged table as they are. */
  readonly #takesTheirs: boolean

  constructor(path: Path, schema: MergedSchema, shape: RowShape, decider: RowDecider | null) {
    this.#decider = decider
    this.gone = schema.isComparable ? [] : null
    this.#path = path
    this.#shape = shape
    this.#isComparable = schema.isComparable
    // A counter that both sides raised alike is no equal row.
    this.#isOneShape =
      shape.counters.size === 0 && schema.columns.every(({ ours, theirs }) => ours === theirs)
    this.#takesTheirs =
      schema.isComparable &&
      shape.keepsRawLines.theirs &&
      schema.columns.every(({ merged, theirs }) => theirs < 0 || merged === theirs)
  }

  async editsOf(batch: readonly ThreeWayDifference[], options: ReadOptions): Promise<Edit[]> {
    const steps = batch.flatMap((difference) => this.#stepOf(difference) ?? [])
    const isOpen = ({ merged }: RowStep): boolean => merged.kind === 'clash' || merged.clashes.length > 0
    const decided =
      this.#decider !== null && steps.some(isOpen) ? await this.#decider.decide(steps, options) : steps
    const edits: Edit[] = []
    for (const step of decided) {
      const edit = this.#editOf(step)
      if (edit !== null) edits.push(edit)
    }
    return edits
  }

  goneRow(base: Entry): KeyedRow {
    return { key: base.key.slice(), row: baseInMerged(this.#shape, base) }
  }

  #stepOf(difference: ThreeWayDifference): RowStep | null {
    const { key, base, ours, theirs } = difference
    if (base === null && ours === null) this.theirsAdded.push(key.slice())
    if (base !== null && ours === null && theirs === null) this.gone?.push(this.goneRow(base))
    if (this.#isComparable && (theirs === base || (this.#isOneShape && sameRow(ours, theirs)))) return null
    if (this.#takesTheirs && ours === base)
      return { ...difference, merged: { kind: 'row', row: theirs, clashes: [], edited: [] } }
    return { ...difference, merged: mergeRow(this.#shape, difference) }
  }

  #editOf({ key, ours, merged }: RowStep): Edit | null {
    for (const column of merged.edited) this.edited.add(column)
    if (merged.kind === 'row') {
      for (const clash of merged.clashes) this.conflicts.push(cellRecord(this.#path, key, clash))
      return this.#edit(key, ours, merged.row)
    }
    const { base } = merged.sides
    const kind = base === null ? 'key-collision' : 'row'
    this.conflicts.push({ kind, path: this.#path, key: key.slice(), text: '', ...merged.sides })
    return this.#edit(key, ours, merged.sides.ours)
  }

  #edit(key: Uint8Array, ours: StoredSide | null, row: StoredSide | null): Edit | null {
    if (sameRow(ours, row)) return null
    if (ours === null) this.added.push(key.slice())
    else if (row === null) this.removed.push(key.slice())
    else this.changed++
    return row === null ? { key, value: null } : { key, value: row.value, links: row.links }
  }
}

function cellRecord(path: Path, key: Uint8Array, { column, base, ours, theirs }: CellClash): ConflictRecord {
  const side = (slot: CellClash['base']): StoredSide => ({
    value: slot.spelling.slice(),
    links: slot.link === null ? [] : [slot.link],
  })
  return {
    kind: 'cell',
    path,
    key: key.slice(),
    text: column,
    base: side(base),
    ours: side(ours),
    theirs: side(theirs),
  }
}
