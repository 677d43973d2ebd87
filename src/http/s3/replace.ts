// Replaces an object if it still is what its tag says, and knows for sure whether it did. HTTP writes a tag in quotes,
// and so does S3; Ceph knows it only without when something is put, and then refuses the true one as well, which a look
// at the object tells.
import type { S3Client } from './client.ts'
import { putOnCondition, writerMark } from './conditional-put.ts'

/** Stores that were seen to know tags without quotes alone. */
const bare = new WeakSet<S3Client>()

/** False when it is another one, or gone. @throws VARVE_REFUSED when the store does not know the condition */
export function replaceExactly(
  client: S3Client,
  key: string,
  bytes: Uint8Array,
  tag: string,
  signal?: AbortSignal,
  halfway?: () => Promise<void>,
): Promise<boolean> {
  let isBare = false
  const condition = (): Record<string, string> => {
    isBare = bare.has(client)
    return { 'if-match': isBare ? tag.replaceAll('"', '') : tag }
  }
  const mayBeSpelling = async (status: number): Promise<boolean> => {
    if (status !== 412 || isBare || (await headObject(client, key, signal))?.tag !== tag) return false
    bare.add(client)
    return true
  }
  const isOurs = async (writer: string): Promise<boolean | null> => {
    const found = await headObject(client, key, signal)
    if (found?.writer === writer) return true
    return found?.tag === tag ? null : false
  }
  const put = { key, bytes, halfway, condition, refusals: [404, 412], mayBeSpelling, isOurs }
  return putOnCondition(client, put, signal)
}

export interface ObjectHead {
  readonly tag: string
  readonly bytes: number
  /** Mark of who wrote it, where we did. */
  readonly writer: string | null
}

/** The head of an object; null when there is no such object. */
export async function headObject(
  client: S3Client,
  key: string,
  signal?: AbortSignal,
): Promise<ObjectHead | null> {
  const { status, headers } = await client.send({ method: 'HEAD', key, expected: [404], signal })
  if (status === 404) return null
  return {
    tag: headers['etag'] ?? '',
    bytes: Number(headers['content-length']),
    writer: headers[writerMark] ?? null,
  }
}
