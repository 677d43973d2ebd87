// Lists a bucket in its own order, which is that of the keys' bytes; a page at a time, names without the prefix. Keys
// come encoded, since XML cannot hold every character, and decoded they must be below what was asked for.
import { corrupt } from '../../base/errors.ts'
import type { S3Client } from './client.ts'
import { faultOf } from './refusals.ts'
import { type XmlElement, childText, childrenOf, parseXml } from './xml.ts'

/** 1000 keys of 1024 bytes, each byte encoded as three, and what stands around them. */
const pageBytesMax = 8 << 20

export interface ListedBlob {
  readonly name: string
  readonly bytes: number
  /** By the store's own clock. NaN where it does not say when. */
  readonly ageMs: number
  /** '"…"', as the store writes it. */
  readonly tag: string
}

export interface Page {
  readonly blobs: readonly ListedBlob[]
  /** There are more behind the last one. */
  readonly hasMore: boolean
}

/** Up to a thousand whose names begin with `prefix` and come after `after`. */
export async function listPage(
  client: S3Client,
  prefix: string,
  after: string | null,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const base = client.address.prefix
  const answer = await client.send({
    method: 'GET',
    key: '',
    query: {
      'list-type': '2',
      'encoding-type': 'url',
      prefix: base + prefix,
      ...(after === null ? {} : { 'start-after': base + after }),
    },
    bytesMax: pageBytesMax,
    expected: [404],
    signal,
  })
  if (answer.status === 404) throw await client.refusal({ ...faultOf(answer), code: 'NoSuchBucket' })
  const root = parseXml(answer.body)
  if (root.name !== 'ListBucketResult')
    throw corrupt(`'${client.location}' answers a listing with '${root.name}'`)
  const isEncoded = childText(root, 'EncodingType') === 'url'
  const nowMs = storeTimeMs(answer.headers)
  const blobs: ListedBlob[] = []
  for (const entry of childrenOf(root, 'Contents')) {
    const key = keyOf(entry, isEncoded)
    if (!key.startsWith(base + prefix)) continue
    blobs.push({
      name: key.slice(base.length),
      bytes: Number(childText(entry, 'Size') ?? Number.NaN),
      ageMs: nowMs - Date.parse(childText(entry, 'LastModified') ?? ''),
      tag: childText(entry, 'ETag') ?? '',
    })
  }
  const hasMore = childText(root, 'IsTruncated') === 'true'
  const last = blobs.at(-1)?.name
  if (hasMore && (last === undefined || (after !== null && last <= after)))
    throw corrupt(`'${client.location}' lists the same names without end`)
  return { blobs, hasMore }
}

/** When the response was made, by the store's clock, which the files' times follow too: ours may be days off. */
export function storeTimeMs(headers: Readonly<Record<string, string>>): number {
  const told = Date.parse(headers['date'] ?? '')
  return Number.isNaN(told) ? Date.now() : told
}

function keyOf(entry: XmlElement, isEncoded: boolean): string {
  const text = childText(entry, 'Key') ?? ''
  if (!isEncoded) return text
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'))
  } catch (cause) {
    throw corrupt('the S3 store lists a name that is not text', {}, cause)
  }
}
