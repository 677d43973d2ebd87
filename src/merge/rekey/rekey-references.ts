// Cells that refer to renumbered rows: those in the columns that varve.yaml declares, in rows that the renumbered side
// added, or in cells that it changed. What the other side wrote refers to its own row, which keeps its key. A cell that
// both sides wrote alike meant two rows, so it becomes a conflict.
import { VarveError } from '../../base/errors.ts'
import { toHex, utf8Text } from '../../base/bytes.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { DatasetConfig } from '../../dataset/interface.ts'
import type { Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { diffMaps } from '../../prolly/diff.ts'
import type { Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { Schema } from '../../table/interface.ts'
import { decodeKey, keyNames, valueColumns } from '../../table/key.ts'
import { type Slot, absentSlot, decodeRow, slotContent } from '../../table/row.ts'
import { equalSlotValues, slotKind } from '../../table/slot.ts'
import { loadTable } from '../../table/table-object.ts'
import type { Sides } from '../conflicts/conflict-record.ts'
import type { MergeIo } from '../merge-io.ts'
import type { KeyMapping } from './rekey-map.ts'

export interface Reference {
  readonly path: Path
  readonly key: Uint8Array
  readonly column: string
  readonly before: string
  readonly after: string
  readonly base: Slot
  /** The other side wrote the same there: 'cell', or in a row of its own that is in conflict with this one: 'row'. */
  readonly shared: 'no' | 'cell' | 'row'
}

export interface ReferenceSearch {
  readonly trees: Sides<Cid | null>
  readonly side: 'ours' | 'theirs'
  readonly mapping: KeyMapping
  /** Keys (hex) of the table's rows that were in conflict as a whole. */
  readonly contested: ReadonlySet<string>
}

interface Version {
  readonly schema: Schema
  readonly rows: ProllyMap
}

/** For each table, its columns that refer to `target`. */
export async function referringColumns(
  tree: Tree,
  config: DatasetConfig | null,
  target: Path,
  options: ReadOptions = {},
): Promise<Map<Path, string[]>> {
  const found = new Map<Path, string[]>()
  if (config === null) return found
  for await (const batch of tree.scan(options)) {
    for (const { path, entry } of batch) {
      if (entry.kind !== 'table') continue
      const columns = [...config.referencesAt(path)].flatMap(([column, table]) =>
        table === target ? [column] : [],
      )
      if (columns.length > 0) found.set(path, columns)
    }
  }
  return found
}

/** Cells of one table that the side wrote, and that hold an old key. */
export async function referencesOf(
  io: MergeIo,
  path: Path,
  columns: readonly string[],
  { trees, side, mapping, contested }: ReferenceSearch,
  options: ReadOptions = {},
): Promise<Reference[]> {
  const version = (root: Cid | null): Promise<Version | null> => versionAt(io, root, path, options)
  const [base, own] = [await version(trees.base), await version(trees[side])]
  const other = await version(trees[side === 'ours' ? 'theirs' : 'ours'])
  if (own === null) return []
  const empty = ProllyMap.empty(io.nodes, io.writer)
  const found: Reference[] = []
  for await (const batch of diffMaps(base?.rows ?? empty, own.rows, options)) {
    const others =
      other === null
        ? []
        : await other.rows.getMany(
            batch.map(({ key }) => key),
            options,
          )
    for (const [i, { key, before, after }] of batch.entries()) {
      if (after === null) continue
      if (before === null) refuseInKey(path, own.schema, columns, key, mapping)
      for (const column of columns) {
        const slot = slotOf(own, after, column)
        const old = literalOf(slot)
        const renumbered = mapping.get(old ?? '')
        const was = slotOf(base, before, column)
        if (old === null || renumbered === undefined || equalSlotValues(slot, was)) continue
        const theirs = slotOf(other, others[i] ?? null, column)
        const shared = !equalSlotValues(theirs, slot) ? 'no' : contested.has(toHex(key)) ? 'row' : 'cell'
        found.push({
          path,
          key: key.slice(),
          column,
          before: old,
          after: renumbered,
          base: copied(was),
          shared,
        })
      }
    }
  }
  return found
}

async function versionAt(
  io: MergeIo,
  root: Cid | null,
  path: Path,
  options: ReadOptions,
): Promise<Version | null> {
  const entry = root === null ? null : await (await Tree.load(io.nodes, root)).get(path, options)
  if (entry?.kind !== 'table') return null
  const { schema, rows } = await loadTable(io.nodes.reader, entry.table, options)
  return { schema, rows: await ProllyMap.load(io.nodes, rows, options) }
}

function slotOf(version: Version | null, row: Entry | null, column: string): Slot {
  if (version === null || row === null) return absentSlot
  const columns = valueColumns(version.schema)
  const place = columns.findIndex(({ name }) => name === column)
  return place < 0 ? absentSlot : (decodeRow(row.value, row.links, columns.length).cells[place] ?? absentSlot)
}

function copied({ spelling, link }: Slot): Slot {
  return { spelling: spelling.slice(), link }
}

/** The cell's text, if the cell can hold a key; else null. */
export function literalOf(slot: Slot): string | null {
  const kind = slotKind(slot)
  return slot.link === null && (kind === 'text' || kind === 'number') ? utf8Text(slotContent(slot)) : null
}

function refuseInKey(
  path: Path,
  schema: Schema,
  columns: readonly string[],
  key: Uint8Array,
  mapping: KeyMapping,
): void {
  const places = keyNames(schema)
  if (!places.some((name) => columns.includes(name))) return
  const cells = decodeKey(schema, key)
  const at = places.findIndex((name, i) => columns.includes(name) && mapping.has(utf8Text(cells[i]!.bytes)))
  if (at < 0) return
  throw new VarveError(
    'VARVE_NOT_POSSIBLE',
    `column '${places[at]}' of '${path}' refers to rows that would be renumbered, and is part of its key`,
    {
      data: { path, column: places[at] },
      hint: "give rows keys of your own in both files and 'varve add' them, or take one side of each row",
    },
  )
}
