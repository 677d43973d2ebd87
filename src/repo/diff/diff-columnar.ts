// Two versions of a Parquet or SQLite file by rows, where a key is known: SQLite's primary key, the key that varve.yaml
// or the file itself names, or one that is inferred. Each table of the file is a section of its own. The rows are read
// into a writer that the caller throws away; what cannot be compared so is compared by size, and says why.
import { equalBytes, utf8 } from '../../base/bytes.ts'
import { isVarveError } from '../../base/errors.ts'
import { sha256Stream } from '../../base/platform.ts'
import type { Cid } from '../../encoding/cid.ts'
import { columnarFormatOf } from '../../dataset/columnar-name.ts'
import { type DatasetConfig, type FileSetting, configFileName } from '../../dataset/interface.ts'
import { storedConfig } from '../../dataset/stored-config.ts'
import type { FileEntry, Path } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import { Tree } from '../../files/tree.ts'
import { inferKey } from '../../formats/columnar/infer-key.ts'
import type { CellSource } from '../../formats/columnar/interface.ts'
import { type ColumnarFile, openColumnar } from '../../formats/columnar/open.ts'
import { readCells } from '../../formats/columnar/read-cells.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { TableObject } from '../../table/interface.ts'
import type { ChangedPath, DiffTreesOptions, PathDiff } from './diff.ts'
import type { Io } from '../interface.ts'
import { partsOfTables } from './table-parts.ts'

/** Larger files are compared by size: reading both versions would take minutes. */
const columnarBytesMax: number = 256 << 20

export type FileKeys = (path: Path) => FileSetting | null

type Options = Pick<DiffTreesOptions, 'signal' | 'rowsBytesMax'>

/** What the varve.yaml of a tree says of files that are no tables; nothing where it cannot be read. */
export async function fileKeys(nodes: NodeStore, tree: Cid, options: Options): Promise<FileKeys> {
  let config: DatasetConfig | null = null
  try {
    const entry = await (await Tree.load(nodes, tree)).get(configFileName)
    config = await storedConfig(nodes, entry, options)
  } catch (error) {
    if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
  }
  return (path) => config?.fileAt(path) ?? null
}

/** `whole` is the diff of the file by size. */
export async function* columnarDiffs(
  io: Io,
  change: ChangedPath,
  whole: PathDiff,
  keys: FileKeys,
  options: Options,
): AsyncGenerator<PathDiff> {
  const setting = keys(change.path)
  const format = setting?.format ?? columnarFormatOf(change.path)
  const [before, after] = [change.before as FileEntry, change.after as FileEntry]
  if (format === null || Math.min(before.size, after.size) === 0) return yield whole
  const bytesMax = Math.min(columnarBytesMax, options.rowsBytesMax ?? columnarBytesMax)
  if (Math.max(before.size, after.size) > bytesMax)
    return yield { ...whole, note: `files of more than ${bytesMax} bytes are not compared by rows` }
  const files: ColumnarFile[] = []
  try {
    for (const [entry, where] of [
      [before, change.from ?? change.path],
      [after, change.path],
    ] as const)
      files.push(await openColumnar(readFile(io.nodes, entry, options), { format, where, ...options }))
    const [a, b] = files as [ColumnarFile, ColumnarFile]
    let isNews = false
    for (const name of [...new Set([...a.names, ...b.names])].sort()) {
      const section = await sectionOf(io, { a, b, name, whole, declared: setting?.key ?? null }, options)
      if (section === null) continue
      isNews = true
      yield section
    }
    if (!isNews) yield { ...whole, note: 'no row differs' }
  } catch (error) {
    if (!isShown(error)) throw error
    yield { ...whole, note: error.message }
  } finally {
    for (const file of files) await file.close()
  }
}

interface Section {
  readonly a: ColumnarFile
  readonly b: ColumnarFile
  readonly name: string
  readonly whole: PathDiff
  readonly declared: readonly string[] | null
}

