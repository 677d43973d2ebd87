// Applies the policies of one table to the rows that its merge could not settle. Works a batch of rows at a time, since
// cells out of line have to be fetched, and keeps what it decided: a policy never decides silently.
import { utf8Text } from '../../base/bytes.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { CellPolicy, TablePolicies } from '../../dataset/interface.ts'
import { policyOf, policyText } from '../../dataset/policy.ts'
import type { Path } from '../../files/interface.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { cellText } from '../../table/cell.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { decodeKey, valueColumns } from '../../table/key.ts'
import { type RowSlots, type Slot, absentSlot, cellBytesMax, decodeRow, encodeRow } from '../../table/row.ts'
import { cellSlot, equalSlotValues, fetchContents, slotCell } from '../../table/slot.ts'
import { decideCell } from './cell-policies.ts'
import type { Sides, StoredSide } from '../conflicts/conflict-record.ts'
import type { PolicyDecision } from './decisions.ts'
import type { MergeIo } from '../merge-io.ts'
import type { CellClash, MergedRow, RowClash, RowMerge } from '../tables/merge-rows.ts'
import type { MergedSchema } from '../tables/merge-schemas.ts'

/** A row that the merge looked at. */
export interface RowStep extends Sides<Entry | null> {
  readonly key: Uint8Array
  readonly merged: RowMerge
}

export interface RowDeciderOptions {
  readonly path: Path
  readonly policies: TablePolicies
  readonly schema: MergedSchema
  /** Cells in a row of each side. */
  readonly widths: Sides<number>
}

export class RowDecider {
  readonly decisions: PolicyDecision[] = []
  readonly #io: MergeIo
  readonly #options: RowDeciderOptions
  readonly #policies: ReadonlyMap<string, CellPolicy | null>

  constructor(io: MergeIo, options: RowDeciderOptions) {
    this.#io = io
    this.#options = options
    const names = options.schema.columns.map(({ name }) => name)
    this.#policies = new Map(names.map((name) => [name, policyOf(options.policies, name)]))
  }

  /** Places in the merged row of the columns with the policy `sum`. */
  get counters(): ReadonlySet<number> {
    const { columns } = this.#options.schema
    return new Set(
      columns.filter(({ name }) => this.#policies.get(name)?.kind === 'sum').map(({ merged }) => merged),
    )
  }

  async decide(steps: readonly RowStep[], options: ReadOptions = {}): Promise<RowStep[]> {
    const contents = await fetchContents(this.#io.nodes.reader, this.#linksOf(steps), options)
    return steps.map((step) => {
      const { merged } = step
      if (merged.kind === 'clash') return { ...step, merged: this.#decideRow(step.key, merged, contents) }
      return merged.clashes.length === 0
        ? step
        : { ...step, merged: this.#decideCells(step, merged, contents) }
    })
  }

  *#linksOf(steps: readonly RowStep[]): Generator<Cid> {
    for (const { merged, ours, theirs } of steps) {
      if (merged.kind === 'clash') {
        for (const side of [merged.sides.base, merged.sides.ours, merged.sides.theirs])
          yield* side?.links ?? []
        continue
      }
      if (merged.clashes.length === 0) continue
      // `newest` may ask for any cell of the row.
      for (const clash of merged.clashes)
        for (const { link } of [clash.base, clash.ours, clash.theirs]) if (link !== null) yield link
      yield* ours!.links
      yield* theirs!.links
    }
  }

  #decideCells(step: RowStep, merged: MergedRow, contents: ReadonlyMap<Cid, Uint8Array>): MergedRow {
    const left: CellClash[] = []
    const chosen: { readonly clash: CellClash; readonly slot: Slot }[] = []
    for (const clash of merged.clashes) {
      const slot = this.#decideSlot(step, clash, contents)
      if (slot === null) {
        if (!clash.isAgreed) left.push(clash)
      } else if (!equalSlotValues(slot, clash.ours) || !clash.isAgreed) chosen.push({ clash, slot })
    }
    const { schema } = this.#options.schema
    const row = decodeRow(merged.row!.value, merged.row!.links, valueColumns(schema).length)
    const cells = valueColumns(schema).map((_, i) => row.cells[i] ?? absentSlot)
    let isChanged = false
    for (const { clash, slot } of chosen) {
      isChanged ||= !equalSlotValues(slot, cells[clash.place]!)
      cells[clash.place] = slot
    }
    const kept = isChanged ? encodeRow({ ...row, rawLine: null, cells }) : merged.row
    return { ...merged, row: kept, clashes: left }
  }

  #decideSlot(step: RowStep, clash: CellClash, contents: ReadonlyMap<Cid, Uint8Array>): Slot | null {
    const policy = this.#policies.get(clash.column) ?? null
    if (policy === null) return null
    const { base, ours, theirs } = clash
    const sides = {
      base: slotCell(base, contents),
      ours: slotCell(ours, contents),
      theirs: slotCell(theirs, contents),
    }
    const { cells } = this.#options.schema.schema
    const stamps = policy.kind === 'newest' ? this.#stampsOf(step, policy, sides, contents) : null
    const result = decideCell(policy, sides, { stamps, cells })
    if (result === null || result.bytes.length > cellBytesMax) return null
    this.#note(step.key, clash.column, policyText(policy), {
      base: cellSpelling(sides.base, cells),
      ours: cellSpelling(sides.ours, cells),
      theirs: cellSpelling(sides.theirs, cells),
      result: cellSpelling(result, cells),
    })
    return result === sides.ours ? ours : result === sides.theirs ? theirs : cellSlot(result, this.#io.writer)
  }

