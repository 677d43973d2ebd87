// Settles key collisions by keeping both rows: those of one side get new keys, and what that side wrote to refer to them
// follows (rekey-references.ts): in the tables, in the rows that move, and in the conflicts that are still open. The
// tree that the merge made changes along, so that resolutions before and after come to the same.
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { DatasetConfig } from '../../dataset/interface.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { compareBytes, toHex } from '../../base/bytes.ts'
import { collect } from '../../base/iterables.ts'
import type { Edit } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import type { Sides, StoredSide } from '../conflicts/conflict-record.ts'
import { type NumberedRecord, scanRecords } from '../conflicts/conflicts.ts'
import { editOrder } from '../tables/merge-orders.ts'
import type { MergeIo } from '../merge-io.ts'
import { rekeyedConflicts } from './rekey-conflicts.ts'
import { type KeyMapping, integerKey, keyMapping } from './rekey-map.ts'
import { type Reference, referencesOf, referringColumns } from './rekey-references.ts'
import { withCells, withReferences } from './rekey-rows.ts'
import { resolutionEdit } from '../resolve/resolutions.ts'
import { noConflict } from '../resolve/resolve.ts'
import { contestedKeys, orderWith } from '../resolve/settle-order.ts'
import type { OpenMerge, Resolution } from '../resolve/settler.ts'
import { noTable } from '../resolve/table-schemas.ts'

export interface RekeyInput extends OpenMerge {
  readonly conflicts: Cid
  readonly met: NonNullable<OpenMerge['met']>
  readonly path: Path
  /** Whose rows get new keys. */
  readonly side: 'ours' | 'theirs'
  readonly trees: Sides<Cid | null>
  /** What varve.yaml says; null: nothing. */
  readonly config: DatasetConfig | null
}

export interface RekeyOutcome extends Resolution {
  readonly met: NonNullable<OpenMerge['met']>
  readonly mapping: KeyMapping
  readonly references: readonly Reference[]
  /** Conflicts found by it: cells that both sides wrote alike. */
  readonly found: number
}

/** @throws VarveError VARVE_PATH_NOT_FOUND without a collision, VARVE_NOT_POSSIBLE for keys that are no integers */
export async function rekey(input: RekeyInput, options: ReadOptions = {}): Promise<RekeyOutcome> {
  const { nodes, writer, path, side, trees } = input
  const filter = { path, kinds: ['key-collision'] as const }
  const collisions = (await collect(scanRecords(nodes, input.conflicts, filter, options)))
    .flat()
    .filter(({ record }) => record.path === path)
  if (collisions.length === 0) throw noConflict({ path })
  const tree = await Tree.load(nodes, input.tree)
  const merged = await Tree.load(nodes, input.met.tree)
  const { schema } = await tableAt(input, merged, path, options)
  const versions: ProllyMap[] = []
  for (const root of [input.tree, input.met.tree, trees.base, trees.ours, trees.theirs]) {
    const entry = root === null ? null : await (await Tree.load(nodes, root)).get(path, options)
    if (entry?.kind !== 'table') continue
    const { rows } = await loadTable(nodes.reader, entry.table, options)
    versions.push(await ProllyMap.load(nodes, rows, options))
  }
  const mapping = await keyMapping(path, schema, collisions, versions, options)
  const references = await allReferences(input, merged, mapping, options)
  const change: RekeyChange = { path, side, mapping, collisions, references }
  const conflicts = await rekeyedConflicts(input, change, merged, options)
  const resolutions = await noted(input, change, options)
  return {
    tree: await rekeyedTree(input, tree, change, options),
    ...conflicts,
    met: { conflicts: conflicts.met, tree: await rekeyedTree(input, merged, change, options) },
    resolutions,
    resolved: collisions.length,
    mapping,
    references: references.filter(({ shared }) => shared !== 'cell'),
    found: references.filter(({ shared }) => shared === 'cell').length,
  }

  async function rekeyedTree(io: OpenMerge, at: Tree, what: RekeyChange, read: ReadOptions): Promise<Cid> {
    const entries = new Map<Path, TreeEntry>()
    for (const table of new Set([path, ...references.map((one) => one.path)])) {
      const entry = await at.get(table, read)
      if (entry?.kind !== 'table') continue
      const before = await loadTable(nodes.reader, entry.table, read)
      const after = await rekeyedTable(input, table, before, what, read)
      entries.set(table, { ...entry, table: writeTable(io.writer, after) })
      await writer.drained()
    }
    return (await at.update(writer, entries, read)).cid
  }
}

async function allReferences(
  input: RekeyInput,
  merged: Tree,
  mapping: KeyMapping,
  options: ReadOptions,
): Promise<Reference[]> {
  const { nodes, path, side, trees, config, met } = input
  const found: Reference[] = []
  for (const [table, columns] of await referringColumns(merged, config, path, options)) {
    await refuseMoved(input, merged, table, options)
    const { ours, others } = await contestedKeys(nodes, met.conflicts, table, options)
    const contested = new Set([...ours, ...others].map((key) => toHex(key)))
    found.push(...(await referencesOf(input, table, columns, { trees, side, mapping, contested }, options)))
  }
  return found
}

