// JSON Lines as a `TableFormat`. Columns grow while rows are read.
import { utf8 } from '../../base/bytes.ts'
import { isUtf8 } from '../../base/platform.ts'
import { absentCell, cellOf } from '../../table/cell.ts'
import { keyColumns, valueColumns } from '../../table/key.ts'
import type { Cell, Layout, Schema, TableObject } from '../../table/interface.ts'
import { evolveSchema } from '../../table/schema.ts'
import type {
  FileRecord,
  FileTail,
  OpenFile,
  ReadRowsOptions,
  RowSource,
  SliceResult,
  TableFormat,
  TableRenderer,
} from '../interface.ts'
import type { LeafOptions } from '../leaves.ts'
import { NotATable } from '../not-a-table.ts'
import { runSlice, slicesAtOnceOf } from '../slice-jobs.ts'
import type { Slicer } from '../slicer.ts'
import { JsonlColumns } from './columns.ts'
import { jsonlColumns, refuseMark } from './file-columns.ts'
import { checkJsonlLayout, type JsonlLayout, sniffJsonl } from './layout.ts'
import { type JsonlColumn, LineRenderer, renderLines } from './render.ts'
import { ObjectScanner } from './scan.ts'
import { lineSlice, parseLines, type LineTask } from './slice.ts'

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
  refuseMark(head)
  const { previous } = options
  const before = previous?.layout?.format === 'jsonl' ? checkJsonlLayout(previous.layout) : null
  return new OpenJsonl(sniffJsonl(head, before), options)
}

class OpenJsonl implements OpenFile {
  readonly firstLine = 1
  readonly eol: string
  readonly slicesAtOnce: number
  readonly #layout: JsonlLayout
  readonly #columns: JsonlColumns
  readonly #keySchema: Schema
  readonly #pool: ReadRowsOptions['pool']
  readonly #as: LineTask['as']
  /** Over when the columns of the first slice, and of the last one begun, are known. */
  #first: Promise<unknown> | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(layout: JsonlLayout, { key, previous, pool, types, only }: ReadRowsOptions) {
    this.eol = layout.eol
    this.#layout = layout
    this.#columns = new JsonlColumns({ key, previous: previous?.schema ?? null, more: [] })
    this.#keySchema = evolveSchema({ names: key, key, cells: 'typed', typeOf: () => null }, null)
    this.#pool = pool
    this.#as = only ?? (types === undefined ? 'lines' : 'values')
    this.slicesAtOnce = slicesAtOnceOf(pool)
  }

  cut(bytes: Uint8Array): number {
    return bytes.lastIndexOf(10) + 1
  }

  parse(bytes: Uint8Array, leafOptions: LeafOptions | null): Promise<SliceResult> {
    const slice = this.#parse(bytes, leafOptions, this.#last)
    this.#last = slice.catch(() => {})
    this.#first ??= this.#last
    return slice
  }

  async #parse(
    bytes: Uint8Array,
    leafOptions: LeafOptions | null,
    before: Promise<unknown>,
  ): Promise<SliceResult> {
    const task = { bytes, layout: this.#layout, keySchema: this.#keySchema, as: this.#as }
    if (this.#pool === undefined) return parseLines({ ...task, columns: this.#columns })
    // Nearly always the first slice shows all columns. Where a later one has more, those behind it that have more as well
    // are read again: new columns are numbered in the order of the file.
    await this.#first
    for (;;) {
      const known = this.#columns.known()
      const args: [LineTask] = [{ ...task, known, leafOptions }]
      const slice = await runSlice(this.#pool, bytes.length, { name: 'lineSlice', local: lineSlice, args })
      await before
      if (typeof slice === 'string') throw new NotATable(slice)
      if (this.#columns.take(slice.seen, known)) return slice.result
    }
  }

  record(bytes: Uint8Array, at: number): FileRecord | null {
    const next = bytes.indexOf(10, at) + 1
    const end = next - (bytes[next - 2] === 13 ? 2 : 1)
    const scanner = new ObjectScanner(bytes)
    if (next === 0 || !isUtf8(bytes.subarray(at, next)) || !scanner.scan(at, end)) return null
    const members = new Map<string, Cell>()
    for (let i = 0; i < scanner.count; i++) {
      const column = this.#columns.columnOf(bytes, scanner.nameStarts[i]!, scanner.nameEnds[i]!, i)
      const content = scanner.decoded[i] ?? bytes.subarray(scanner.starts[i], scanner.ends[i])
      members.set(this.#columns.names[column]!, cellOf(scanner.kinds[i]!, content))
    }
    const { columns } = this.#columns.schema()
    return {
      columns,
      cells: columns.map(({ name }) => members.get(name) ?? absentCell),
      end: next,
      moreLines: 0,
    }
  }

  columnName(place: number): string | undefined {
    return this.#columns.names[place]
  }

  finish(tail: FileTail): { schema: Schema; layout: Layout } {
    return { schema: this.#columns.schema(), layout: { ...this.#layout, ...tail } }
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