  #stampsOf(
    step: RowStep,
    policy: CellPolicy & { readonly kind: 'newest' },
    sides: Sides<Cell>,
    contents: ReadonlyMap<Cid, Uint8Array>,
  ): { ours: Cell; theirs: Cell } | null {
    if (policy.column === null) return sides
    const column = this.#options.schema.columns.find(({ name }) => name === policy.column)
    if (column === undefined || column.ours < 0 || column.theirs < 0) return null
    const cell = (side: 'ours' | 'theirs'): Cell => {
      const row: RowSlots = decodeRow(step[side]!.value, step[side]!.links, this.#options.widths[side])
      return slotCell(row.cells[column[side]] ?? absentSlot, contents)
    }
    return { ours: cell('ours'), theirs: cell('theirs') }
  }

  #decideRow(key: Uint8Array, merged: RowClash, contents: ReadonlyMap<Cid, Uint8Array>): RowMerge {
    const { rows } = this.#options.policies
    const { base, ours, theirs } = merged.sides
    if (rows === null || (rows === 'keep-edit' && ours !== null && theirs !== null)) return merged
    const row = rows === 'ours' ? ours : rows === 'theirs' ? theirs : (ours ?? theirs)
    const text = (side: StoredSide | null): string | null => this.#rowText(side, contents)
    const texts = { base: text(base), ours: text(ours), theirs: text(theirs), result: text(row) }
    this.#note(key, null, `rows: ${rows}`, texts)
    return { kind: 'row', row, clashes: [], edited: merged.edited }
  }

  #note(
    key: Uint8Array,
    column: string | null,
    policy: string,
    sides: Pick<PolicyDecision, 'base' | 'ours' | 'theirs' | 'result'>,
  ): void {
    const { path, schema } = this.#options
    const parts = decodeKey(schema.schema, key).map((cell) => (cell.bytes.length === 0 ? '' : cellText(cell)))
    this.decisions.push({ path, key: parts, column, policy, ...sides })
  }

  #rowText(side: StoredSide | null, contents: ReadonlyMap<Cid, Uint8Array>): string | null {
    if (side === null) return null
    const { schema } = this.#options.schema
    const columns = valueColumns(schema)
    const { cells } = decodeRow(side.value, side.links, columns.length)
    const members = columns.flatMap(({ name }, i) => {
      const cell = slotCell(cells[i] ?? absentSlot, contents)
      if (cell.kind === 'absent') return []
      const text = cellSpelling(cell, schema.cells)!
      return [`${JSON.stringify(name)}:${schema.cells === 'text' ? JSON.stringify(text) : text}`]
    })
    return `{${members.join(',')}}`
  }
}

/** The cell as it would stand in the file, without CSV's quoting. */
function cellSpelling(cell: Cell, cells: Schema['cells']): string | null {
  if (cell.kind === 'absent') return null
  if (cell.kind === 'null' || cell.kind === 'true' || cell.kind === 'false') return cell.kind
  if (cell.kind === 'bytes') return JSON.stringify([...cell.bytes])
  const text = utf8Text(cell.bytes)
  return cell.kind === 'text' && cells === 'typed' ? JSON.stringify(text) : text
}
