// A changed row as JSON, as every sink that carries messages sends it. Numbers that a double would round are text with
// all their digits, bytes are base64; see table/json.ts.
import { toJson } from '../table/json.ts'
import type { Batch, RowMessage } from './sink.ts'

export function messageJson(batch: Batch, message: RowMessage): string {
  const { id, table, kind, key, before, after } = message
  const { link, commit, committedMs } = batch
  return toJson({
    id,
    link,
    table,
    kind,
    key,
    before,
    after,
    commit,
    time: new Date(committedMs).toISOString(),
  })
}
