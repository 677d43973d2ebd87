// Small tables and trees that a test can write down and read back.
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { writeBytes } from '../../src/files/content.ts'
import type { FileEntry, Path, TableEntry, TreeEntry } from '../../src/files/interface.ts'
import { readFile } from '../../src/files/read.ts'
import { Tree } from '../../src/files/tree.ts'
import { scanConflicts } from '../../src/merge/conflicts/conflicts.ts'
import type { Conflict, MergeOutcome } from '../../src/merge/interface.ts'
import { type MergeTreesOptions, mergeTrees } from '../../src/merge/merge-trees.ts'
import { entryAt, valueAt } from '../../src/prolly/entry-batch.ts'
import { ListBuilder } from '../../src/prolly/list-builder.ts'
import { ProllyList } from '../../src/prolly/list.ts'
import { ProllyMap } from '../../src/prolly/map.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { listKind } from '../../src/prolly/rule.ts'
import type { ObjectWriter } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { absentCell, textCell } from '../../src/table/cell.ts'
import type { Cell, Layout, Schema, TableObject } from '../../src/table/interface.ts'
import { decodeKey, encodeKey, keyColumns, valueColumns } from '../../src/table/key.ts'
import { decodeRow, encodeRow } from '../../src/table/row.ts'
import { evolveSchema } from '../../src/table/schema.ts'
import { cellSlot, fetchContents, slotCell } from '../../src/table/slot.ts'
import { loadTable, writeTable } from '../../src/table/table-object.ts'
import { compareBytes, toHex } from '../../src/base/bytes.ts'

/** Text, null for an absent cell, or a cell as it is. */
export type CellSpec = string | null | Cell

export interface TableSpec {
  readonly columns: readonly string[]
  /** Default: the first column. */
  readonly key?: readonly string[]
  /** In the order of the file. */
  readonly rows: readonly (readonly CellSpec[])[]
  readonly layout?: Layout | null
  /** By column: 'text' unless told; the column 'id' is 'int'. */
  readonly types?: Readonly<Record<string, Schema['columns'][number]['type']>>
  /** By row of the file: its line end (table/row.ts). */
  readonly lineEnds?: readonly number[]
  /** By row of the file: its line as it is written, where the layout cannot give it. */
  readonly rawLines?: readonly string[]
}

export const csv: Layout = {
  format: 'csv',
  delimiter: ',',
  quote: '"',
  eol: '\n',
  headerEol: '\n',
  bom: false,
  finalEol: true,
  trailer: '',
  quoting: 'minimal',
  quotingOther: [],
  headerQuoting: 'minimal',
  headerOther: [],
}

export interface Dump {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export class Bench {
  readonly store: MemoryStore
  readonly writer: ObjectWriter
  readonly nodes: NodeStore

  constructor(store: MemoryStore = MemoryStore.create()) {
    this.store = store
    this.writer = store.writer()
    this.nodes = new NodeStore(this.writer)
  }

  table(spec: TableSpec, previous: TableObject | null = null): Promise<TableObject> {
    const key = spec.key ?? [spec.columns[0]!]
    const typeOf = (name: string): Schema['columns'][number]['type'] =>
      spec.types?.[name] ?? (name === 'id' ? 'int' : 'text')
    const schema = evolveSchema({ names: spec.columns, key, cells: 'text', typeOf }, previous?.schema ?? null)
    return this.tableOf(schema, spec)
  }

  async tableOf(schema: Schema, spec: Omit<TableSpec, 'columns'>): Promise<TableObject> {
    const entries = spec.rows.map((cells, row) => {
      const at = (id: number): Cell => cellOf(cells[schema.columns.findIndex((column) => column.id === id)]!)
      const slots = valueColumns(schema).map(({ id }) => cellSlot(at(id), this.writer))
      const raw = spec.rawLines?.[row]
      const rawLine = raw === undefined ? null : cellSlot(textCell(raw), this.writer)
      const lineEnd = spec.lineEnds?.[row] ?? 0
      const value = encodeRow({ lineEnd, keyQuoting: 0, rawLine, cells: slots })
      return {
        key: encodeKey(
          schema,
          keyColumns(schema).map(({ id }) => at(id)),
        ),
        ...value,
      }
    })
    const sorted = entries.toSorted((a, b) => compareBytes(a.key, b.key))
    const rows = await ProllyMap.empty(this.nodes, this.writer).mutate(this.writer, sorted)
    const isSorted = sorted.every((entry, i) => entry === entries[i])
    return {
      schema,
      rows: rows.cid,
      order: isSorted ? null : this.list(entries.map(({ key }) => key)),
      layout: spec.layout ?? null,
    }
  }

