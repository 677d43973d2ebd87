// A column chunk page by page: only the page at hand is in memory. Headers are read through a window that grows until
// one fits; what a header says is checked before a byte is unpacked.
import type { DecodedArray } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import type { PageHeader } from 'hyparquet/src/types.js'
import { unsupported } from '../columnar/faults.ts'
import { crc32 } from './crc32.ts'
import type { Chunk, ParquetFile } from './metadata.ts'
import { type Page, type Unpack, dictionaryOf, pageOfV1, pageOfV2 } from './page.ts'
import type { ParquetNode } from './schema.ts'
import { unpackerOf } from './unpack.ts'

const headerBytesFirst = 4096
const headerBytesMax = 16 << 20
const pageBytesMax = 512 << 20
const pageValuesMax = 1 << 25

export class ColumnPages {
  readonly #parquet: ParquetFile
  readonly #leaf: ParquetNode
  readonly #chunk: Chunk
  readonly #unpack: Unpack
  #at: number
  #valuesLeft: number
  #dictionary: DecodedArray | null = null

  constructor(parquet: ParquetFile, leaf: ParquetNode, chunk: Chunk) {
    this.#parquet = parquet
    this.#leaf = leaf
    this.#chunk = chunk
    this.#unpack = unpackerOf(chunk.meta.codec, parquet.where)
    this.#at = chunk.start
    this.#valuesLeft = chunk.valueCount
  }

  /** Null behind the last one. @throws RangeError and what the library throws for broken bytes */
  async next(): Promise<Page | null> {
    while (this.#valuesLeft > 0) {
      const { header, bytes } = await this.#read()
      if (header.type === 'DICTIONARY_PAGE') {
        if (this.#dictionary !== null) throw new RangeError('a column has two dictionaries')
        this.#dictionary = dictionaryOf(this.#leaf, header, this.#raw(header, bytes))
        continue
      }
      if (header.type === 'INDEX_PAGE') continue
      const page = this.#page(header, bytes)
      this.#valuesLeft -= page.count
      if (page.count > 0) return page
    }
    return null
  }

  #page(header: PageHeader, bytes: Uint8Array): Page {
    const count = (header.data_page_header ?? header.data_page_header_v2)?.num_values
    if (count === undefined || count < 0 || count > Math.min(this.#valuesLeft, pageValuesMax))
      throw new RangeError('a page has more values than its column')
    const known = { dictionary: this.#dictionary, unpack: this.#unpack }
    if (header.type === 'DATA_PAGE_V2' && header.data_page_header_v2 !== undefined)
      return pageOfV2(this.#leaf, header, bytes, known)
    if (header.type !== 'DATA_PAGE' || header.data_page_header === undefined)
      throw unsupported(this.#parquet.where, `pages of the type ${String(header.type)} are not read`)
    return pageOfV1(this.#leaf, header, this.#raw(header, bytes), known)
  }

  #raw(header: PageHeader, bytes: Uint8Array): Uint8Array {
    const raw = this.#unpack(bytes, header.uncompressed_page_size)
    if (raw.length !== header.uncompressed_page_size)
      throw new RangeError('a page has another length than it says')
    return raw
  }

  async #read(): Promise<{ header: PageHeader; bytes: Uint8Array }> {
    const { header, length } = await this.#header()
    const { compressed_page_size: packed, uncompressed_page_size: raw } = header
    const start = this.#at + length
    if (!(packed >= 0 && start + packed <= this.#chunk.end))
      throw new RangeError('a page is longer than its column')
    if (!(raw >= 0 && raw <= pageBytesMax)) throw new RangeError(`a page of ${raw} bytes is too large`)
    // A copy: values of it are views, and must not look into what lies beside it.
    const bytes = (await this.#parquet.file.read(start, packed)).slice()
    if (bytes.length !== packed) throw new RangeError('the file ends too early')
    if (header.crc !== undefined && crc32(bytes) !== header.crc >>> 0)
      throw new RangeError('a page does not fit its checksum')
    this.#at = start + packed
    return { header, bytes }
  }

  async #header(): Promise<{ header: PageHeader; length: number }> {
    for (let size = headerBytesFirst; ; size *= 4) {
      const end = Math.min(this.#chunk.end, this.#at + size)
      const bytes = await this.#parquet.file.read(this.#at, end - this.#at)
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
      try {
        const header = parquetHeader(reader)
        if (reader.offset <= bytes.length) return { header, length: reader.offset }
      } catch (error) {
        if (end === this.#chunk.end || size >= headerBytesMax) throw error
      }
      if (end === this.#chunk.end) throw new RangeError('a page header ends too early')
    }
  }
}
