// Finds the links (tag 42) in any dag-cbor object without building its values: gc, push and fetch walk objects of
// every kind this way and need no schema. CBOR major types: RFC 8949, section 3.
import { corrupt } from '../base/errors.ts'
import { ByteReader } from './varint.ts'
import { type Cid, cidBytesLength, cidFromBytes, codecOf } from './cid.ts'

const depthMax = 64

/** Links in the order in which they stand in the object; raw objects have none. */
export function linksOf(cid: Cid, bytes: Uint8Array): Cid[] {
  if (codecOf(cid) === 'raw') return []
  const links: Cid[] = []
  const reader = new ByteReader(bytes)
  readItem(reader, links, 0)
  if (!reader.done) throw corrupt(`object ${cid} has bytes behind its end`)
  return links
}

function readItem(reader: ByteReader, links: Cid[], depth: number): void {
  if (depth > depthMax) throw corrupt('object is nested too deeply')
  const head = reader.byte()
  const major = head >> 5
  const argument = readArgument(reader, head & 31)
  if (major === 2 || major === 3) {
    reader.take(argument)
  } else if (major === 4 || major === 5) {
    const items = major === 4 ? argument : argument * 2
    if (items > reader.end - reader.at) throw corrupt('object claims more items than it has bytes')
    for (let i = 0; i < items; i++) readItem(reader, links, depth + 1)
  } else if (major === 6) {
    readLink(reader, argument, links)
  }
}

function readLink(reader: ByteReader, tag: number, links: Cid[]): void {
  const head = reader.byte()
  if (tag !== 42 || head !== 0x58 || reader.byte() !== cidBytesLength + 1 || reader.byte() !== 0) {
    throw corrupt('object has a tag that is not a link of ours')
  }
  links.push(cidFromBytes(reader.take(cidBytesLength)))
}

function readArgument(reader: ByteReader, info: number): number {
  if (info < 24) return info
  if (info > 27) throw corrupt('object is not dag-cbor')
  let value = 0
  for (let i = 0; i < 1 << (info - 24); i++) value = value * 256 + reader.byte()
  return value
}