/** The diff of one table; null when it is the same in both versions. */
async function sectionOf(io: Io, section: Section, options: Options): Promise<PathDiff | null> {
  const { a, b, name, whole, declared } = section
  const [inA, inB] = [a.names.includes(name), b.names.includes(name)]
  const state = !inA ? 'added' : !inB ? 'deleted' : whole.state
  const titled = name === '' ? whole : { ...whole, state, table: name }
  try {
    const [before, after] = [inA ? a.table(name) : null, inB ? b.table(name) : null]
    const known = await keyOf(before, after, { declared, isNamed: name !== '' }, options)
    if (known === null) {
      const isSame = before !== null && after !== null && (await isAlike(before, after, options))
      if (isSame && name !== '') return null
      return { ...titled, note: 'not compared by rows: no key is known, and none is unique' }
    }
    const read = async (source: CellSource | null | undefined, previous?: TableObject) =>
      source
        ? readCells(source, {
            ...io,
            ...options,
            key: known.key,
            where: name || whole.path,
            previous: previous?.schema,
          })
        : null
    const old = await read(before)
    const fresh = await read(after, old ?? undefined)
    const isSame = old?.rows === fresh?.rows && JSON.stringify(old?.schema) === JSON.stringify(fresh?.schema)
    if (isSame && name !== '') return null
    const note = known.isInferred
      ? { note: `rows are told apart by ${known.key.join(', ')}, unique in both versions` }
      : {}
    return { ...titled, ...partsOfTables(io.nodes, old, fresh, options), ...note }
  } catch (error) {
    if (!isShown(error)) throw error
    return { ...titled, note: error.message }
  }
}

/** Whether two tables without a key have the same rows in the same order. */
async function isAlike(a: CellSource, b: CellSource, options: Options): Promise<boolean> {
  if (a.rowCount !== b.rowCount || JSON.stringify(a.columns) !== JSON.stringify(b.columns)) return false
  const [digestOfA, digestOfB] = [await digestOf(a, options), await digestOf(b, options)]
  return equalBytes(digestOfA, digestOfB)
}

async function digestOf(source: CellSource, options: Options): Promise<Uint8Array> {
  const hash = sha256Stream()
  for await (const rows of source.cells(options)) {
    const cells = rows.flat()
    hash.update(utf8(cells.map(({ kind, bytes }) => `${kind} ${bytes.length}`).join()))
    for (const { bytes } of cells) hash.update(bytes)
  }
  return hash.digest()
}

interface KnownKey {
  readonly key: readonly string[]
  readonly isInferred: boolean
}

async function keyOf(
  before: CellSource | null,
  after: CellSource | null,
  { declared, isNamed }: { declared: readonly string[] | null; isNamed: boolean },
  options: Options,
): Promise<KnownKey | null> {
  const sources = [before, after].filter((source) => source !== null)
  const has = (key: readonly string[]): boolean =>
    sources.every(({ columns }) => key.every((name) => columns.some((column) => column.name === name)))
  const own = sources.map(({ key }) => key)
  const isAgreed = own.every((key) => key !== null && key.join('\0') === own[0]?.join('\0'))
  const agreed = isAgreed ? own[0]! : null
  // A primary key is enforced by the database; what a Parquet file says of itself is a hint.
  for (const key of isNamed ? [agreed, declared] : [declared, agreed])
    if (key !== null && has(key)) return { key, isInferred: false }
  const key = await inferKey((before ?? after)!, (after ?? before)!, options)
  return key === null ? null : { key, isInferred: true }
}

/** Whether the error is about the file, and not about the repository. */
function isShown(error: unknown): error is Error {
  if (!isVarveError(error)) return false
  const isFile = error.data['path'] !== undefined || error.data['reason'] !== undefined
  return isFile && ['VARVE_CORRUPT', 'VARVE_UNSUPPORTED_FORMAT', 'VARVE_RULE_VIOLATED'].includes(error.code)
}