/** A table that the side has under another name would keep what it refers to, and mean other rows. */
async function refuseMoved(
  { nodes, side, trees }: RekeyInput,
  merged: Tree,
  table: Path,
  options: ReadOptions,
): Promise<void> {
  const root = trees[side]
  const own = root === null ? null : await Tree.load(nodes, root)
  if (own === null || (await own.get(table, options)) !== null) return
  for await (const batch of own.scan(options)) {
    for (const { path, entry } of batch) {
      if (entry.kind !== 'table' || (await merged.get(path, options)) !== null) continue
      throw new VarveError(
        'VARVE_NOT_POSSIBLE',
        `'${table}' may be '${path}' there, and refers to the rows`,
        {
          data: { table, path },
          hint: "give rows keys of your own in both files and 'varve add' them, or take one side of each row",
        },
      )
    }
  }
}

export interface RekeyChange {
  readonly path: Path
  readonly side: 'ours' | 'theirs'
  readonly mapping: KeyMapping
  readonly collisions: readonly NumberedRecord[]
  readonly references: readonly Reference[]
}

async function tableAt(io: MergeIo, tree: Tree, path: Path, options: ReadOptions): Promise<TableObject> {
  const entry = await tree.get(path, options)
  return entry?.kind === 'table' ? loadTable(io.nodes.reader, entry.table, options) : noTable(path)
}

/** Gives rows their new keys. References come first, because rows that move take their own along. */
async function rekeyedTable(
  input: RekeyInput,
  table: Path,
  before: TableObject,
  change: RekeyChange,
  options: ReadOptions,
): Promise<TableObject> {
  const { nodes, writer, met } = input
  const rows = await ProllyMap.load(nodes, before.rows, options)
  const collided = new Set(change.collisions.map(({ record }) => toHex(record.key)))
  const isMoved = (key: Uint8Array): boolean => table === change.path && collided.has(toHex(key))
  const own = change.references.filter((one) => one.path === table && !isMoved(one.key))
  const referred = await withReferences(
    rows,
    { schema: before.schema, references: own, side: change.side },
    writer,
    options,
  )
  if (table !== change.path) return { ...before, rows: referred.cid }
  const edits: Edit[] = []
  const added: Uint8Array[] = []
  for (const [i, renumbered] of [...change.mapping.values()].entries()) {
    const { record } = change.collisions[i]!
    const moved = withMapped(change, before, record.key, record[change.side]!, writer)
    const key = integerKey(before.schema, renumbered)
    added.push(key)
    edits.push({ key, ...moved })
    if (change.side === 'ours') edits.push({ key: record.key, ...record.theirs! })
  }
  edits.sort((a, b) => compareBytes(a.key, b.key))
  const after = await referred.mutate(writer, edits, options)
  if (before.order === null) return { ...before, rows: after.cid }
  const merged = await tableAt(input, await Tree.load(nodes, met.tree), table, options)
  const keys = await contestedKeys(nodes, met.conflicts, table, options)
  const expected =
    merged.order === null ? undefined : await orderWith(input, merged.order, keys, rows, options)
  const appended = (order: Cid, count: number): Promise<Cid | null> =>
    editOrder(input, order, { added, removed: [], count }, options)
  if (expected !== before.order)
    return { ...before, rows: after.cid, order: await appended(before.order, after.count) }
  const count = (await ProllyMap.load(nodes, merged.rows, options)).count + added.length
  const frame = await appended(merged.order!, count)
  const order = frame === null ? null : await orderWith(input, frame, keys, after, options)
  return {
    ...before,
    rows: after.cid,
    order: order === undefined ? await appended(before.order, after.count) : order,
  }
}

/** A side's row with the new keys in the cells that refer to them. */
function withMapped(
  { references, path }: RekeyChange,
  { schema }: Pick<TableObject, 'schema'>,
  key: Uint8Array,
  row: StoredSide,
  writer: MergeIo['writer'],
): StoredSide {
  const own = references.filter((one) => one.path === path && compareBytes(one.key, key) === 0)
  return own.length === 0 ? row : withCells(schema, row, own, writer)
}

async function noted(
  { nodes, writer, resolutions }: RekeyInput,
  { collisions, side }: RekeyChange,
  options: ReadOptions,
): Promise<Cid> {
  const map =
    resolutions === null ? ProllyMap.empty(nodes, writer) : await ProllyMap.load(nodes, resolutions, options)
  const edits = collisions.map(({ number, record }) => {
    const chosen = side === 'theirs' ? record.ours : record.theirs
    return resolutionEdit(writer, number, { how: 'rekeyed', chosen, place: null })
  })
  return (await map.mutate(writer, edits, options)).cid
}
