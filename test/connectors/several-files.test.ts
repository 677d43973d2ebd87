// A table of many small files is read many files at once, and it is as if each had been read by itself: the same columns and
// key, the same rows in the same order, the same values that do not fit, rows that cannot be kept, and faults.
import fc from 'fast-check'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { WorkerPool } from '../../src/base/pool.ts'
import { sha256Hex } from '../../src/base/platform.ts'
import { tableFormat, isPacked } from '../../src/connectors/files/file-name.ts'
import type { FilesTable, OpenedFile } from '../../src/connectors/files/interface.ts'
import { packedRows } from '../../src/connectors/files/packed.ts'
import { tableRows } from '../../src/connectors/files/read.ts'
import { shapeOf, type ShapeSource } from '../../src/connectors/files/shape.ts'
import { ShapeReader } from '../../src/connectors/files/shape-reader.ts'
import { UnpackedFile } from '../../src/connectors/files/unpacked-file.ts'
import { asWaiting, fileWaits } from '../../src/connectors/files/waiting.ts'
import { CellPacker } from '../../src/formats/columnar/pack-cells.ts'
import type { PackingOptions } from '../../src/formats/columnar/packed-source.ts'
import { cellSchema } from '../../src/formats/columnar/read-cells.ts'
import { UnfitRows } from '../../src/formats/columnar/unfit-rows.ts'
import { keyUniqueness } from '../../src/formats/key-uniqueness.ts'
import type { Misfit } from '../../src/formats/misfits/misfits.ts'
import type { PackedRows } from '../../src/formats/packed.ts'
import { readColumns } from '../../src/formats/read-columns.ts'
import { rowShape } from '../../src/table/rows.ts'

type Files = ReadonlyMap<string, Uint8Array>

/** A file in memory, which gives its bytes in parts that the next one spoils. */
class MemoryFile implements OpenedFile {
  readonly isProof = true
  readonly path: string
  readonly #bytes: Uint8Array

  constructor(path: string, bytes: Uint8Array) {
    this.path = path
    this.#bytes = bytes
  }

  get bytesLength(): number {
    return this.#bytes.length
  }

