// JSON Lines as a `TableFormat`. Columns grow while rows are read, so slices are read one after the other.
import { utf8 } from '../../base/bytes.ts'
import { isUtf8 } from '../../base/platform.ts'
import { keyColumns, valueColumns } from '../../table/key.ts'
import type { Layout, Schema, TableObject } from '../../table/interface.ts'
import { evolveSchema } from '../../table/schema.ts'
import type {
  FileTail,
  OpenFile,
  ReadRowsOptions,
  RowSource,
  SliceRows,
  TableFormat,
  TableRenderer,
} from '../interface.ts'
import { NotATable } from '../not-a-table.ts'
import { PackedBuffer } from '../packed.ts'
import type { Slicer } from '../slicer.ts'
import { JsonlColumns } from './columns.ts'
import { jsonlColumns } from './file-columns.ts'
import { checkJsonlLayout, type JsonlLayout, sniffJsonl } from './layout.ts'
import { LinePacker } from './pack.ts'
import { type JsonlColumn, LineRenderer, renderLines } from './render.ts'

const headBytes = 256 << 10

export const jsonlFormat: TableFormat = {
  name: 'jsonl',
  extensions: ['.jsonl', '.ndjson'],
  open: openJsonl,
  columns: jsonlColumns,
  renderer: jsonlRenderer,
}

async function openJsonl(slicer: Slicer, options: ReadRowsOptions): Promise<OpenFile> {
  const head = await slicer.peek(headBytes)
  if (head.length === 0) throw new NotATable('it has no rows')
  if (head[0] === 0xef) throw new NotATable('it begins with a byte order mark', 1)
  const { previous } = options
  const before = previous?.layout?.format === 'jsonl' ? checkJsonlLayout(previous.layout) : null
  return new OpenJsonl(sniffJsonl(head, before), options)
}

class OpenJsonl implements OpenFile {
  readonly firstLine = 1
  readonly eol: string
  readonly slicesAtOnce = 1
  readonly #layout: JsonlLayout
  readonly #columns: JsonlColumns
  readonly #keySchema: Schema
  readonly #buffer = new PackedBuffer(1 << 16, 1 << 10)

  constructor(layout: JsonlLayout, { key, previous }: ReadRowsOptions) {
    this.eol = layout.eol
    this.#layout = layout
    this.#columns = new JsonlColumns(key, previous?.schema ?? null)
    this.#keySchema = evolveSchema({ names: key, key, cells: 'typed', typeOf: () => null }, null)
  }

  cut(bytes: Uint8Array): number {
    return bytes.lastIndexOf(10) + 1
  }

  async parse(bytes: Uint8Array): Promise<SliceRows> {
    this.#buffer.clear()
    const broken = brokenLine(bytes)
    const sound = broken < 0 ? bytes : bytes.subarray(0, broken)
    const context = { columns: this.#columns, layout: this.#layout, keySchema: this.#keySchema }
    const packer = new LinePacker(sound, context, this.#buffer)
    packer.run()
    const fault = packer.fault ?? (broken < 0 ? null : 'not-utf8')
    return {
      ...this.#buffer.view(),
      bytesRead: packer.at,
      longRows: [],
      fault,
      faultLine: -1,
      faultColumn: packer.faultColumn,
    }
  }

  columnName(place: number): string | undefined {
    return this.#columns.names[place]
  }

  finish(tail: FileTail): { schema: Schema; layout: Layout } {
    return { schema: this.#columns.schema(), layout: { ...this.#layout, ...tail } }
  }
}

/** Start of the first line that is not UTF-8, or -1. */
function brokenLine(bytes: Uint8Array): number {
  if (isUtf8(bytes)) return -1
  for (let at = 0; ;) {
    const end = bytes.indexOf(10, at) + 1 || bytes.length
    if (!isUtf8(bytes.subarray(at, end))) return at
    at = end
  }
}

function jsonlRenderer({ schema }: TableObject, stored: Layout): TableRenderer {
  const layout = checkJsonlLayout(stored)
  const columns = fileColumns(schema)
  const renderer = new LineRenderer(layout, schema)
  return {
    head: new Uint8Array(0),
    trailer: utf8(layout.trailer),
    finalEol: layout.finalEol,
    quote: -1,
    recordEnd: (bytes: Uint8Array, at: number) => bytes.indexOf(10, at) + 1 || -1,
    rows(rows: RowSource) {
      renderer.length = 0
      renderLines(renderer, columns, rows)
      return renderer.out.subarray(0, renderer.length)
    },
  }
}

function fileColumns(schema: Schema): JsonlColumn[] {
  const values = valueColumns(schema)
  const keys = keyColumns(schema)
  return schema.columns.map((column) => ({
    name: column.name,
    valuePlace: values.indexOf(column),
    keyPlace: keys.indexOf(column),
  }))
}
