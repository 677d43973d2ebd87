// The compare-and-set that everything stands on: create an object if it is not there, and know for sure who did. Ours has
// our bytes, and our mark where the store keeps marks.
import { equalBytes } from '../../base/bytes.ts'
import type { S3Client } from './client.ts'
import { putOnCondition, writerMark } from './conditional-put.ts'
import { download } from './download.ts'

/** False when it was there already. @throws VARVE_REFUSED when the store does not know the condition */
export function createExclusively(
  client: S3Client,
  key: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
  halfway?: () => Promise<void>,
): Promise<boolean> {
  const whole = { offset: 0, length: null, bytesMax: Math.max(1 << 20, bytes.length) }
  const isOurs = async (writer: string): Promise<boolean | null> => {
    const found = await download(client, key, whole, signal)
    if (found === null) return null
    return (found.headers[writerMark] ?? writer) === writer && equalBytes(found.bytes, bytes)
  }
  const condition = (): Record<string, string> => ({ 'if-none-match': '*' })
  return putOnCondition(client, { key, bytes, halfway, condition, refusals: [412], isOurs }, signal)
}
