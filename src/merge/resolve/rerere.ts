// Resolutions remembered beyond their merge, under git's name: what was put in the place of a conflict is put there
// again when the same conflict returns: same path, kind, row, column, and values of base and both sides, whichever side
// they come from. Conflicts about names and single columns are not remembered: their sides may differ in nothing but
// the name, and hold whole tables. A prolly map: the key is the sha256 of all that; the value dag-cbor [n, kind, path,
// row key, text, side], the side packed as a conflict's, and n the number of the manifest that the resolution came
// with. The map is bounded: beyond `rememberedMax` those with the smallest n are dropped.
import { compareBytes, toHex } from '../../base/bytes.ts'
import { corrupt } from '../../base/errors.ts'
import { sha256 } from '../../base/platform.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { PathSelection } from '../../files/path-selection.ts'
import { pathFromBytes, pathToBytes } from '../../files/path.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { type Slot, absentSlot, decodeRow, slotContent } from '../../table/row.ts'
import type { RowShape } from '../../table/rows.ts'
import { fetchContents, slotKind } from '../../table/slot.ts'
import { namesOf } from '../conflicts/conflict-names.ts'
import {
  type ConflictRecord,
  type ReadSides,
  type StoredSide,
  SideWriter,
  conflictKinds,
  isOfColumn,
  unpackSides,
} from '../conflicts/conflict-record.ts'
import { partText, typedPart } from '../conflicts/document-part.ts'
import type { MergeIo } from '../merge-io.ts'
import type { SettledRecord } from './settler.ts'
import type { TableSchemas } from './table-schemas.ts'

export const rememberedMax = 20_000

/** The remembered resolutions, while an operation reads them and adds to them. */
export class Rerere {
  readonly #io: MergeIo
  readonly #map: ProllyMap
  readonly #schemas: TableSchemas
  readonly #number: number
  readonly #edits = new Map<string, Edit>()

  private constructor(io: MergeIo, map: ProllyMap, schemas: TableSchemas, number: number) {
    this.#io = io
    this.#map = map
    this.#schemas = schemas
    this.#number = number
  }

  /** `number` is that of the manifest on which the operation is planned. */
  static async open(io: MergeIo, root: Cid | null, schemas: TableSchemas, number: number): Promise<Rerere> {
    const map = root === null ? ProllyMap.empty(io.nodes, io.writer) : await ProllyMap.load(io.nodes, root)
    return new Rerere(io, map, schemas, number)
  }

  get isEmpty(): boolean {
    return this.#map.count === 0
  }

