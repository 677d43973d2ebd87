// Multipart uploads that nobody went on with: their parts are paid for and seen by nobody. A gc lists those below the
// remote's prefix and gives up the ones begun a week ago or earlier. Whoever does go on with one that is gone begins it
// anew (upload.ts), so nothing but sending is lost.
import type { S3Client } from '../../../http/s3/client.ts'
import { childText, childrenOf, parseXml } from '../../../http/s3/xml.ts'

const staleMs = 7 * 24 * 3_600_000
const pageBytesMax = 8 << 20
/** A thousand uploads each. */
const pagesMax = 100
/** Not allowed, or not known to the store: then its own rules must do. */
const unable = [403, 404, 405, 501]

interface Marker {
  readonly key: string
  readonly id: string
}

/** Gives up uploads that nobody continues; returns how many there were. */
export async function abortStaleUploads(client: S3Client, signal: AbortSignal | undefined): Promise<number> {
  const stale: Marker[] = []
  let after: Marker | null = null
  for (let page = 0; page < pagesMax; page++) {
    const answer = await client.send({
      method: 'GET',
      key: '',
      query: {
        uploads: '',
        prefix: client.address.prefix,
        ...(after === null ? {} : { 'key-marker': after.key, 'upload-id-marker': after.id }),
      },
      bytesMax: pageBytesMax,
      expected: unable,
      signal,
    })
    if (unable.includes(answer.status)) return 0
    const root = parseXml(answer.body)
    // One that knows only listings of objects.
    if (root.name !== 'ListMultipartUploadsResult') return 0
    for (const upload of childrenOf(root, 'Upload')) {
      const [key, id] = [childText(upload, 'Key') ?? '', childText(upload, 'UploadId') ?? '']
      const ageMs = Date.now() - Date.parse(childText(upload, 'Initiated') ?? '')
      // Below the prefix others may keep things of theirs too.
      if (isOurs(key, client.address.prefix) && id !== '' && ageMs >= staleMs) stale.push({ key, id })
    }
    if (childText(root, 'IsTruncated') !== 'true') break
    after = { key: childText(root, 'NextKeyMarker') ?? '', id: childText(root, 'NextUploadIdMarker') ?? '' }
  }
  for (const { key, id } of stale)
    await client.send({ method: 'DELETE', key, query: { uploadId: id }, expected: [404], signal })
  return stale.length
}

function isOurs(key: string, prefix: string): boolean {
  return key.startsWith(prefix) && /^(packs|idx)\/[0-9a-f/]+\.(pack|idx)$/.test(key.slice(prefix.length))
}
