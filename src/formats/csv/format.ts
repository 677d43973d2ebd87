// CSV and TSV as a `TableFormat`: opens a file by its head, and renders a table's rows by its layout.
import { concatBytes, equalBytes, utf8 } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { eachOf } from '../../base/iterables.ts'
import { isUtf8 } from '../../base/platform.ts'
import { absentCell, cellOf } from '../../table/cell.ts'
import { inferType } from '../../table/infer.ts'
import type { Layout, Schema, TableObject } from '../../table/interface.ts'
import { lineEnds } from '../../table/row.ts'
import { evolveSchema } from '../../table/schema.ts'
import type {
  AlikeFiles,
  AlikeOptions,
  FileColumn,
  FileRecord,
  FileTail,
  OpenFile,
  ReadColumnsOptions,
  ReadRowsOptions,
  RowSource,
  SliceResult,
  TableFormat,
  TableRenderer,
} from '../interface.ts'
import type { LeafOptions } from '../leaves.ts'
import { NotATable } from '../not-a-table.ts'
import { runSlice, slicesAtOnceOf } from '../slice-jobs.ts'
import { Slicer } from '../slicer.ts'
import { alikeFiles } from './alike.ts'
import { type CsvHead, type Opening, readHead } from './head.ts'
import { type Header, renderHeader, renderOpening } from './header.ts'
import { checkCsvLayout, type CsvLayout } from './layout.ts'
import { type CsvPlan, csvPlan } from './plan.ts'
import { cellMark, RecordReader } from './record.ts'
import { RowRenderer } from './render.ts'
import type { Sample } from './sample.ts'
import { keySlice, leafSlice, parseSlice } from './slice.ts'
import { cutRecords, type DialectGuess } from './sniff.ts'
import { type ValuePlan, valuePlan } from './value-rows.ts'

export const csvFormat: TableFormat = {
  name: 'csv',
  extensions: ['.csv'],
  open: openCsv,
  columns: csvColumns,
  renderer: csvRenderer,
  alike: alikeCsv,
}
export const tsvFormat: TableFormat = {
  name: 'tsv',
  extensions: ['.tsv', '.tab'],
  open: openCsv,
  columns: csvColumns,
  renderer: csvRenderer,
  alike: alikeCsv,
}

async function openCsv(slicer: Slicer, options: ReadRowsOptions): Promise<OpenFile> {
  const { schema, layout, head, line } = await opened(slicer, options)
  const { opening, guess, header, isCompleted } = head
  slicer.skip(opening.length + header.length - (isCompleted ? guess.eol.length : 0))
  return new OpenCsv(schema, { ...layout, finalEol: !isCompleted }, line + header.lines, options)
}

async function alikeCsv(bytes: Uint8Array, options: AlikeOptions): Promise<AlikeFiles | null> {
  const slicer = (): Slicer => new Slicer(eachOf([bytes]), undefined)
  // Who asks for columns alone may know no key yet.
  const key = options.key.length > 0 ? options.key : [(await csvColumns(slicer(), options))[0]!.name]
  const { schema, layout, head } = await opened(slicer(), { ...options, key })
  const { types, previous } = options
  const table = types === undefined ? null : (previous?.schema ?? schema)
  // What another column would hold has no place in the rows of the table.
  if (table !== null && schema.columns.some(({ id }) => !table.columns.some((one) => one.id === id)))
    return null
  return alikeFiles(bytes, head, { schema, layout, table })
}

interface Opened {
  readonly schema: Schema
  readonly layout: CsvLayout
  readonly head: CsvHead
  /** Of the header. */
  readonly line: number
}

async function opened(slicer: Slicer, options: AlikeOptions): Promise<Opened> {
  const previous = previousLayout(options)
  const head = await readHead(slicer, options, previous)
  const { opening, guess, header, bytes, sample } = head
  const line = headerLine(opening)
  const schema = schemaOf({ header, sample, line }, options)
  const layout = layoutOf({
    format: options.format as 'csv' | 'tsv',
    opening,
    guess,
    header,
    sample,
    previous,
    schema,
  })
  if (!equalBytes(renderHeader(schema.columns, layout), bytes.subarray(0, header.length))) {
    throw new NotATable('its header cannot be written back byte for byte', 1)
  }
  return { schema, layout, head, line }
}

async function csvColumns(slicer: Slicer, options: ReadColumnsOptions): Promise<FileColumn[]> {
  const { header, sample, opening } = await readHead(slicer, options, null)
  checkNames(header, headerLine(opening))
  return header.names.map((name, i) => ({ name, type: inferType(sample.texts[i]!) }))
}

class OpenCsv implements OpenFile {
  readonly firstLine: number
  readonly eol: string
  readonly slicesAtOnce: number
  readonly #schema: Schema
  readonly #layout: CsvLayout
  readonly #plan: CsvPlan
  readonly #values: ValuePlan | null
  readonly #pool: ReadRowsOptions['pool']
  readonly #only: ReadRowsOptions['only']

  constructor(schema: Schema, layout: CsvLayout, firstLine: number, options: ReadRowsOptions) {
    this.firstLine = firstLine
    this.eol = layout.eol
    this.#schema = schema
    this.#layout = layout
    this.#plan = csvPlan(schema, layout)
    this.#values = options.types === undefined ? null : valuePlan(schema)
    this.#pool = options.pool
    this.#only = options.only
    this.slicesAtOnce = slicesAtOnceOf(options.pool)
  }