  /** What took the place of each of these conflicts before; undefined: nothing is known. */
  async recall(
    records: readonly ConflictRecord[],
    options: ReadOptions = {},
  ): Promise<(StoredSide | null | undefined)[]> {
    const keys: Uint8Array[] = []
    for (const record of records) keys.push(await this.#keyOf(record))
    const found = (await this.#map.getMany(keys, options)).map((entry) =>
      entry === null ? null : decodeRemembered(entry),
    )
    const wanted = found.flatMap((one) => one?.sides.wanted ?? [])
    const contents = await fetchContents(this.#io.nodes.reader, wanted, options)
    return found.map((one) => (one === null ? undefined : one.sides.finish(contents)[0]))
  }

  /** Remembers what `settleConflicts` has settled, at most `rememberedMax` conflicts of one operation. */
  async remember(batch: readonly SettledRecord[]): Promise<void> {
    for (const { record, chosen } of batch) {
      if (this.#edits.size >= rememberedMax) return
      if (namesOf(record) !== null || isOfColumn(record)) continue
      const { kind, path, key: rowKey, text } = record
      const sides = new SideWriter(this.#io.writer)
      const fields = [this.#number, conflictKinds.indexOf(kind), pathToBytes(path), rowKey, text]
      // For a part of a file its text is remembered, not the file.
      const kept = kind === 'part' ? typedPart(partText(chosen)) : chosen
      const value = encodeCbor([...fields, sides.pack(kept)])
      this.#edit({ key: await this.#keyOf(record), value, links: sides.links })
    }
  }

  async forget(batch: readonly SettledRecord[]): Promise<void> {
    for (const { record } of batch) this.#edit({ key: await this.#keyOf(record), value: null })
  }

  /** Forgets all that is known of these paths; returns how many those are. */
  async forgetPaths(paths: PathSelection, options: ReadOptions = {}): Promise<number> {
    let count = 0
    for await (const entry of this.#map.entries(options)) {
      if (!paths.has(decodeRemembered(entry).path)) continue
      this.#edit({ key: entry.key.slice(), value: null })
      count++
    }
    return count
  }

  /** The root to be stored; null when nothing is remembered. */
  async finish(options: ReadOptions = {}): Promise<Cid | null> {
    const edits = [...this.#edits.values()].sort((a, b) => compareBytes(a.key, b.key))
    const map = await this.#map.mutate(this.#io.writer, edits, options)
    const bounded =
      map.count <= rememberedMax
        ? map
        : await map.mutate(this.#io.writer, await oldest(map, options), options)
    return bounded.count === 0 ? null : bounded.cid
  }

  #edit(edit: Edit): void {
    this.#edits.set(toHex(edit.key), edit)
  }

  async #keyOf(record: ConflictRecord): Promise<Uint8Array> {
    const isRow = record.kind === 'row' || record.kind === 'key-collision'
    return rerereKey(record, isRow ? await this.#schemas.find(record.path) : null)
  }
}

/** Edits that remove the oldest resolutions, as many as are too much. */
async function oldest(map: ProllyMap, options: ReadOptions): Promise<Edit[]> {
  const all: { key: Uint8Array; number: number }[] = []
  for await (const batch of map.scan(options)) {
    for (let i = 0; i < batch.count; i++) {
      const entry = entryAt(batch, i)
      all.push({ key: entry.key.slice(), number: decodeRemembered(entry).number })
    }
  }
  return all
    .sort((a, b) => a.number - b.number || compareBytes(a.key, b.key))
    .slice(0, all.length - rememberedMax)
    .map(({ key }): Edit => ({ key, value: null }))
    .sort((a, b) => compareBytes(a.key, b.key))
}

interface Remembered {
  readonly number: number
  readonly path: Path
  readonly sides: ReadSides
}

/** @throws VarveError VARVE_CORRUPT */
export function decodeRemembered(entry: Entry): Remembered {
  const value = decodeCbor(entry.value, 'remembered resolution')
  if (!Array.isArray(value) || value.length !== 6) throw corrupt('remembered resolution is malformed')
  const [number, kind, path, key, text, side] = value as unknown[]
  const isKnown = conflictKinds[kind as number] !== undefined && Number.isSafeInteger(number)
  if (!isKnown || !(path instanceof Uint8Array) || !(key instanceof Uint8Array) || typeof text !== 'string')
    throw corrupt('remembered resolution is malformed')
  const sides = unpackSides([side], entry.links, 'remembered resolution')
  return { number: number as number, path: pathFromBytes(path), sides }
}

/** Quoting and the order of the sides do not count; for rows the names of the columns do. */
function rerereKey(record: ConflictRecord, shape: RowShape | null): Uint8Array {
  const { kind, path, key, text } = record
  const columns = shape?.values.map(({ name }) => name) ?? []
  const valueOf = (side: StoredSide | null): unknown => {
    if (side === null) return null
    if (kind === 'part') return partText(side)
    if (kind === 'cell') return slotValue({ spelling: side.value, link: side.links[0] ?? null })
    if (shape === null) return [side.value, ...side.links]
    const { cells } = decodeRow(side.value, side.links, columns.length)
    return columns.map((_, i) => slotValue(cells[i] ?? absentSlot))
  }
  const sides = [record.ours, record.theirs].map((side) => encodeCbor(valueOf(side))).sort(compareBytes)
  // The text of a file's or schema's conflict is told from one side.
  const name = kind === 'cell' ? text : ''
  return sha256(
    encodeCbor([
      conflictKinds.indexOf(kind),
      pathToBytes(path),
      key,
      name,
      columns,
      valueOf(record.base),
      sides,
    ]),
  )
}

function slotValue(slot: Slot): unknown {
  return [slotKind(slot), slot.link ?? slotContent(slot)]
}
