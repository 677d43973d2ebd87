// What a cell out of line holds: one raw object, or beyond the largest object what a file of these bytes is, a list of
// chunks. So the link's codec and the length in the row say the same, and either is checked by the other.
import { concatBytes } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import { type Cid, cidOf, codecOf } from '../encoding/cid.ts'
import { writeBytes } from '../files/content.ts'
import { readFile } from '../files/read.ts'
import { ProllyList } from '../prolly/list.ts'
import { NodeStore } from '../prolly/node-store.ts'
import { objectBytesMax, type ObjectReader, type ObjectSink, type ReadOptions } from '../store/interface.ts'
import { cellBytesMax } from './row.ts'

/** Stores a cell's content. It is synchronous, because the rows that link to it are packed so. */
export function putContent(writer: ObjectSink, bytes: Uint8Array): Cid {
  return bytes.length <= objectBytesMax ? writer.put('raw', bytes) : writeBytes(writer, bytes).content
}

/** The name that `putContent` would give, without storing anything. */
export function contentCid(bytes: Uint8Array): Cid {
  return putContent({ put: cidOf }, bytes)
}

/**
 * Contents in the order asked for, in one read but for those in chunks. Views, not to be changed.
 * @throws VarveError VARVE_OBJECT_MISSING, VARVE_CORRUPT
 */
export async function readContents(
  reader: ObjectReader,
  links: readonly Cid[],
  options: ReadOptions = {},
): Promise<Uint8Array[]> {
  if (links.length === 0) return []
  const whole = links.filter((cid) => codecOf(cid) === 'raw')
  const objects = whole.length === 0 ? [] : await reader.get(whole, options)
  if (whole.length === links.length) return objects
  const contents: Uint8Array[] = []
  for (const cid of links) {
    contents.push(codecOf(cid) === 'raw' ? objects.shift()! : await readChunked(reader, cid, options))
  }
  return contents
}

async function readChunked(reader: ObjectReader, content: Cid, options: ReadOptions): Promise<Uint8Array> {
  const nodes = new NodeStore(reader)
  const { measure: size } = await ProllyList.load(nodes, content, options)
  if (size <= objectBytesMax || size > cellBytesMax) {
    throw corrupt(`cell out of line has ${size} bytes in chunks`)
  }
  const pieces: Uint8Array[] = []
  for await (const piece of readFile(nodes, { size, content }, options)) pieces.push(piece)
  return concatBytes(pieces)
}
