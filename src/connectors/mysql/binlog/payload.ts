// A transaction that MySQL has compressed (binlog_transaction_compression): one event, in which all of its own events lie
// behind each other, packed with Zstandard. In front of them stand fields, each with its number, its length and its
// value; number 0 ends them. What is unpacked is held whole, so it is bounded, by what its event claims: a larger one is
// told as too long.
import { corrupt } from '../../../base/errors.ts'
import { ByteCursor } from './byte-cursor.ts'
import { type EventBytes, headerBytes } from './events.ts'

export const payloadType = 40

const unpackedBytesMax = 32 << 20
const fields = { end: 0, packedBytes: 1, compression: 2, unpackedBytes: 3 } as const
const compressions = { zstd: 0, none: 255 } as const
/** In an event's header: its type, its length, and where the next one begins. */
const [typeAt, lengthAt, endAt] = [4, 9, 13]

/**
 * The events in it, of which only the last one says where it ends: there the next transaction begins. The event itself,
 * as one that was cut, where it is too long or packed in another way.
 * @throws VarveError VARVE_CORRUPT
 */
export async function unpackPayload(event: EventBytes): Promise<EventBytes[]> {
  const { bytes } = event
  if (event.isCut) return [event]
  const cursor = new ByteCursor(bytes.subarray(headerBytes))
  const { compression, unpackedBytes } = readFields(cursor)
  const packed = cursor.rest()
  if (compression === compressions.none) return eventsOf(packed, bytes.readUInt32LE(endAt))
  if (compression !== compressions.zstd || unpackedBytes > unpackedBytesMax)
    return [{ bytes: bytes.subarray(0, headerBytes), isCut: true }]
  return eventsOf(await unzstd(packed, unpackedBytes), bytes.readUInt32LE(endAt))
}

function readFields(cursor: ByteCursor): { compression: number; unpackedBytes: number } {
  const found = new Map<number, number>()
  for (let field = cursor.packedLength(); field !== fields.end; field = cursor.packedLength()) {
    const value = new ByteCursor(cursor.take(cursor.packedLength()))
    found.set(field, value.packedLength())
  }
  return {
    compression: found.get(fields.compression) ?? compressions.none,
    unpackedBytes: found.get(fields.unpackedBytes) ?? 0,
  }
}

async function unzstd(packed: Buffer, length: number): Promise<Buffer> {
  const { decompressZstd } = await import('hyparquet-compressors')
  try {
    // Into room of the claimed size: without, a frame could claim any size for itself.
    const room = new Uint8Array(length)
    const bytes = decompressZstd(packed, room)
    if (bytes.length === length) return Buffer.from(bytes.buffer, bytes.byteOffset, length)
  } catch (cause) {
    throw corrupt(
      `a compressed transaction of the binary log cannot be unpacked: ${(cause as Error).message}`,
    )
  }
  throw corrupt('a compressed transaction of the binary log has another length than it says')
}

function eventsOf(all: Buffer, end: number): EventBytes[] {
  const events: EventBytes[] = []
  for (let at = 0; at < all.length;) {
    const length = at + headerBytes <= all.length ? all.readUInt32LE(at + lengthAt) : 0
    if (length < headerBytes || at + length > all.length)
      throw corrupt('an event in a compressed transaction of the binary log has a wrong length')
    const bytes = all.subarray(at, at + length)
    if (bytes[typeAt] === payloadType)
      throw corrupt('a compressed transaction of the binary log holds another one')
    bytes.writeUInt32LE(at + length === all.length ? end : 0, endAt)
    events.push({ bytes, isCut: false })
    at += length
  }
  if (events.length === 0) throw corrupt('a compressed transaction of the binary log is empty')
  return events
}