  list(items: readonly Uint8Array[]): Cid {
    const builder = new ListBuilder(this.writer, listKind)
    for (const item of items) builder.add(item)
    return builder.finish()
  }

  async dump(table: TableObject): Promise<Dump> {
    const { schema } = table
    const rows = new Map<string, (string | null)[]>()
    const keys: string[] = []
    for await (const batch of (await ProllyMap.load(this.nodes, table.rows)).scan()) {
      for (let i = 0; i < batch.count; i++) {
        const { key, value, links } = entryAt(batch, i)
        const contents = await fetchContents(this.writer, links)
        const slots = decodeRow(value, links, valueColumns(schema).length).cells
        const cells = new Map(
          valueColumns(schema).map(({ id }, at) => [
            id,
            slots[at] === undefined ? absentCell : slotCell(slots[at], contents),
          ]),
        )
        decodeKey(schema, key).forEach((cell, at) => cells.set(schema.key[at]!, cell))
        rows.set(
          toHex(key),
          schema.columns.map(({ id }) => textOf(cells.get(id)!)),
        )
        keys.push(toHex(key))
      }
    }
    const order = table.order === null ? keys : await this.#items(table.order)
    return { columns: schema.columns.map(({ name }) => name), rows: order.map((key) => rows.get(key)!) }
  }

  async #items(order: Cid): Promise<string[]> {
    const items: string[] = []
    for await (const batch of (await ProllyList.load(this.nodes, order)).scan()) {
      for (let i = 0; i < batch.count; i++) items.push(toHex(valueAt(batch, i)))
    }
    return items
  }

  entry(table: TableObject): TableEntry {
    return { kind: 'table', executable: false, table: writeTable(this.writer, table) }
  }

  file(text: string | Uint8Array, executable = false): FileEntry {
    return {
      kind: 'file',
      executable,
      ...writeBytes(this.writer, typeof text === 'string' ? utf8(text) : text),
    }
  }

  async tree(entries: Readonly<Record<Path, TreeEntry>>): Promise<Cid> {
    return (await Tree.empty(this.nodes, this.writer).update(this.writer, new Map(Object.entries(entries))))
      .cid
  }

  merge(base: Cid | null, ours: Cid, theirs: Cid, options: MergeTreesOptions = {}): Promise<MergeOutcome> {
    return mergeTrees({ nodes: this.nodes, writer: this.writer, base, ours, theirs }, options)
  }

  async conflicts(outcome: { readonly conflicts: Cid | null }): Promise<Conflict[]> {
    return (await collect(scanConflicts(this.nodes, outcome.conflicts))).flat()
  }

  /** Files as text, tables as `dump`, others as they are. */
  async show(tree: Cid): Promise<Record<Path, unknown>> {
    const shown: Record<Path, unknown> = {}
    for await (const batch of (await Tree.load(this.nodes, tree)).scan()) {
      for (const { path, entry } of batch) {
        if (entry.kind === 'file') {
          const text = (await collect(readFile(this.nodes, entry))).map((bytes) => utf8Text(bytes)).join('')
          shown[path] = entry.executable ? { executable: text } : text
        } else {
          shown[path] =
            entry.kind === 'table'
              ? await this.dump(await loadTable(this.nodes.reader, entry.table))
              : utf8Text(entry.target)
        }
      }
    }
    return shown
  }
}

function cellOf(spec: CellSpec): Cell {
  return spec === null ? absentCell : typeof spec === 'string' ? textCell(spec) : spec
}

export function textOf(cell: Cell): string | null {
  return cell.kind === 'absent' ? null : utf8Text(cell.bytes)
}
