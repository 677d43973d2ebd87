// What a cell out of line holds: one raw object, or beyond the largest object what a file of these bytes is, a list of
// chunks. So the link's codec and the length in the row say the same, and either is checked by the other.
import { corrupt } from '../base/errors.ts'
import { type Cid, cidOf, codecOf } from '../encoding/cid.ts'
import { writeBytes, writeFile } from '../files/content.ts'
import { readFile } from '../files/read.ts'
import { ProllyList } from '../prolly/list.ts'
import { NodeStore } from '../prolly/node-store.ts'
import {
  objectBytesMax,
  type ObjectReader,
  type ObjectSink,
  type ObjectWriter,
  type ReadOptions,
} from '../store/interface.ts'
import { cellBytesMax } from './row.ts'

/** So much is given to the writer before it is waited for. */
const pieceBytes = 1 << 20

/** Stores a cell's content at once: all of it is held by the writer. */
export function putContent(writer: ObjectSink, bytes: Uint8Array): Cid {
  return bytes.length <= objectBytesMax ? writer.put('raw', bytes) : writeBytes(writer, bytes).content
}

/** Stores the contents of cells as `putContent` does, and waits for the writer in between: it holds few of their chunks. */
export async function putContents(writer: ObjectWriter, contents: readonly Uint8Array[]): Promise<Cid[]> {
  const cids: Cid[] = []
  let bytes = 0
  for (const content of contents) {
    const isWhole = content.length <= objectBytesMax
    cids.push(isWhole ? writer.put('raw', content) : (await writeFile(writer, piecesOf(content))).content)
    bytes += content.length
    if (bytes < pieceBytes) continue
    await writer.drained()
    bytes = 0
  }
  return cids
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
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
  const whole = new Uint8Array(size)
  let at = 0
  for await (const piece of readFile(nodes, { size, content }, options)) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