  cut(bytes: Uint8Array): number {
    return cutRecords(bytes, this.#plan)
  }

  async parse(bytes: Uint8Array, leafOptions: LeafOptions | null): Promise<SliceResult> {
    const task = { bytes, plan: this.#plan, values: this.#values }
    const [name, local] =
      this.#only === 'keys' ? (['keySlice', keySlice] as const) : (['parseSlice', parseSlice] as const)
    if (this.#pool === undefined) return local(task)
    return leafOptions === null
      ? runSlice(this.#pool, bytes.length, { name, local, args: [task] })
      : runSlice(this.#pool, bytes.length, {
          name: 'leafSlice',
          local: leafSlice,
          args: [{ ...task, leafOptions }],
        })
  }

  record(bytes: Uint8Array, at: number): FileRecord | null {
    const { columns } = this.#schema
    const reader = new RecordReader(bytes, this.#plan)
    const end = reader.read(at)
    if (end < 0 || reader.count !== columns.length || !isUtf8(bytes.subarray(at, end))) return null
    const cells = columns.map((_, i) => {
      const content = reader.bytesOf(i).subarray(reader.starts[i], reader.ends[i])
      const isAbsent = content.length === 0 && !(reader.marks[i]! & cellMark.quoted)
      return isAbsent ? absentCell : cellOf('text', content)
    })
    return { columns, cells, end, moreLines: reader.innerLines }
  }

  columnName(place: number): string | undefined {
    return this.#schema.columns[place]?.name
  }

  finish(tail: FileTail): Pick<TableObject, 'schema' | 'layout'> {
    if (this.#values !== null) return { schema: { ...this.#schema, cells: 'typed' }, layout: null }
    const finalEol = this.#layout.finalEol && tail.finalEol
    return { schema: this.#schema, layout: { ...this.#layout, trailer: tail.trailer, finalEol } }
  }
}

function previousLayout({ format, previous }: AlikeOptions): CsvLayout | null {
  return previous?.layout?.format === format ? checkCsvLayout(previous.layout) : null
}

function headerLine({ delimiterLine }: Opening): number {
  return delimiterLine === null ? 1 : 2
}

interface HeadFacts {
  readonly header: Header
  readonly sample: Sample
  /** Of the header. */
  readonly line: number
}

function schemaOf({ header, sample, line }: HeadFacts, options: AlikeOptions): Schema {
  const { where, key, previous, types } = options
  checkNames(header, line)
  const missing = key.find((name) => !header.names.includes(name))
  if (missing !== undefined) {
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `'${where}' line ${line}: key column '${missing}' is not in the header`,
      {
        data: { path: where, line, column: missing, reason: 'missing-key-column' },
        hint: headerHint(header),
      },
    )
  }
  const typeOf = (name: string, i: number) => {
    const type = types?.get(name) ?? inferType(sample.texts[i]!)
    // A nested value is no key; its text is.
    return types !== undefined && type === 'json' && key.includes(name) ? 'text' : type
  }
  return evolveSchema({ names: header.names, key, cells: 'text', typeOf }, previous?.schema ?? null)
}

const namesToldMax = 12

/** The columns of the header. */
function headerHint({ names }: Header): string {
  const more = names.length > namesToldMax ? ', …' : ''
  return `the header has ${names
    .slice(0, namesToldMax)
    .map((name) => `'${name}'`)
    .join(', ')}${more}`
}

function checkNames({ names }: Header, line: number): void {
  const repeated = names.find((name, i) => names.indexOf(name) !== i)
  if (repeated !== undefined) {
    throw new NotATable(
      repeated === '' ? 'two columns have no name' : `two columns are called '${repeated}'`,
      line,
    )
  }
}

interface LayoutFacts {
  readonly format: 'csv' | 'tsv'
  readonly opening: Opening
  readonly guess: DialectGuess
  readonly header: Header
  readonly sample: Sample
  readonly previous: CsvLayout | null
  readonly schema: Schema
}

function layoutOf({ format, opening, guess, header, sample, previous, schema }: LayoutFacts): CsvLayout {
  const seen = sample.always.filter((always) => always !== null)
  const byMajority = 2 * seen.filter(Boolean).length > seen.length
  const quoting = seen.length === 0 ? (previous?.quoting ?? 'minimal') : byMajority ? 'always' : 'minimal'
  const before = new Set(previous?.quotingOther ?? [])
  const isOther = (id: number, always: boolean | null): boolean =>
    always === null ? previous?.quoting === quoting && before.has(id) : always !== (quoting === 'always')
  return {
    format,
    ...guess,
    headerEol: lineEnds[header.lineEnd] as CsvLayout['eol'],
    bom: opening.bom,
    ...(opening.delimiterLine === null ? {} : { delimiterEol: opening.delimiterLine.eol }),
    finalEol: true,
    trailer: '',
    quoting,
    quotingOther: schema.columns.filter(({ id }, i) => isOther(id, sample.always[i]!)).map(({ id }) => id),
    headerQuoting: header.quoting,
    headerOther: header.other.map((i) => schema.columns[i]!.id),
  }
}

function csvRenderer(table: TableObject, stored: Layout): TableRenderer {
  const layout = checkCsvLayout(stored)
  const plan = csvPlan(table.schema, layout)
  const renderer = new RowRenderer(plan)
  let reader = new RecordReader(new Uint8Array(0), plan)
  return {
    head: concatBytes([renderOpening(layout), renderHeader(table.schema.columns, layout)]),
    trailer: utf8(layout.trailer),
    finalEol: layout.finalEol,
    quote: plan.quote,
    recordEnd(bytes: Uint8Array, at: number) {
      if (reader.src !== bytes) reader = new RecordReader(bytes, plan)
      return reader.read(at)
    },
    rows(rows: RowSource) {
      renderer.length = 0
      renderer.render(rows, 0, rows.count, rows.contents)
      return renderer.out.subarray(0, renderer.length)
    },
  }
}
