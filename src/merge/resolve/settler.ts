// Writes the choices for conflicts into the merged tree and updates the stored conflicts, some thousands at a time, so
// that a million conflicts need no memory. A conflict about a whole path (file, schema) takes that entry; those of
// cells and rows change their rows. Where the merge keeps what it met, each resolution is recorded. Nothing is
// published here: the caller's manifest does that, so that all of it happens or nothing.
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import type { Edit } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { Schema, TableObject } from '../../table/interface.ts'
import { valueColumns } from '../../table/key.ts'
import { loadTable } from '../../table/table-object.ts'
import { namesOf } from '../conflicts/conflict-names.ts'
import {
  type Sides,
  type StoredSide,
  conflictKey,
  encodeConflict,
  isOfColumn,
  isOfPath,
} from '../conflicts/conflict-record.ts'
import { type NumberedRecord, entryOfSide, scanRecords } from '../conflicts/conflicts.ts'
import type { MergeIo } from '../merge-io.ts'
import { type ResolutionWay, resolutionEdit, scanResolved } from './resolutions.ts'
import { type ContestedKeys, type OrderChange, contestedKeys, settledOrder } from './settle-order.ts'
import { settleColumns } from './settle-columns.ts'
import { settleDocument } from './settle-document.ts'
import { settleTable } from './settle-table.ts'
import { noTable } from './table-schemas.ts'
import { sideNames } from './take.ts'

/** Where a merge stands: the tree as it is now, the open conflicts, and what it met and resolved so far. */
export interface OpenMerge extends MergeIo {
  /** Root of the merged path tree. */
  readonly tree: Cid
  /** null: none is open. */
  readonly conflicts: Cid | null
  /** All conflicts, and the tree that the merge made; null: nothing is noted. */
  readonly met: { readonly conflicts: Cid; readonly tree: Cid } | null
  readonly resolutions: Cid | null
}

export interface Resolution {
  readonly tree: Cid
  readonly conflicts: Cid | null
  readonly resolutions: Cid | null
  readonly resolved: number
  readonly left: number
}

export interface SettledRecord extends NumberedRecord {
  readonly chosen: StoredSide | null
  /** For a conflict about names that is opened again: where its file is now. */
  readonly place?: Path | null
}

export interface SettleOptions extends ReadOptions {
  /** Default: given. */
  readonly how?: ResolutionWay
  readonly onSettled?: ((batch: readonly SettledRecord[]) => Promise<void>) | undefined
}

const batchMax = 20_000

/** Conflicts become resolutions; so they do, the tree holding what is chosen already; resolutions become conflicts. */
type Way = 'settle' | 'adopt' | 'reopen'

export class Settler {
  readonly #input: OpenMerge
  readonly #way: Way
  readonly #options: SettleOptions
  readonly #tree: Tree
  readonly #changes = new Map<Path, TreeEntry | null>()
  readonly #contested = new Map<Path, { order: Cid | null; keys: ContestedKeys }>()
  #waiting: SettledRecord[] = []
  #columns: SettledRecord[] = []
  #open: ProllyMap
  #resolutions: ProllyMap | null
  #resolved = 0

  private constructor(
    input: OpenMerge,
    way: Way,
    options: SettleOptions,
    tree: Tree,
    maps: { open: ProllyMap; resolutions: ProllyMap | null },
  ) {
    this.#input = input
    this.#way = way
    this.#options = options
    this.#tree = tree
    this.#open = maps.open
    this.#resolutions = maps.resolutions
  }

  static async start(input: OpenMerge, way: Way, options: SettleOptions): Promise<Settler> {
    const { nodes, writer } = input
    const tree = await Tree.load(nodes, input.tree)
    const mapOf = async (root: Cid | null): Promise<ProllyMap> =>
      root === null ? ProllyMap.empty(nodes, writer) : ProllyMap.load(nodes, root, options)
    const open = await mapOf(input.conflicts)
    const resolutions = input.met === null ? null : await mapOf(input.resolutions)
    return new Settler(input, way, options, tree, { open, resolutions })
  }

