// Pictures: only what browsers decode without running anything (SVG is shown as the text it is), told by their first bytes,
// never by their name.
import { HttpError } from '../answers.ts'
import type { Exchange } from '../interface.ts'
import { sendStream } from '../answers.ts'
import { entryOf } from '../routes/tree-routes.ts'

export const pictureBytesMax: number = 20 << 20

/** What the first bytes are, as letters of Latin-1; '?' is any byte. */
const kinds: readonly (readonly [string, string])[] = [
  ['image/png', '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', '\xff\xd8\xff'],
  ['image/gif', 'GIF87a'],
  ['image/gif', 'GIF89a'],
  ['image/webp', 'RIFF????WEBP'],
  ['image/avif', '????ftypavif'],
]

/** The media type by the first 16 bytes; null for anything that is not a picture. */
export function pictureType(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  const fits = (pattern: string): boolean =>
    head.length >= pattern.length &&
    pattern.split('').every((letter, i) => letter === '?' || letter === head[i])
  return kinds.find(([, pattern]) => fits(pattern))?.[0] ?? null
}

export async function sendPicture({ query, repository, response, signal }: Exchange): Promise<void> {
  const snapshot = await repository().data.at(query.text('revision') ?? 'HEAD')
  const path = query.required('path')
  const entry = await entryOf(snapshot, path)
  const isFit = entry.kind === 'file' && entry.size <= pictureBytesMax
  const head = isFit ? await collected(snapshot.read(path, { end: 16, signal })) : Buffer.alloc(0)
  const type = pictureType(head)
  if (type === null) throw new HttpError(404, 'VARVE_PATH_NOT_FOUND', 'there is no picture here')
  response.writeHead(200, {
    'content-type': type,
    'content-length': entry.size,
    'content-disposition': 'attachment',
    'cache-control': 'private, no-store',
  })
  await sendStream(response, snapshot.read(path, { signal }), signal)
}

export async function collected(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const part of parts) all.push(Buffer.from(part))
  return Buffer.concat(all)
}
