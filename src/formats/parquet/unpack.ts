// Decompression of pages by the codecs that Parquet knows, each into exactly the room that the page claims.
import type { CompressionCodec } from 'hyparquet'
import { compressors, decompressZstd } from 'hyparquet-compressors'
import { emptyBytes } from '../../base/bytes.ts'
import { unsupported } from '../columnar/faults.ts'
import type { Unpack } from './page.ts'

export function unpackerOf(codec: CompressionCodec, where: string): Unpack {
  if (codec === 'UNCOMPRESSED') return (bytes) => bytes
  // Into room of the claimed size: without, a frame could claim any size for itself.
  const unpack: Unpack | undefined =
    codec === 'ZSTD' ? (bytes, length) => decompressZstd(bytes, new Uint8Array(length)) : compressors[codec]
  if (unpack === undefined) throw unsupported(where, `pages compressed with ${codec} are not read`)
  return (bytes, length) => (length === 0 ? emptyBytes : owned(unpack(bytes, length)))
}

/** The bytes in memory of their own, since values are views of the page. */
function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}
