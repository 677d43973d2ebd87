// A receipt as the store keeps it: its JSON in one object, or, where hundreds of thousands of rows are held back and it
// is longer than an object may be, as a file of these bytes is kept.
import { concatBytes, utf8, utf8Text } from '../../base/bytes.ts'
import { collect } from '../../base/iterables.ts'
import { type Cid, codecOf } from '../../encoding/cid.ts'
import { writeBytes } from '../../files/content.ts'
import { readFile } from '../../files/read.ts'
import { ProllyList } from '../../prolly/list.ts'
import { NodeStore } from '../../prolly/node-store.ts'
import { objectBytesMax, type ObjectReader, type ObjectSink } from '../../store/interface.ts'
import type { Receipt } from '../interface.ts'

export function writeReceipt(writer: ObjectSink, receipt: Receipt): Cid {
  const bytes = utf8(JSON.stringify(receipt))
  return bytes.length <= objectBytesMax ? writer.put('raw', bytes) : writeBytes(writer, bytes).content
}

export async function readReceipt(reader: ObjectReader, object: Cid): Promise<Receipt> {
  return JSON.parse(utf8Text(await readWhole(reader, object))) as Receipt
}

async function readWhole(reader: ObjectReader, object: Cid): Promise<Uint8Array> {
  if (codecOf(object) === 'raw') return (await reader.get([object]))[0]!
  const nodes = new NodeStore(reader)
  const { measure: size } = await ProllyList.load(nodes, object)
  return concatBytes(await collect(readFile(nodes, { size, content: object })))
}
