// A message that a receiver has no room for is refused before anything of its batch is sent, and its row is named.
import { VarveError } from '../base/errors.ts'
import { toJson } from '../table/json.ts'
import type { RowMessage } from './sink.ts'

export function refuseTooLong(where: string, message: RowMessage, bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) throw tooLong(where, message, bytes, bytesMax)
}

/** `bytesMax` is null where the receiver does not say how much it takes. */
export function tooLong(
  where: string,
  { table, key }: RowMessage,
  bytes: number,
  bytesMax: number | null,
): VarveError {
  const limit = bytesMax === null ? 'less' : String(bytesMax)
  return new VarveError(
    'VARVE_REFUSED',
    `row ${toJson(key)} of '${table}' is a message of ${bytes} bytes, and '${where}' takes ${limit}`,
    {
      data: { endpoint: where, table, key: toJson(key), bytes, bytesMax },
      hint: 'let the server take longer messages, or keep large values in a table that is not linked',
    },
  )
}
