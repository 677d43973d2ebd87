// One file as a table of its own: its rows by key, and all that its bytes hold beyond rows, so that it is written again as
// it was but for what has changed. The table lies in a temporary file once it is large.
import { exportTable } from '../../formats/export.ts'
import type { FormatName } from '../../formats/interface.ts'
import { readTable } from '../../formats/read.ts'
import { renderTable } from '../../formats/render.ts'
import { ProllyMap } from '../../prolly/map.ts'
import { NodeStore } from '../../prolly/node-store.ts'
import { ScratchWriter } from '../../store/disk/scratch-writer.ts'
import type { Layout, Schema, TableObject } from '../../table/interface.ts'
import { evolveSchema } from '../../table/schema.ts'
import { Table } from '../../table/table.ts'
import type { FileDialect } from './cells.ts'
import { tableFormat } from './file-name.ts'
import type { FilesTable, OpenedFile } from './interface.ts'
import { asWaiting } from './waiting.ts'

const plainJsonl: Layout = {
  format: 'jsonl',
  itemSeparator: ',',
  keySeparator: ':',
  ascii: false,
  eol: '\n',
  finalEol: true,
  trailer: '',
}

export class FileTable {
  readonly path: string
  readonly shape: FilesTable
  readonly writer: ScratchWriter = new ScratchWriter()
  readonly nodes: NodeStore
  readonly #format: FormatName

  /** `shape` are the columns that the endpoint's table has, of which the file need not have all. */
  constructor(path: string, shape: FilesTable) {
    this.path = path
    this.shape = shape
    this.nodes = new NodeStore(this.writer)
    this.#format = tableFormat(path)!
  }

  /** Reads the table; null when there is no file yet. @throws VarveError with `waits` */
  async load(file: OpenedFile | null): Promise<Table> {
    const isEmpty = file === null || (await file.isEmpty())
    if (isEmpty && this.#format === 'jsonl') return this.#table(this.#empty('typed', plainJsonl))
    try {
      return await this.#table(await this.read(isEmpty ? this.#header() : file.bytes(), null))
    } catch (error) {
      throw asWaiting(this.path, error)
    }
  }

  /** `previous` has the types by which keys are spelled and ordered; null: those of the endpoint's table. */
  async read(bytes: AsyncIterable<Uint8Array>, previous: TableObject | null): Promise<TableObject> {
    const { shape, path: where, writer, nodes } = this
    const isText = this.#format !== 'jsonl'
    const known = previous ?? this.#empty(isText ? 'text' : 'typed', isText ? null : plainJsonl)
    const options = { format: this.#format, key: shape.key, where, writer, nodes, previous: known }
    return (await readTable(bytes, options)).table
  }

  render(table: TableObject): AsyncIterable<Uint8Array> {
    return renderTable(this.nodes, table)
  }

  /** Drops the table. */
  close(): Promise<void> {
    return this.writer.abort()
  }

  #table(object: TableObject): Promise<Table> {
    return Table.of(this.nodes, object)
  }

  #header(): AsyncIterable<Uint8Array> {
    return exportTable(this.nodes, this.#empty('text', null), this.#format)
  }

  #empty(cells: Schema['cells'], layout: Layout | null): TableObject {
    const { columns, key } = this.shape
    const names = columns.map(({ name }) => name)
    const schema = evolveSchema({ names, key, cells, typeOf: (_, i) => columns[i]!.type }, null)
    return { schema, rows: ProllyMap.empty(this.nodes, this.writer).cid, order: null, layout }
  }
}

export function dialectOf({ schema, layout }: TableObject): FileDialect {
  const { quote, delimiter } = layout!
  return { cells: schema.cells, delimiter: quote === '' ? (delimiter as string) : null }
}
