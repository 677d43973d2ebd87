// Changed rows as records of a topic. The key names table and row, so that all changes of one row lie in one partition, in
// their order, and a compacted topic keeps the last of each. The record's time is that of the sending: a topic that keeps
// records for a week would drop those of an old commit at once.
import type { MessageToProduce } from '@platformatic/kafka'
import { utf8 } from '../../base/bytes.ts'
import { toJson } from '../../table/json.ts'
import { messageJson } from '../message-json.ts'
import type { Batch, RowMessage } from '../sink.ts'
import { refuseTooLong } from '../too-long.ts'
import type { KafkaAddress } from './address.ts'

/** Bytes of a batch, and of each record, beside the records' own bytes; both are generous. */
const batchHeadBytes = 128
const recordHeadBytes = 32

export type KafkaRecord = MessageToProduce

export interface SizedRecord {
  readonly record: KafkaRecord
  readonly row: RowMessage
  readonly bytes: number
}

/** @throws VarveError VARVE_REFUSED for a row that no batch has room for */
export function recordsOf(address: KafkaAddress, batch: Batch, batchBytesMax: number): SizedRecord[] {
  return batch.messages.flatMap((row) => {
    const key = Buffer.from(utf8(toJson({ table: row.table, key: row.key })))
    const told = sized(address, row, key, Buffer.from(utf8(messageJson(batch, row))))
    refuseTooLong(address.location, row, told.bytes + batchHeadBytes, batchBytesMax)
    return row.kind === 'delete' && address.hasTombstones ? [told, sized(address, row, key, null)] : [told]
  })
}

/** In their order, each part no more than one batch has room for. */
export function* parts(records: readonly SizedRecord[], batchBytesMax: number): Generator<SizedRecord[]> {
  let part: SizedRecord[] = []
  let bytes = batchHeadBytes
  for (const one of records) {
    if (part.length > 0 && bytes + one.bytes > batchBytesMax) {
      yield part
      part = []
      bytes = batchHeadBytes
    }
    part.push(one)
    bytes += one.bytes
  }
  if (part.length > 0) yield part
}

/** Without a value it is a tombstone, after which a compacted topic forgets the key. */
function sized({ topic }: KafkaAddress, row: RowMessage, key: Buffer, value: Buffer | null): SizedRecord {
  const headers = new Map(
    Object.entries({ id: row.id, table: row.table, kind: row.kind, 'content-type': 'application/json' }).map(
      ([name, text]) => [Buffer.from(name), Buffer.from(utf8(text))],
    ),
  )
  let bytes = recordHeadBytes + key.length + (value?.length ?? 0)
  for (const [name, text] of headers) bytes += name.length + text.length + 8
  return { record: { topic, key, headers, ...(value === null ? {} : { value }) }, row, bytes }
}
