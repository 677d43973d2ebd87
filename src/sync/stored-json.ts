// What a link keeps as JSON in the store: in one object, or, where it is longer than an object may be (a receipt with
// hundreds of thousands of rows that are held back), as a file of these bytes is kept.
import { concatBytes, utf8, utf8Text } from '../base/bytes.ts'
import { collect } from '../base/iterables.ts'
import { type Cid, codecOf } from '../encoding/cid.ts'
import { writeBytes } from '../files/content.ts'
import { readFile } from '../files/read.ts'
import { ProllyList } from '../prolly/list.ts'
import { NodeStore } from '../prolly/node-store.ts'
import { objectBytesMax, type ObjectReader, type ObjectSink } from '../store/interface.ts'

export function writeJson(writer: ObjectSink, json: string): Cid {
  const bytes = utf8(json)
  return bytes.length <= objectBytesMax ? writer.put('raw', bytes) : writeBytes(writer, bytes).content
}

export async function readJson(reader: ObjectReader, object: Cid): Promise<unknown> {
  return JSON.parse(utf8Text(await readWhole(reader, object))) as unknown
}

async function readWhole(reader: ObjectReader, object: Cid): Promise<Uint8Array> {
  if (codecOf(object) === 'raw') return (await reader.get([object]))[0]!
  const nodes = new NodeStore(reader)
  const { measure: size } = await ProllyList.load(nodes, object)
  return concatBytes(await collect(readFile(nodes, { size, content: object })))
}
