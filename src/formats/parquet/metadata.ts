// The footer of a Parquet file: its schema as a tree, its row groups, its column chunks, each checked against the
// file's size and the schema before anything is read by them. The library parses the Thrift; what it says is believed
// no further than these checks go.
import { type ColumnMetaData, type FileMetaData, parquetMetadata } from 'hyparquet'
import { columnsMax } from '../../table/schema.ts'
import { toDamageError, damaged, unsupported } from '../columnar/faults.ts'
import type { ByteSource } from '../interface.ts'
import { type ParquetNode, leavesOf, schemaTree } from './schema.ts'

const magic = 0x31524150
const encryptedMagic = 0x45524150
const footerBytesMax = 64 << 20
const rowsMax = 2 ** 40

export interface Chunk {
  readonly meta: ColumnMetaData
  readonly start: number
  readonly end: number
  readonly valueCount: number
}

export interface RowGroup {
  readonly rowCount: number
  /** One for each leaf of the schema, in its order. */
  readonly chunks: readonly Chunk[]
}

export interface ParquetFile {
  readonly file: ByteSource
  readonly where: string
  readonly root: ParquetNode
  readonly groups: readonly RowGroup[]
  readonly rowCount: number
  readonly pairs: ReadonlyMap<string, string>
}

/** @throws VarveError VARVE_CORRUPT, VARVE_UNSUPPORTED_FORMAT */
export async function readFooter(file: ByteSource, where: string): Promise<ParquetFile> {
  if (file.size < 12) throw damaged(where, 'it is too short for a Parquet file')
  const [head, tail] = [viewOf(await file.read(0, 4)), viewOf(await file.read(file.size - 8, 8))]
  if (tail.getUint32(4, true) === encryptedMagic || head.getUint32(0, true) === encryptedMagic)
    throw unsupported(where, 'encrypted Parquet files are not read')
  if (head.getUint32(0, true) !== magic || tail.getUint32(4, true) !== magic)
    throw damaged(where, "a Parquet file begins and ends with 'PAR1', and this does not")
  const length = tail.getUint32(0, true)
  if (length > file.size - 12 || length > footerBytesMax)
    throw damaged(where, `its footer cannot have ${length} bytes`)
  const bytes = (await file.read(file.size - 8 - length, length + 8)).slice()
  try {
    return checkedFile(parquetMetadata(bytes, { geoparquet: false }), file, where, file.size - 8 - length)
  } catch (error) {
    throw toDamageError(where, error)
  }
}

function checkedFile(meta: FileMetaData, file: ByteSource, where: string, dataEnd: number): ParquetFile {
  const root = schemaTree(meta.schema, where)
  const leaves = leavesOf(root)
  if (root.children.length > columnsMax)
    throw unsupported(where, `it has more than ${columnsMax} columns`, { reason: 'too-many-columns' })
  const groups = meta.row_groups.map((group): RowGroup => {
    const rowCount = countOf(group.num_rows, where)
    if (group.columns.length !== leaves.length) throw damaged(where, 'a row group lacks a column')
    const chunks = group.columns.map(({ meta_data: column, file_path: path }, i) => {
      if (path !== undefined && path !== null) throw unsupported(where, 'its columns are in other files')
      if (column === undefined) throw unsupported(where, 'encrypted columns are not read')
      const leaf = leaves[i]!
      const isSame =
        column.path_in_schema.join('\0') === leaf.path.join('\0') && column.type === leaf.element.type
      if (!isSame) throw damaged(where, 'a row group has other columns than the schema')
      const chunk = chunkOf(column, where, dataEnd)
      const fits = leaf.rep === 0 ? chunk.valueCount === rowCount : chunk.valueCount >= rowCount
      if (!fits)
        throw damaged(where, `column '${leaf.path.join('.')}' has not as many values as there are rows`)
      return chunk
    })
    return { rowCount, chunks }
  })
  const rowCount = groups.reduce((sum, group) => sum + group.rowCount, 0)
  if (rowCount !== countOf(meta.num_rows, where))
    throw damaged(where, 'its row groups have not as many rows as it says')
  const pairs = new Map<string, string>()
  for (const { key, value } of meta.key_value_metadata ?? []) if (value !== undefined) pairs.set(key, value)
  return { file, where, root, groups, rowCount, pairs }
}

function chunkOf(meta: ColumnMetaData, where: string, dataEnd: number): Chunk {
  const dictionary = Number(meta.dictionary_page_offset ?? 0)
  const data = Number(meta.data_page_offset)
  const start = dictionary > 0 && dictionary < data ? dictionary : data
  const end = start + Number(meta.total_compressed_size)
  if (!(start >= 4 && end >= start && end <= dataEnd)) throw damaged(where, 'a column is outside of the file')
  return { meta, start, end, valueCount: countOf(meta.num_values, where) }
}

function countOf(value: bigint, where: string): number {
  const count = Number(value)
  if (!Number.isSafeInteger(count) || count < 0 || count > rowsMax)
    throw damaged(where, 'it gives an impossible count')
  return count
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