  async add(batch: readonly SettledRecord[]): Promise<void> {
    for (const one of batch) {
      const [column] = this.#columns
      if (column !== undefined && column.record.path !== one.record.path) await this.#applyColumns()
      if (isOfColumn(one.record)) {
        this.#columns.push(one)
        continue
      }
      const [first] = this.#waiting
      if (first !== undefined && (first.record.path !== one.record.path || this.#waiting.length >= batchMax))
        await this.#apply()
      this.#waiting.push(one)
    }
  }

  async finish(): Promise<Resolution> {
    await this.#applyColumns()
    const tree = await this.#tree.update(this.#input.writer, this.#changes, this.#options)
    return {
      tree: tree.cid,
      conflicts: this.#open.count === 0 ? null : this.#open.cid,
      resolutions: (this.#resolutions?.count ?? 0) === 0 ? null : this.#resolutions!.cid,
      resolved: this.#resolved,
      left: this.#open.count,
    }
  }

  /** Settles columns, after the rows of their table were settled. */
  async #applyColumns(): Promise<void> {
    await this.#apply()
    this.#waiting = this.#columns
    this.#columns = []
    await this.#apply()
  }

  /** Applies what waits, all of which is about one path. */
  async #apply(): Promise<void> {
    const [first] = this.#waiting
    if (first === undefined) return
    const { writer } = this.#input
    const { onSettled } = this.#options
    const settled = this.#waiting
    this.#waiting = []
    const { path } = first.record
    const names = namesOf(first.record)
    let place: Path | null = null
    if (this.#way !== 'adopt' && names !== null) place = await this.#placeNamed(first, names)
    else if (this.#way !== 'adopt') this.#changes.set(path, await this.#entryAfter(path, settled))
    await this.#note(settled, place)
    this.#resolved += settled.length
    await onSettled?.(settled)
    await writer.drained()
  }

  /** A path with another name on each side goes under the name of the side that is taken; returns that. */
  async #placeNamed(
    { record, chosen, place = null }: SettledRecord,
    names: Sides<Path | null>,
  ): Promise<Path | null> {
    const isReopened = this.#way === 'reopen'
    const before = isReopened ? place : names.ours
    if (before !== null) this.#changes.set(before, null)
    if (chosen === null) return null
    // The sides of a mere renaming hold the same: which one is meant is told by identity.
    const side = isReopened ? 'ours' : sideNames.find((one) => chosen === record[one])
    const path = (side === undefined ? null : names[side]) ?? record.path
    if (path !== before && (await this.#entryAt(path)) !== null) throw taken(path)
    this.#changes.set(path, entryOfSide(chosen))
    return path
  }

  async #note(settled: readonly SettledRecord[], place: Path | null): Promise<void> {
    const { writer } = this.#input
    const { how = 'given' } = this.#options
    const gone = settled.map(({ number }): Edit => ({ key: conflictKey(number), value: null }))
    const isReopened = this.#way === 'reopen'
    const opened = (): Edit[] =>
      settled.map(({ number, record }) => ({ key: conflictKey(number), ...encodeConflict(writer, record) }))
    this.#open = await this.#open.mutate(writer, isReopened ? opened() : gone, this.#options)
    if (this.#resolutions === null) return
    const noted = (): Edit[] =>
      settled.map(({ number, chosen }) => resolutionEdit(writer, number, { how, chosen, place }))
    this.#resolutions = await this.#resolutions.mutate(writer, isReopened ? gone : noted(), this.#options)
  }

  /** Parts of a file are settled with all that was chosen in it before. */
  async #documentAfter(path: Path, settled: readonly SettledRecord[]): Promise<TreeEntry> {
    const { nodes, met } = this.#input
    if (met === null) return noTable(path)
    const kinds = ['part'] as const
    const all: NumberedRecord[] = []
    const chosen = new Map<number, StoredSide | null>()
    for await (const batch of scanRecords(nodes, met.conflicts, { path, kinds }, this.#options))
      for (const one of batch) if (one.record.path === path) all.push(one)
    const resolutions = this.#resolutions!.cid
    for await (const batch of scanResolved(nodes, met.conflicts, resolutions, { path, kinds }, this.#options))
      for (const one of batch) chosen.set(one.number, one.chosen)
    for (const one of settled) chosen.set(one.number, one.chosen)
    const entry = await this.#entryAt(path)
    const executable = entry?.kind === 'file' && entry.executable
    return settleDocument(this.#input, { path, all, chosen, executable }, this.#options)
  }

  async #entryAfter(path: Path, settlements: readonly SettledRecord[]): Promise<TreeEntry | null> {
    if (settlements[0]!.record.kind === 'part') return this.#documentAfter(path, settlements)
    const whole = settlements.find(({ record }) => isOfPath(record))
    if (whole !== undefined) return whole.chosen === null ? null : entryOfSide(whole.chosen)
    const entry = await this.#entryAt(path)
    if (entry?.kind !== 'table') return noTable(path)
    if (settlements.some(({ record }) => isOfColumn(record))) {
      const columns = { ...this.#options, hasOpenRows: await this.#hasOpenRows(path) }
      return { ...entry, table: await settleColumns(this.#input, path, entry.table, settlements, columns) }
    }
    if (settlements.some(({ record }) => record.kind !== 'cell')) await this.#checkColumns(path, entry.table)
    const orderAfter = (change: OrderChange): Promise<Cid | null> => this.#orderAfter(path, change)
    const table = await settleTable(
      this.#input,
      { path, cid: entry.table, settlements, orderAfter },
      this.#options,
    )
    return { ...entry, table }
  }

  /** Checks that the columns are those that the merge made, since rows of conflicts are made of these. */
  async #checkColumns(path: Path, cid: Cid): Promise<void> {
    const merged = await this.#mergedTable(path)
    if (merged === null) return
    const { schema } = await loadTable(this.#input.nodes.reader, cid, this.#options)
    const idsOf = (of: Schema): string =>
      valueColumns(of)
        .map(({ id }) => id)
        .join()
    if (idsOf(schema) !== idsOf(merged.schema)) throw otherColumns(path)
  }

  async #hasOpenRows(path: Path): Promise<boolean> {
    const kinds = ['cell', 'row', 'key-collision'] as const
    for await (const batch of scanRecords(this.#input.nodes, this.#open.cid, { path, kinds }, this.#options))
      if (batch.some(({ record }) => record.path === path)) return true
    return false
  }

  async #entryAt(path: Path): Promise<TreeEntry | null> {
    const changed = this.#changes.get(path)
    return changed === undefined ? this.#tree.get(path, this.#options) : changed
  }

  async #orderAfter(path: Path, change: OrderChange): Promise<Cid | null> {
    const isSame = change.added.length === 0 && change.removed.length === 0
    if (isSame) return change.table.order
    const { order, keys } = await this.#mergedOrder(path)
    return settledOrder(this.#input, order, keys, change, this.#options)
  }

  async #mergedOrder(path: Path): Promise<{ order: Cid | null; keys: ContestedKeys }> {
    const known = this.#contested.get(path)
    if (known !== undefined) return known
    const { nodes, met } = this.#input
    const order = (await this.#mergedTable(path))?.order ?? null
    const found =
      order === null
        ? { order, keys: { ours: [], others: [] } }
        : { order, keys: await contestedKeys(nodes, met!.conflicts, path, this.#options) }
    this.#contested.set(path, found)
    return found
  }

  /** The table as the merge made it; null when that is not known. */
  async #mergedTable(path: Path): Promise<TableObject | null> {
    const { nodes, met } = this.#input
    if (met === null) return null
    const merged = await (await Tree.load(nodes, met.tree)).get(path, this.#options)
    return merged?.kind === 'table' ? loadTable(nodes.reader, merged.table, this.#options) : null
  }
}

function taken(path: Path): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is taken by something else`, {
    data: { path },
    hint: 'move that away first, or take the other name',
  })
}

function otherColumns(path: Path): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `the columns of '${path}' are others than the merge made`, {
    data: { path },
    hint: "edit the file as it shall be and 'varve add' it, or begin again with 'varve merge --abort'",
  })
}
