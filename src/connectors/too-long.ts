// A message that a receiver has no room for is refused before anything of its batch is sent, and its row is named.
import { toJson } from '../table/json.ts'
import { RowsRefused } from './rows-refused.ts'
import type { RowMessage } from './sink.ts'

export function refuseTooLong(where: string, message: RowMessage, bytes: number, bytesMax: number): void {
  if (bytes <= bytesMax) return
  const { id, table, key } = message
  throw new RowsRefused(
    `row ${toJson(key)} of '${table}' is a message of ${bytes} bytes, and '${where}' takes ${bytesMax}`,
    {
      ids: new Set([id]),
      data: { endpoint: where, table, key: toJson(key), bytes, bytesMax },
      hint: 'let the server take longer messages, or keep large values in a table that is not linked',
    },
  )
}
