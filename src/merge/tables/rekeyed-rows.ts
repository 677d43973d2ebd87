// A row whose key both sides changed, each to another: by keys alone it is a row that both removed and two that were
// added, and it would be there twice with nobody being told. It is told by its cells: one row that both sides removed,
// and one that each side added, hold the same. The merged table keeps ours; both of them are conflicts of rows, so that
// taking theirs takes the one away and brings the other. Where more rows than these hold the same, they are what they
// seem. Tables whose rows have no cells beside the key tell nothing.
import { compareBytes } from '../../base/bytes.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { ObjectWriter, ReadOptions } from '../../store/interface.ts'
import type { Schema } from '../../table/interface.ts'
import { keyText } from '../../table/key.ts'
import { type Slot, decodeRow, slotContent } from '../../table/row.ts'
import { slotKind } from '../../table/slot.ts'
import type { ConflictRecord, StoredSide } from '../conflicts/conflict-record.ts'

/** A row in terms of the merged table. */
export interface KeyedRow {
  readonly key: Uint8Array
  readonly row: StoredSide
}

/** What is asked for only when there is something to look for. */
export interface RekeyedSearch {
  /** Keys that theirs added, and ours has not. */
  readonly theirs: readonly Uint8Array[]
  /** Keys that ours added, and theirs does not have. */
  ours(): Promise<readonly Uint8Array[]>
  /** Rows that both sides removed. */
  gone(): Promise<readonly KeyedRow[]>
}

/** A table's rows as they were merged by their keys alone. */
export interface MergedMap {
  readonly path: string
  readonly schema: Schema
  readonly map: ProllyMap
}

export interface RekeyedRows {
  readonly map: ProllyMap
  readonly conflicts: readonly ConflictRecord[]
  /** Keys of theirs that are no longer in the map. */
  readonly waiting: readonly Uint8Array[]
  readonly notes: readonly string[]
}

const notesMax = 20

export async function settleRekeyed(
  writer: ObjectWriter,
  { path, schema, map }: MergedMap,
  search: RekeyedSearch,
  options: ReadOptions = {},
): Promise<RekeyedRows> {
  const pairs = await pairsOf(map, search, schema.columns.length - schema.key.length, options)
  const conflicts: ConflictRecord[] = []
  const notes: string[] = []
  for (const { gone, ours, theirs } of pairs) {
    const record = { kind: 'row', path, text: '', base: null } as const
    conflicts.push({ ...record, key: ours.key, ours: ours.row, theirs: null })
    conflicts.push({ ...record, key: theirs.key, ours: null, theirs: theirs.row })
    const [was, mine, yours] = [gone.key, ours.key, theirs.key].map((key) => keyText(schema, key))
    notes.push(`row '${was}' has the key '${mine}' here and '${yours}' there: choose one`)
  }
  const waiting = pairs.map(({ theirs }) => theirs.key).sort(compareBytes)
  if (waiting.length === 0) return { map, conflicts, waiting, notes }
  const edits = waiting.map((key) => ({ key, value: null }))
  const left = notes.length - notesMax
  return {
    map: await map.mutate(writer, edits, options),
    conflicts,
    waiting,
    notes: left > 0 ? [...notes.slice(0, notesMax), `and ${left} more rows have two keys`] : notes,
  }
}

interface Pair {
  readonly gone: KeyedRow
  readonly ours: KeyedRow
  readonly theirs: KeyedRow
}

async function pairsOf(
  map: ProllyMap,
  search: RekeyedSearch,
  width: number,
  options: ReadOptions,
): Promise<Pair[]> {
  const { theirs } = search
  if (width === 0 || theirs.length === 0) return []
  const gone = await search.gone()
  if (gone.length === 0) return []
  const ours = await search.ours()
  const groups = new Map<string, { gone: KeyedRow[]; ours: KeyedRow[]; theirs: KeyedRow[] }>()
  for (const one of gone) {
    const cells = cellsText(one.row, width)
    if (cells === '') continue
    const group = groups.get(cells) ?? { gone: [], ours: [], theirs: [] }
    groups.set(cells, group)
    group.gone.push(one)
  }
  for (const [side, keys] of [['ours', ours] as const, ['theirs', theirs] as const]) {
    const found = await map.getMany(keys, options)
    found.forEach((entry, i) => {
      if (entry === null) return
      const row = { value: entry.value.slice(), links: entry.links }
      groups.get(cellsText(row, width))?.[side].push({ key: keys[i]!, row })
    })
  }
  return [...groups.values()].flatMap((group) => {
    const [[was, ...others], [mine, ...ours2], [yours, ...theirs2]] = [group.gone, group.ours, group.theirs]
    const isOne = others.length + ours2.length + theirs2.length === 0
    return isOne && was && mine && yours ? [{ gone: was, ours: mine, theirs: yours }] : []
  })
}

/** A text that is equal for rows of equal cells; '' for a row without cells. */
function cellsText({ value, links }: StoredSide, width: number): string {
  const cells = decodeRow(value, links, width).cells.map((slot) => slotText(slot))
  while (cells.at(-1) === 'absent:') cells.pop()
  return JSON.stringify(cells) === '[]' ? '' : JSON.stringify(cells)
}

function slotText(slot: Slot): string {
  return `${slotKind(slot)}:${slot.link ?? String.fromCharCode(...slotContent(slot))}`
}
