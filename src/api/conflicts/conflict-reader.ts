// Conflicts for people: values instead of bytes, sizes instead of objects, text with its clash marked.
import { concatBytes, equalBytes } from '../../base/bytes.ts'
import { collect } from '../../base/iterables.ts'
import { conflictMarkers, textBytesMax } from '../../documents/merge-text.ts'
import type { TreeEntry } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import { textFromBytes } from '../../files/text.ts'
import type { Tree } from '../../files/tree.ts'
import type { StoredSide } from '../../merge/conflicts/conflict-record.ts'
import { type NumberedRecord, conflictsOf } from '../../merge/conflicts/conflicts.ts'
import type { Conflict, KeyCollision, RowConflict, StoredRow } from '../../merge/interface.ts'
import type { ResolvedRecord } from '../../merge/resolve/resolutions.ts'
import { namesOf } from '../../merge/conflicts/conflict-names.ts'
import { partText } from '../../merge/conflicts/document-part.ts'
import { TableSchemas } from '../../merge/resolve/table-schemas.ts'
import { sideNames } from '../../merge/resolve/take.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { cellValue } from '../../table/cell.ts'
import type { Cell, Row, Value } from '../../table/interface.ts'
import { type RowShape, cellLinks, entrySlots, keyValues, slotsToRow } from '../../table/rows.ts'
import type { RowSlots } from '../../table/row.ts'
import { fetchContents } from '../../table/slot.ts'
import type { ConflictInfo } from '../interface.ts'

export class ConflictReader {
  readonly schemas: TableSchemas
  readonly #nodes: NodeStore

  /** `tree` is the merged one: its tables say what keys and rows mean. */
  constructor(nodes: NodeStore, tree: Tree) {
    this.#nodes = nodes
    this.schemas = new TableSchemas(nodes, tree)
  }

  async describe(batch: readonly NumberedRecord[]): Promise<ConflictInfo[]> {
    const infos: ConflictInfo[] = []
    for (const conflict of await conflictsOf(this.#nodes, batch)) infos.push(await this.#describe(conflict))
    return infos
  }

  /** Describes resolved conflicts, with the values that were put in their places. */
  async describeResolved(batch: readonly ResolvedRecord[]): Promise<ConflictInfo[]> {
    const infos = await this.describe(batch)
    // What was chosen reads like any side: it is described in the place of base.
    const chosen = await this.describe(
      batch.map((one) => ({ number: one.number, record: { ...one.record, base: one.chosen } })),
    )
    return infos.map((info, i) => {
      const { how, record, chosen: side, place } = batch[i]!
      const names = namesOf(record)
      const taken = sideNames.find((name) =>
        names === null || place === null
          ? isSameSide(record[name], side, record.kind)
          : names[name] === place,
      )
      return { ...info, resolution: { how, side: taken ?? null, value: chosen[i]!.base } }
    })
  }

  async #describe(conflict: Conflict): Promise<ConflictInfo> {
    const { id, kind, path } = conflict
    if (conflict.kind === 'file' || conflict.kind === 'schema') {
      const isText = conflict.kind === 'file' && conflict.reason === 'text'
      const text = isText ? await markedText(this.#nodes, conflict) : undefined
      return {
        id,
        kind,
        path,
        ...(conflict.kind === 'schema' && conflict.column !== null ? { column: conflict.column } : {}),
        reason: conflict.reason,
        ...(conflict.kind === 'file' && conflict.names !== undefined ? { names: conflict.names } : {}),
        base: inWords(conflict.base),
        ours: inWords(conflict.ours),
        theirs: inWords(conflict.theirs),
        ...(text === undefined ? {} : { text }),
      }
    }
    if (conflict.kind === 'part') {
      const { column, ...rest } = conflict
      return column === null ? rest : { ...rest, column }
    }
    const shape = await this.schemas.at(path)
    const key = keyValues(shape, conflict.key)
    const keyColumns = shape.keys.map((column) => column.name)
    if (conflict.kind !== 'cell')
      return { id, kind, path, key, keyColumns, ...(await rowSides(this.#nodes, shape, conflict)) }
    const type = shape.schema.columns.find((column) => column.name === conflict.column)?.type ?? 'text'
    const value = (cell: Cell | null): Value => (cell === null ? null : cellValue(cell, type))
    const { column, base, ours, theirs } = conflict
    return {
      id,
      kind,
      path,
      key,
      keyColumns,
      column,
      base: value(base),
      ours: value(ours),
      theirs: value(theirs),
    }
  }
}

function isSameSide(a: StoredSide | null, b: StoredSide | null, kind: Conflict['kind']): boolean {
  if (kind === 'part') return partText(a) === partText(b)
  if (a === null || b === null) return a === b
  return equalBytes(a.value, b.value) && a.links.join() === b.links.join()
}

async function rowSides(
  nodes: NodeStore,
  shape: RowShape,
  conflict: RowConflict | KeyCollision,
): Promise<{ base: Row | null; ours: Row | null; theirs: Row | null }> {
  const slotsOf = (side: StoredRow): RowSlots => entrySlots(shape, { key: conflict.key, ...side })
  const sides = [conflict.base, conflict.ours, conflict.theirs]
  const links = sides.flatMap((side) => (side === null ? [] : cellLinks(slotsOf(side))))
  const contents = await fetchContents(nodes.reader, links)
  const row = (side: StoredRow | null): Row | null =>
    side === null ? null : slotsToRow(shape, conflict.key, slotsOf(side), contents)
  return { base: row(conflict.base), ours: row(conflict.ours), theirs: row(conflict.theirs) }
}

function inWords(entry: TreeEntry | null): string | null {
  if (entry === null) return null
  if (entry.kind === 'table') return 'table'
  if (entry.kind === 'symlink') return `symlink to ${textFromBytes(entry.target)}`
  return `${entry.size} bytes${entry.executable ? ', executable' : ''}`
}

async function markedText(
  nodes: NodeStore,
  conflict: { base: TreeEntry | null; ours: TreeEntry | null; theirs: TreeEntry | null },
): Promise<string | undefined> {
  const sides: Uint8Array[] = []
  for (const entry of [conflict.base, conflict.ours, conflict.theirs]) {
    if (entry !== null && (entry.kind !== 'file' || entry.size > textBytesMax)) return undefined
    sides.push(entry === null ? new Uint8Array(0) : concatBytes(await collect(readFile(nodes, entry))))
  }
  const names = { ours: 'ours', base: 'base', theirs: 'theirs' }
  const marked = conflictMarkers(sides[0]!, sides[1]!, sides[2]!, names)
  return marked === null ? undefined : textFromBytes(marked)
}