  get version(): string {
    return sha256Hex(this.#bytes)
  }

  isEmpty(): Promise<boolean> {
    return Promise.resolve(this.#bytes.length === 0)
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    const part = new Uint8Array(1000)
    for (let at = 0; at < this.#bytes.length; at += part.length) {
      const some = this.#bytes.subarray(at, at + part.length)
      part.set(some)
      yield part.subarray(0, some.length)
    }
  }

  digest(): Promise<string> {
    return Promise.resolve(this.version)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const opener =
  (files: Files) =>
  (path: string): Promise<OpenedFile> => {
    const file = new MemoryFile(path, files.get(path)!)
    return Promise.resolve(isPacked(path) ? new UnpackedFile(file) : file)
  }

const pool = new WorkerPool()

/** Each file by itself. */
function oneByOne(files: Files): ShapeSource {
  const open = opener(files)
  const told = async <T>(path: string, work: (file: OpenedFile) => Promise<T>): Promise<T> =>
    work(await open(path)).catch((error: unknown) => {
      throw asWaiting(path, error)
    })
  return {
    columns: (path, key) =>
      told(path, async (file) => {
        if (await file.isEmpty()) {
          if (tableFormat(path) === 'jsonl') return []
          throw fileWaits(path, 'is empty: it has no header')
        }
        return readColumns(file.bytes(), { format: tableFormat(path)!, where: path, key })
      }),
    uniqueness: (path, key) =>
      told(path, async (file) => {
        if (await file.isEmpty()) return 'unique'
        return keyUniqueness(file.bytes(), { format: tableFormat(path)!, where: path, key, pool })
      }),
  }
}

function asKind(files: Files): ShapeSource {
  const open = opener(files)
  const reader = new ShapeReader({
    pool,
    opened: async (path, work) => work(await open(path)),
    bytesOf: (file) => file.bytes(),
  })
  return {
    columns: async (path, key) => reader.columns(await open(path), key),
    uniqueness: (path, key) => reader.uniqueness(path, key),
  }
}

interface Told {
  readonly rows: readonly string[]
  readonly misfits: readonly Misfit[]
  readonly unfit: readonly unknown[]
  readonly fault: unknown
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

function* rowsOf({
  count,
  keys,
  keyEnds,
  values,
  valueEnds,
  contents,
  contentEnds,
}: PackedRows): Generator<string> {
  const part = (bytes: Uint8Array, ends: Uint32Array, i: number): string =>
    textOf(bytes.subarray(i === 0 ? 0 : ends[i - 1]!, ends[i]))
  for (let i = 0; i < count; i++) {
    const from = i === 0 ? 0 : (contentEnds?.[i - 1] ?? 0)
    const large = (contents ?? []).slice(from, contentEnds?.[i] ?? 0).map(textOf)
    yield [part(keys, keyEnds, i), part(values, valueEnds, i), ...large].join('|')
  }
}

async function told(
  table: FilesTable,
  read: (options: PackingOptions) => AsyncIterable<PackedRows>,
): Promise<Told> {
  const columns = table.columns.map(({ name, type }) => ({ name, type }))
  const schema = cellSchema(columns, { key: table.key, where: 't', previous: undefined })
  const [rows, misfits]: [string[], Misfit[]] = [[], []]
  const unfit = new UnfitRows('t')
  let fault: unknown = null
  const options = {
    shape: rowShape(schema),
    where: 't',
    pool,
    leafOptions: () => null,
    unfit,
    onMisfit: (misfit: Misfit) => misfits.push(misfit),
  }
  try {
    for await (const some of read(options)) rows.push(...rowsOf(some))
  } catch (error) {
    const { message, data } = error as { message: string; data: unknown }
    fault = { message, data }
  }
  return { rows, misfits, unfit: [...unfit.all.values()], fault }
}

async function checkFolder(files: Files, key: readonly string[] | undefined): Promise<FilesTable | null> {
  const names = [...files.keys()].sort()
  const hints = { declared: key === undefined ? undefined : { table: 't', key }, known: undefined }
  const shape = (source: ShapeSource) =>
    shapeOf('t', names, hints, source).catch((error: Error) => error.message)
  const table = await shape(asKind(files))
  expect(table).toEqual(await shape(oneByOne(files)))
  if (typeof table === 'string') return null
  const open = opener(files)
  const many = await told(table, async function* ({ ...options }) {
    for await (const slice of packedRows(table, open, options)) if ('rows' in slice) yield slice.rows
  })
  const single = await told(table, async function* ({ shape: rows, where, unfit, onMisfit }) {
    const packer = new CellPacker(rows, where)
    for await (const some of tableRows(table, open, onMisfit)) yield packer.pack(some, unfit)
  })
  expect(many).toEqual(single)
  return table
}

const words = [
  ['', '1', '2', '-7', '1.50', '007', 'x', 'n/a', 'true', 'TRUE', 'false', '2024-02-29', '2024-13-41'],
  ['a b', 'é', 'q"q', 'a;b', 'a,b', 'a\tb', 'a|b', 'two\nlines', '{"a":1}', '1e5', 'y'.repeat(300)],
]
const word = fc.constantFrom(...words.flat())
const rare = fc.constantFrom(
  'ragged',
  'blank',
  'open quote',
  'not utf-8',
  'no key',
  'long key',
  'large cell',
  'cr',
  'other ends',
)
const style = fc.record({
  delimiter: fc.constantFrom(',', ',', ',', ';', '\t', '|'),
  eol: fc.constantFrom('\n', '\n', '\n', '\r\n', '\r'),
  quotes: fc.constantFrom('needed', 'needed', 'all', 'all but header'),
  opening: fc.constantFrom('', '', '', '\u{feff}', 'sep='),
  ending: fc.constantFrom('whole', 'whole', 'none', 'blank lines'),
  columns: fc.constantFrom(4, 4, 4, 3, 2),
  form: fc.constantFrom('csv', 'csv', 'csv', 'csv.gz', 'tsv', 'jsonl'),
})
const file = fc.record({
  ids: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }),
  words: fc.array(word, { minLength: 3, maxLength: 9 }),
  style: fc.option(style, { freq: 3 }),
  rare: fc.option(rare, { freq: 12 }),
})
type Made = typeof file extends fc.Arbitrary<infer T> ? T : never
type Style = typeof style extends fc.Arbitrary<infer T> ? T : never
const names = ['id', 'n', 'words', 'when']

function bytesOf({ ids, words, rare: fault }: Made, how: Style): Uint8Array {
  const columns = names.slice(0, how.columns)
  const rows = ids.map((id, i) => [
    String(id),
    words[i % words.length]!,
    words[(i + 1) % words.length]!,
    words[(i + 2) % words.length]!,
  ])
  if (fault === 'no key') rows.push(['', 'x', 'x', 'x'])
  if (fault === 'long key') rows.push(['k'.repeat(1100), 'x', 'x', 'x'])
  if (fault === 'large cell') rows.push(['1', 'x', 'v'.repeat(2000), 'x'])
  let text = how.form === 'jsonl' ? jsonl(columns, rows) : delimited(columns, rows, how)
  if (fault === 'ragged') text += `1${how.delimiter}2${how.eol}`
  if (fault === 'blank') text += `${how.eol}${how.eol}1${how.delimiter}2${how.eol}`
  if (fault === 'open quote') text += `1${how.delimiter}"x`
  if (fault === 'other ends') text = text.replace(/(?<!^[^\n]*)\r?\n/g, '\r')
  if (fault === 'cr') text += `1\r`
  const bytes = fault === 'not utf-8' ? Buffer.from(`${text}1,\xff\n`, 'latin1') : utf8(text)
  return how.form.endsWith('gz') ? gzipSync(bytes) : bytes
}

function jsonl(columns: readonly string[], rows: readonly string[][]): string {
  const members = (row: readonly string[]) =>
    columns.flatMap((name, i) => (row[i] === '' ? [] : [[name, i === 0 ? Number(row[i]) || row[i] : row[i]]]))
  return rows.map((row) => `${JSON.stringify(Object.fromEntries(members(row)))}\n`).join('')
}

function delimited(columns: readonly string[], rows: readonly string[][], how: Style): string {
  const delimiter = how.form === 'tsv' ? '\t' : how.delimiter
  const cell = (text: string, always: boolean): string =>
    always || /["\r\n,;\t|]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const line = (cells: readonly string[], always: boolean): string =>
    cells.map((one) => cell(one, always)).join(delimiter)
  const lines = [
    line(columns, how.quotes === 'all'),
    ...rows.map((row) => line(row.slice(0, columns.length), how.quotes !== 'needed')),
  ]
  const opening = how.opening === 'sep=' ? `sep=${delimiter}${how.eol}` : how.opening
  const ending = { whole: how.eol, none: '', 'blank lines': how.eol.repeat(3) }[how.ending]
  return `${opening}${lines.join(how.eol)}${ending}`
}

test('random folders of small files are read as file by file', async () => {
  const folder = fc.record({
    common: style,
    files: fc.array(file, { minLength: 2, maxLength: 9 }),
    key: fc.constantFrom(undefined, ['id'], ['id'], ['id', 'n'], ['n']),
  })
  let read = 0
  const law = fc.asyncProperty(folder, async ({ common, files, key }) => {
    const all = files.map((one, i): [string, Uint8Array] => {
      const how = one.style ?? common
      return [`t/${String(i).padStart(2, '0')}.${how.form}`, bytesOf(one, how)]
    })
    if ((await checkFolder(new Map(all), key)) !== null) read++
  })
  await fc.assert(law, { numRuns: 300, endOnFailure: true })
  expect(read).toBeGreaterThan(40)
})

test('files that begin alike are given as one slice, a row of which counts where the last file has it', async () => {
  const files = new Map(
    [1, 2, 3, 4, 5].map((i) => [`t/${i}.csv`, utf8(`"id","n"\r\n${i},"${i},5"\r\n0,of ${i}`)] as const),
  )
  const table = await shapeOf(
    't',
    [...files.keys()],
    { declared: undefined, known: undefined },
    asKind(files),
  )
  const slices: number[] = []
  const { rows } = await told(table, async function* (options) {
    for await (const slice of packedRows(table, opener(files), options))
      if ('rows' in slice) {
        slices.push(slice.rows.count)
        yield slice.rows
      }
  })
  expect(slices).toEqual([6])
  expect(rows.filter((row) => row.includes('of'))).toEqual([expect.stringContaining('of 5')])
})
